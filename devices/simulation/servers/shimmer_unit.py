"""Stands in for a Shimmer3 at the far end of its serial line: GSR, PPG and whatever else is on."""

from __future__ import annotations

import numpy as np

from devices.simulation.servers.serving import Conversation, Packet, Signals

_HERTZ = 32768
_OHM = (40_200.0, 287_000.0, 1_000_000.0, 3_300_000.0)
_HIGHEST = 3600
"""Of the converter's codes; above, the unit takes the next range."""

# Bits of the mask as (byte, bit), the numbers that the inquiry names, and their bytes in a packet.
_CHANNELS = (
    ((0, 0x80), (0x00, 0x01, 0x02), 2),
    ((1, 0x20), (0x03,), 2),
    ((1, 0x10), (0x04, 0x05, 0x06), 2),
    ((0, 0x20), (0x07, 0x08, 0x09), 2),
    ((0, 0x40), (0x0A, 0x0B, 0x0C), 2),
    ((1, 0x01), (0x12,), 2),
    ((0, 0x04), (0x1C,), 2),
    ((0, 0x10), (0x1D, 0x1E, 0x1F), 3),
    ((0, 0x08), (0x20, 0x21, 0x22), 3),
)
_STATUS_OF_EXG = (0x1D, 0x20)
_OPERANDS = {0x08: 3, 0x05: 2, 0xA3: 1}


class ShimmerConversation(Conversation):
    """Acknowledges every command; streams while it was started."""

    def __init__(self, signals: Signals, first_ticks: int = 0) -> None:
        self._signals = signals
        self._heard = b""
        self._mask, self._divisor = bytes(3), 640
        self._streams = False
        self._first = first_ticks
        self._sent = 0  # samples since the start
        self._begun: int | None = None  # the number of the row that was played at the start

    @property
    def _on(self) -> list[tuple[int, int]]:
        """(number, bytes) of each channel that is on, in the order of a packet."""
        found = []
        for (byte, bit), numbers, size in _CHANNELS:
            if self._mask[byte] & bit:
                found += [(n, 1 if n in _STATUS_OF_EXG else size) for n in numbers]
        return found

    def hear(self, data: bytes) -> bytes:
        """Carry out commands and answer them."""
        self._heard += data
        out = b""
        while self._heard:
            size = 1 + _OPERANDS.get(self._heard[0], 0)
            if len(self._heard) < size:
                break
            command, self._heard = self._heard[:size], self._heard[size:]
            out += b"\xff" + self._carry_out(command)
        return out

    def _carry_out(self, command: bytes) -> bytes:
        match command[0]:
            case 0x08:
                self._mask = command[1:]
            case 0x05:
                self._divisor = int.from_bytes(command[1:], "little") or self._divisor
            case 0x01:
                numbers = bytes(n for n, _ in self._on)
                head = self._divisor.to_bytes(2, "little") + bytes(4)
                return b"\x02" + head + bytes([len(numbers), 1]) + numbers
            case 0x2E:
                return b"\x2f\x03\x00\x00\x00\x10\x07"  # LogAndStream 0.16.7
            case 0x07:
                self._streams, self._sent, self._begun = True, 0, None
            case 0x20:
                self._streams = False
        return b""

    def send(self, packet: Packet) -> bytes:
        """Write what is due by the unit's clock, which runs with the rows."""
        if not self._streams or not self._on:
            return b""
        if self._begun is None:
            self._begun = packet.first
        out = []
        for n, row in enumerate(packet.rows, packet.first - self._begun):
            passed = n * _HERTZ / self._signals.rate_hz
            while self._sent * self._divisor <= passed:
                due = self._sent * self._divisor
                # Rows that were lost on the way to this line are lost samples of the unit.
                if passed - due < max(self._divisor, _HERTZ / self._signals.rate_hz):
                    out.append(self._packet(due, row))
                self._sent += 1
        return b"".join(out)

    def _packet(self, ticks: int, row: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
        body = b"\0" + ((self._first + ticks) % (1 << 24)).to_bytes(3, "little")
        for number, size in self._on:
            body += self._value(number, row).to_bytes(size, "little")
        return body

    def _value(self, number: int, row: np.ndarray[tuple[int], np.dtype[np.float32]]) -> int:
        if number == 0x1C:
            return _gsr_code(abs(float(row[self._column("EDA", 0)])))
        if number == 0x12:
            return round(min(4095.0, abs(float(row[self._column("PPG", 1)])) * 1365)) & 0x0FFF
        return 0

    def _column(self, kind: str, otherwise: int) -> int:
        kinds = [channel.kind for channel in self._signals.channels]
        return kinds.index(kind) if kind in kinds else otherwise


def _gsr_code(microsiemens: float) -> int:
    """Write a conductance as range and code, in the range that resolves it best."""
    ohm = 1e6 / max(microsiemens, 0.01)
    for number, feedback in reversed(list(enumerate(_OHM))):
        code = round(0.5 * (1 + feedback / ohm) * 4095 / 3)
        if code <= _HIGHEST:
            return number << 14 | code
    return _HIGHEST
