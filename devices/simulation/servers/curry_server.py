"""Stands in for the NetStreaming server of CURRY 8."""

from __future__ import annotations

import struct

import numpy as np

from devices.simulation.servers.serving import Conversation, Packet, Signals, as_asked, codes_begun

_IDLE_KOHM = 5.0


def packet_of(name: bytes, code: int, request: int, body: bytes = b"", start: int = 0) -> bytes:
    """Make a packet: 20 bytes big-endian, and the body."""
    return struct.pack(">4sHHIII", name, code, request, start, len(body), len(body)) + body


class CurryConversation(Conversation):
    """Answers version, information, channels; streams signals or impedances when asked.

    `connected`: its amplifier; `controls`: whether clients may connect it.
    """

    def __init__(
        self, signals: Signals, *, first: int = 0, connected: bool = True, controls: bool = True
    ) -> None:
        self._signals = signals
        self._connected, self._controls = connected, controls
        self._first = first  # what its count began with
        self._heard = b""
        self._streams = self._impedances = False
        self._code = 0

    def hear(self, data: bytes) -> bytes:
        """Answer requests; starting and stopping have no answer."""
        self._heard += data
        out = b""
        while len(self._heard) >= 20:
            name, code, request, _, size, _ = struct.unpack(">4sHHIII", self._heard[:20])
            if len(self._heard) < 20 + as_asked(size):
                break
            self._heard = self._heard[20 + size :]
            if name == b"CTRL" and code == 2:
                out += self._obey(request)
        return out

    def _obey(self, request: int) -> bytes:
        count = len(self._signals.channels)
        match request:
            case 1:
                return packet_of(b"DATA", 1, 1, struct.pack("<i", 803))
            case 4:
                return packet_of(b"DATA", 1, 7, struct.pack("<i", self._connected))
            case 10:
                self._connected |= self._controls
            case 6:
                found = (count, round(self._signals.rate_hz)) if self._connected else (-1, -1)
                body = struct.pack("<6i", 24, *found, 4, self._controls, 0)
                return packet_of(b"DATA", 1, 2, body)
            case 3:
                return packet_of(b"DATA", 1, 4, self._channels())
            case 8:
                self._streams = True
            case 9:
                self._streams = False
            case 12:
                self._impedances = True
            case 13:
                self._impedances = False
        return b""

    def _channels(self) -> bytes:
        body = b""
        for number, channel in enumerate(self._signals.channels):
            label = channel.label.encode("utf-16-le")[:78].ljust(80, b"\0")
            kind = 3 if number == self._signals.trigger else 0 if channel.kind == "EEG" else 1
            record = struct.pack("<i", number) + label + struct.pack("<3i", kind, 0, 0)
            body += record.ljust(144, b"\0")
        return body

    def send(self, packet: Packet) -> bytes:
        """Send the signals, and an event for each code."""
        if self._impedances:
            kohm = np.full(len(self._signals.channels), _IDLE_KOHM * 1e3, "<f4")
            return packet_of(b"DATA", 4, 1, kohm.tobytes())
        codes = packet.codes(self._signals.trigger)
        begun = list(codes_begun(codes, self._code))
        self._code = int(codes[-1])
        if not self._streams:
            return b""
        start = (self._first + packet.first) & 0xFFFFFFFF
        out = packet_of(b"DATA", 2, 1, packet.rows.astype("<f4").tobytes(), start)
        for row, code in begun:
            at = (start + row) & 0x7FFFFFFF
            out += packet_of(b"DATA", 3, 3, struct.pack("<4i", code, at, at, at).ljust(536, b"\0"))
        return out
