"""Stands in for the data server of SCAN 4.5's Acquire."""

from __future__ import annotations

import struct

import numpy as np

from devices.simulation.servers.serving import Conversation, Packet, Signals, as_asked

RESOLUTION_UV = 0.0298


def packet_of(name: bytes, code: int, request: int, body: bytes = b"") -> bytes:
    """Make a packet: 12 bytes big-endian, and the body."""
    return struct.pack(">4shhi", name, code, request, len(body)) + body


class ScanConversation(Conversation):
    """Answers basic information and the EDF header; streams int32 when asked."""

    def __init__(self, signals: Signals) -> None:
        self._signals = signals
        self._heard = b""
        self._runs = self._streams = False

    def hear(self, data: bytes) -> bytes:
        """Answer requests."""
        self._heard += data
        out = b""
        while len(self._heard) >= 12:
            name, code, request, size = struct.unpack(">4shhI", self._heard[:12])
            if len(self._heard) < 12 + as_asked(size):
                break
            self._heard = self._heard[12 + size :]
            if name == b"CTRL":
                out += self._obey(code, request)
        return out

    def _obey(self, code: int, request: int) -> bytes:
        electrodes = self._signals.electrodes
        match code, request:
            case 3, 5:
                rate = round(self._signals.rate_hz)
                events = int(self._signals.trigger is not None)
                body = struct.pack(
                    "<6if", 28, len(electrodes), events, rate // 25, rate, 4, RESOLUTION_UV
                )
                return packet_of(b"DATA", 1, 3, body)
            case 3, 1:
                return packet_of(b"DATA", 1, 2, self._edf())
            case 2, 1:
                self._runs = True
                return packet_of(b"CTRL", 2, 1) + packet_of(b"CTRL", 2, 1)
            case 2, 2:
                self._runs = False
            case 3, 3:
                self._streams = True
            case 3, 4:
                self._streams = False
        return b""

    def _edf(self) -> bytes:
        labels = [self._signals.channels[i].label for i in self._signals.electrodes]
        count = f"{len(labels):<4}".encode()
        named = b"".join(label.encode("latin-1", "replace")[:16].ljust(16) for label in labels)
        return (b"0".ljust(252) + count + named).ljust(256 * (len(labels) + 1))

    def send(self, packet: Packet) -> bytes:
        """Send signals and event channel as int32; Acquire keeps the high byte of events set."""
        if not (self._runs and self._streams):
            return b""
        raw = (packet.rows[:, self._signals.electrodes] / RESOLUTION_UV).round()
        if self._signals.trigger is not None:
            codes = packet.codes(self._signals.trigger) & 0xFF | 0xFF00
            raw = np.column_stack([raw, codes])
        return packet_of(b"DATA", 2, 2, raw.astype("<i4").tobytes())
