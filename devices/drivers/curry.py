"""`curry`: Neuroscan amplifiers through CURRY 8 or 9 (NetStreaming)."""

from __future__ import annotations

from devices.network.amplifier import NetworkAmplifier, NetworkSettings
from devices.network.connection import Port
from devices.network.curry_packets import CurryClient


class CurrySettings(NetworkSettings):
    """`host` is the computer on which CURRY runs."""

    port: Port = 4455


class Curry(NetworkAmplifier):
    """The NetStreaming server of CURRY."""

    Settings = CurrySettings
    summary = "Neuroscan amplifiers through CURRY 8 or 9 (NetStreaming)"
    manufacturer = "Compumedics Neuroscan"
    remedy = "in CURRY open the amplifier and enable NetStreaming in the acquisition settings"

    def make_client(self) -> CurryClient:
        """Begin a conversation."""
        return CurryClient()
