"""`neuracle`: Neuracle's NeuSen W through its recorder's DataService."""

from __future__ import annotations

from pydantic import Field

from devices.network.amplifier import NetworkAmplifier
from devices.network.connection import Port
from devices.network.unframed import NeuracleClient, UnframedSettings


class NeuracleSettings(UnframedSettings):
    """The recorder's window says what is sent."""

    port: Port = 8712
    rate_hz: float = Field(default=1000.0, gt=0, le=20_000, description="as set in the recorder")


class Neuracle(NetworkAmplifier):
    """The DataService of Neuracle's recorder; a newer one that sends a header is refused."""

    Settings = NeuracleSettings
    summary = "Neuracle NeuSen W through its recorder's DataService"
    manufacturer = "Neuracle"
    remedy = "in the recorder switch on DataService, and compare its channels and rate"

    settings: NeuracleSettings

    def make_client(self) -> NeuracleClient:
        """Begin a conversation."""
        return NeuracleClient(self.settings.names, self.settings.rate_hz)
