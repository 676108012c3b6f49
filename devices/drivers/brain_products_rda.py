"""`brain-products-rda`: amplifiers of Brain Products through BrainVision Recorder's server."""

from __future__ import annotations

from devices.base import Clock
from devices.network.amplifier import NetworkAmplifier, NetworkSettings
from devices.network.connection import Port
from devices.network.rda import BlockCount, RdaClient


class BrainProductsRdaSettings(NetworkSettings):
    """Port 51244 sends 32-bit numbers, port 51234 16-bit ones: the format tells itself."""

    port: Port = 51244


class BrainProductsRda(NetworkAmplifier):
    """The remote data access of BrainVision Recorder."""

    Settings = BrainProductsRdaSettings
    summary = "Brain Products amplifiers through BrainVision Recorder (remote data access)"
    manufacturer = "Brain Products"
    remedy = (
        "in BrainVision Recorder switch on Remote Data Access (Configuration, Preferences) "
        "and start Monitor"
    )

    def __init__(self, settings: BrainProductsRdaSettings, clock: Clock) -> None:
        self._blocks = BlockCount()
        super().__init__(settings, clock)

    def make_client(self) -> RdaClient:
        """Begin a conversation; blocks are counted on where the one before ended."""
        return RdaClient(self._blocks)
