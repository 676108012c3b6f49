"""`scan`: Neuroscan amplifiers through SCAN 4.5 (Acquire's data server)."""

from __future__ import annotations

from devices.network.amplifier import NetworkAmplifier, NetworkSettings
from devices.network.connection import Port
from devices.network.scan_packets import ScanClient


class ScanSettings(NetworkSettings):
    """`host` is the computer on which Acquire runs; its port can be changed there."""

    port: Port = 4000


class Scan(NetworkAmplifier):
    """The data server of SCAN's Acquire."""

    Settings = ScanSettings
    summary = "Neuroscan amplifiers through SCAN 4.5 (Acquire's data server)"
    manufacturer = "Compumedics Neuroscan"
    remedy = "in Acquire open the server (TCP Server) and compare its port"

    def make_client(self) -> ScanClient:
        """Begin a conversation."""
        return ScanClient()
