"""`biosemi`: BioSemi amplifiers through ActiView's TCP server."""

from __future__ import annotations

from pydantic import Field, model_validator

from devices.network.amplifier import NetworkAmplifier, NetworkSettings
from devices.network.unframed import BiosemiClient


class BiosemiSettings(NetworkSettings):
    """`channels`: as many as ActiView's TCP tab sends, without the trigger; it does not tell."""

    port: int = 8888
    channels: int = Field(ge=1, le=512)
    labels: tuple[str, ...] = ()  # else 1, 2, 3…
    rate_hz: float = Field(gt=0, le=16384)

    @model_validator(mode="after")
    def _labels_fit(self) -> BiosemiSettings:
        if self.labels and len(self.labels) != self.channels:
            raise ValueError(f"{len(self.labels)} labels for {self.channels} channels")
        return self


class Biosemi(NetworkAmplifier):
    """ActiView's TCP server."""

    Settings = BiosemiSettings
    summary = "BioSemi amplifiers through ActiView (TCP server)"
    manufacturer = "BioSemi"
    remedy = "in ActiView's TCP tab start the server, and compare its channels and rate"

    settings: BiosemiSettings

    def make_client(self) -> BiosemiClient:
        """Begin a conversation."""
        given = self.settings
        labels = given.labels or tuple(str(n) for n in range(1, given.channels + 1))
        return BiosemiClient(labels, given.rate_hz)
