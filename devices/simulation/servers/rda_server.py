"""Stands in for BrainVision Recorder's remote data access."""

from __future__ import annotations

import struct

import numpy as np

from devices.arrays import F32Array
from devices.simulation.servers.serving import Conversation, Packet, Signals, codes_begun

_GUID = struct.pack("<16B", *bytes.fromhex("8E45584396C9864CAF4A98BBF6C91450"))
BLOCK_S = 0.02
RESOLUTION_UV = 0.1
"""Of the 16-bit port; the other one sends the same unit in float32."""


def message(kind: int, body: bytes) -> bytes:
    """Make a message: GUID, size of the whole, type, body."""
    return _GUID + struct.pack("<II", 24 + len(body), kind) + body


class RdaConversation(Conversation):
    """A start message, then a block every 20 ms; `int16` as on port 51234.

    Blocks are counted since the amplifier was switched on, whoever is connected.
    """

    def __init__(self, signals: Signals, *, int16: bool = False, first_block: int = 0) -> None:
        self._signals = signals
        self._int16 = int16
        self._points = max(1, round(signals.rate_hz * BLOCK_S))
        self._first_block = first_block  # what its count began with
        self._block = 0
        self._rows = np.empty((0, len(signals.channels)), np.float32)
        self._code = 0
        self._next: int | None = None
        self._pass = 0  # rows that are not sent: they would be part of a block

    def greet(self) -> bytes:
        """Describe the channels."""
        labels = [self._signals.channels[i].label for i in self._signals.electrodes]
        count = len(labels)
        body = struct.pack("<Id", count, 1e6 / self._signals.rate_hz)
        body += struct.pack(f"<{count}d", *[RESOLUTION_UV] * count)
        return message(1, body + b"".join(label.encode() + b"\0" for label in labels))

    def hear(self, data: bytes) -> bytes:
        """Ignore what comes: this server is never asked."""
        return b""

    def send(self, packet: Packet) -> bytes:
        """Send as many blocks as are full; blocks that the link lost are counted, not sent."""
        rows = packet.rows
        if self._next is None or packet.first != self._next:
            self._rows = self._rows[:0]
            self._pass = -packet.first % self._points  # up to the first block that is whole
            self._block = self._first_block + -(-packet.first // self._points)
        self._next = packet.first + len(packet.rows)
        skip = min(self._pass, len(rows))
        self._pass -= skip
        self._rows = np.vstack([self._rows, rows[skip:]])
        out = b""
        while len(self._rows) >= self._points:
            rows, self._rows = self._rows[: self._points], self._rows[self._points :]
            out += self._one(rows)
        return out

    def _one(self, rows: F32Array) -> bytes:
        codes = Packet(0, rows).codes(self._signals.trigger)
        marks = list(codes_begun(codes, self._code))
        self._code = int(codes[-1])
        raw = rows[:, self._signals.electrodes] / np.float32(RESOLUTION_UV)
        data = raw.round().astype("<i2") if self._int16 else raw.astype("<f4")
        body = struct.pack("<III", self._block & 0xFFFFFFFF, len(rows), len(marks))
        body += data.tobytes()
        for row, code in marks:
            text = b"Stimulus\0" + f"S{code:3}".encode() + b"\0"
            body += struct.pack("<IIIi", 16 + len(text), row, 1, -1) + text
        self._block += 1
        return message(2 if self._int16 else 4, body)
