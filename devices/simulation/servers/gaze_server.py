"""Stands in for Gazepoint Control: Open Gaze, with a gaze that follows two channels."""

from __future__ import annotations

import re

import numpy as np

from devices.simulation.servers.serving import Conversation, Packet, Signals, as_asked

_SET = re.compile(r'<SET ID="([A-Z_]+)" STATE="([01])" />')
_KNOWN = frozenset(
    f"ENABLE_SEND_{name}"
    for name in ("DATA", "COUNTER", "TIME", "POG_BEST", "PUPILMM", "BLINK", "USER_DATA")
)
_SWING_UV = 200.0


class GazeConversation(Conversation):
    """Acknowledges each switch, and sends a record a sample while data are on."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._heard = ""
        self._on: set[str] = set()

    def hear(self, data: bytes) -> bytes:
        """Switch, and say so; what is not known is refused."""
        self._heard += data.decode("ascii", "replace")
        *lines, self._heard = self._heard.split("\r\n")
        as_asked(len(self._heard))
        out = ""
        for line in lines:
            if (match := _SET.fullmatch(line)) is None:
                continue
            name, state = match.groups()
            if name not in _KNOWN:
                out += f'<NACK ID="{name}" />\r\n'
                continue
            (self._on.add if state == "1" else self._on.discard)(name)
            out += f'<ACK ID="{name}" STATE="{state}" />\r\n'
        return out.encode()

    def send(self, packet: Packet) -> bytes:
        """Write a record for each sample."""
        if "ENABLE_SEND_DATA" not in self._on:
            return b""
        x, y = (0.5 + 0.4 * np.tanh(packet.rows[:, i] / _SWING_UV) for i in (0, 1))
        codes = packet.codes(self._signals.trigger)
        rate = self._signals.rate_hz
        lines = [
            f'<REC CNT="{n}" TIME="{n / rate:.5f}" BPOGX="{x[i]:.5f}" BPOGY="{y[i]:.5f}" BPOGV="1" '
            f'LPMM="3.1" LPMMV="1" RPMM="3.2" RPMMV="1" BKID="0" BKDUR="0" USER="{codes[i]}" />\r\n'
            for i, n in enumerate(range(packet.first, packet.first + len(packet.rows)))
        ]
        return "".join(lines).encode()
