"""Stand in for ActiView and for Neuracle's DataService: rows, and nothing said about them."""

from __future__ import annotations

import numpy as np

from devices.simulation.servers.serving import Conversation, Packet, Signals

_BIOSEMI_LSB_UV = 1 / 32
_STATUS = 1 << 20 | 1 << 17  # CMS in range, a speed mode


class _Unasked(Conversation):
    """Sends to whoever connects."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals

    def hear(self, data: bytes) -> bytes:
        """Ignore what comes: these servers are never asked."""
        return b""


class BiosemiConversation(_Unasked):
    """24-bit numbers, the status word last."""

    def send(self, packet: Packet) -> bytes:
        """Write rows of 3 bytes a value."""
        values = (packet.rows[:, self._signals.electrodes] / _BIOSEMI_LSB_UV).round()
        status = packet.codes(self._signals.trigger) & 0xFFFF | _STATUS
        table = np.column_stack([values.clip(-(1 << 23), (1 << 23) - 1), status]).astype("<i4")
        return table.reshape(-1, 1).view(np.uint8)[:, :3].tobytes()


class NeuracleConversation(_Unasked):
    """float32, the trigger last."""

    def send(self, packet: Packet) -> bytes:
        """Write rows."""
        codes = packet.codes(self._signals.trigger)
        return (
            np.column_stack([packet.rows[:, self._signals.electrodes], codes])
            .astype("<f4")
            .tobytes()
        )
