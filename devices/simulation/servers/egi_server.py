"""Stands in for EGI's AmpServer with an NA400: commands on one port, packets on another."""

from __future__ import annotations

import struct

import numpy as np

from devices.simulation.servers.serving import Conversation, Packet, Server, Signals, as_asked

_UV = 0.00015522042
_NET_OF = {32: 3, 64: 0, 128: 1, 256: 2}
_ANSWER = b"(sendCommand_return (status complete)%s)\n"
_DETAILS = (
    b" (amp_details (serial_number SIM0001)(amp_type NA400)(legacy_board false)(packet_format 2)"
    b"(system_version 2.0.17)(number_of_channels 256))"
)


class _Orders(Conversation):
    def __init__(self) -> None:
        self._heard = b""

    def hear(self, data: bytes) -> bytes:
        *lines, self._heard = (self._heard + data).split(b"\n")
        as_asked(len(self._heard))
        known = (line for line in lines if line.startswith(b"(sendCommand "))
        return b"".join(_ANSWER % (_DETAILS if b"GetAmpDetails" in x else b"") for x in known)

    def send(self, packet: Packet) -> bytes:
        return b""


class _Packets(Conversation):
    def __init__(self, signals: Signals, first: int, repeats: int) -> None:
        self._signals, self._first, self._repeats = signals, first, repeats
        self._on = False

    def hear(self, data: bytes) -> bytes:
        self._on = b"cmd_ListenToAmp" in data or (self._on and b"StopListening" not in data)
        return b""

    def send(self, packet: Packet) -> bytes:
        if not self._on:
            return b""
        electrodes = self._signals.electrodes
        net = min(n for n in _NET_OF if n >= len(electrodes))
        codes = packet.codes(self._signals.trigger)
        out = b""
        for i, row in enumerate(packet.rows):
            number = self._first + packet.first + i
            eeg = np.zeros(256, "<i4")
            eeg[: len(electrodes)] = (row[electrodes] / _UV).round()
            head = struct.pack("<HB22xQQB38x", ~int(codes[i]) & 0xFFFF, 0, number, number * 1000,
                               _NET_OF[net])  # fmt: skip
            one = head + eeg.tobytes() + bytes(4 * (3 + 5 + 32))
            out += one * self._repeats
        return struct.pack(">qQ", 0, len(out)) + out


class EgiServer:
    """Both ports; `repeats`: how often each packet comes, as it does at 500 Hz and below."""

    def __init__(
        self, signals: Signals, host: str, port: int, command_port: int = 0, *, first: int = 0,
        repeats: int = 1,
    ) -> None:  # fmt: skip
        self._orders = Server(host, command_port, _Orders)
        self._packets = Server(host, port, lambda: _Packets(signals, first, repeats))

    @property
    def port(self) -> int:
        """The port of the data."""
        return self._packets.port

    @property
    def command_port(self) -> int:
        """The port of the commands."""
        return self._orders.port

    def turn(self, packet: Packet | None) -> None:
        """Answer, and send a packet."""
        self._orders.turn(packet)
        self._packets.turn(packet)

    def close(self) -> None:
        """Close everything."""
        self._orders.close()
        self._packets.close()
