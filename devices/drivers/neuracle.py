"""`neuracle`: Neuracle's NeuSen W through its recorder's DataService."""

from __future__ import annotations

from pydantic import Field, model_validator

from devices.network.amplifier import NetworkAmplifier, NetworkSettings
from devices.network.unframed import NeuracleClient


class NeuracleSettings(NetworkSettings):
    """`channels`: as many as the recorder sends, without the trigger; it does not tell."""

    port: int = 8712
    channels: int = Field(ge=1, le=512)
    labels: tuple[str, ...] = ()  # else 1, 2, 3…
    rate_hz: float = Field(default=1000.0, gt=0, le=20_000)

    @model_validator(mode="after")
    def _labels_fit(self) -> NeuracleSettings:
        if self.labels and len(self.labels) != self.channels:
            raise ValueError(f"{len(self.labels)} labels for {self.channels} channels")
        return self


class Neuracle(NetworkAmplifier):
    """The DataService of Neuracle's recorder; a newer one that sends a header is refused."""

    Settings = NeuracleSettings
    summary = "Neuracle NeuSen W through its recorder's DataService"
    manufacturer = "Neuracle"
    remedy = "in the recorder switch on DataService, and compare its channels and rate"

    settings: NeuracleSettings

    def make_client(self) -> NeuracleClient:
        """Begin a conversation."""
        given = self.settings
        labels = given.labels or tuple(str(n) for n in range(1, given.channels + 1))
        return NeuracleClient(labels, given.rate_hz)
