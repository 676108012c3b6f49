"""`biosemi`: BioSemi amplifiers through ActiView's TCP server."""

from __future__ import annotations

from devices.network.amplifier import NetworkAmplifier
from devices.network.connection import Port
from devices.network.unframed import BiosemiClient, UnframedSettings


class BiosemiSettings(UnframedSettings):
    """ActiView's TCP tab says what is sent."""

    port: Port = 8888


class Biosemi(NetworkAmplifier):
    """ActiView's TCP server."""

    Settings = BiosemiSettings
    summary = "BioSemi amplifiers through ActiView (TCP server)"
    manufacturer = "BioSemi"
    remedy = "in ActiView's TCP tab start the server, and compare its channels and rate"

    settings: BiosemiSettings

    def make_client(self) -> BiosemiClient:
        """Begin a conversation."""
        return BiosemiClient(self.settings.names, self.settings.rate_hz)
