"""`gazepoint`: Gazepoint's eye trackers through Gazepoint Control (Open Gaze)."""

from __future__ import annotations

from pydantic import Field

from devices.network.amplifier import NetworkAmplifier, NetworkSettings
from devices.network.connection import Port
from devices.network.open_gaze import OpenGazeClient


class GazepointSettings(NetworkSettings):
    """The protocol does not tell the rate."""

    port: Port = 4242
    rate_hz: float = Field(
        default=60.0, gt=0, le=1000, description="60 for a GP3, 150 for a GP3 HD"
    )


class Gazepoint(NetworkAmplifier):
    """The Open Gaze server of Gazepoint Control."""

    Settings = GazepointSettings
    summary = "Gazepoint eye trackers through Gazepoint Control (Open Gaze)"
    manufacturer = "Gazepoint"
    remedy = "start Gazepoint Control on that computer, and calibrate"
    stream_type = "Gaze"

    settings: GazepointSettings

    def make_client(self) -> OpenGazeClient:
        """Begin a conversation."""
        return OpenGazeClient(self.settings.rate_hz)
