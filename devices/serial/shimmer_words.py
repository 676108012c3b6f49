"""What a Shimmer3 says on its serial line (LogAndStream firmware), and how it is asked. Pure.

Every command is answered by ACK and, where it asks something, by a response. While it streams, each
sample is a packet: 0, its own time as 24 bits in 1/32768 s, and the channels in the order that the
inquiry gave. Status may come at any time, as a response that nobody asked for.

Layout after the third-party client pyshimmer 1.0; no device was at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from devices.arrays import F64Array

CLOCK_HZ = 32768
TICKS_WRAP = 1 << 24
"""After 512 s."""

ACK = 0xFF
DATA = 0x00
INQUIRY, SET_RATE, SET_SENSORS, START, STOP, ASK_FIRMWARE = b"\x01", 0x05, 0x08, b"\x07", b" ", b"."
UNASKED = 0x8A
NO_STATUS_ACK = b"\xa3\x00"

_UNASKED_BYTES = {0x71: 1, 0x94: 3}  # status, battery
_FIRMWARE_BYTES = 6
_INQUIRY_BYTES = 8
_SURE_TICKS = 4 * CLOCK_HZ
"""A packet whose time is further from the one before was found in the middle of others."""

SENSORS = {
    "gsr": 0x04_0000,
    "ppg": 0x00_0100,
    "accelerometer": 0x80_0000,
    "wide-accelerometer": 0x00_1000,
    "gyroscope": 0x40_0000,
    "magnetometer": 0x20_0000,
    "exg1": 0x10_0000,
    "exg2": 0x08_0000,
    "battery": 0x00_2000,
}
"""What can be switched on: bits of the mask, its first byte the highest here."""


@dataclass(frozen=True, slots=True)
class Field:
    """One channel of a packet."""

    label: str
    type: str  # numpy's, of 1, 2 or 4 bytes, or i24 or u24, with byte order
    unit: str = ""
    kind: str = ""

    @property
    def bytes(self) -> int:
        """Its width."""
        return int(self.type[2:]) // 8 if self.type.endswith("24") else int(self.type[-1])


def _three(name: str, type_: str, kind: str) -> list[Field]:
    return [Field(f"{name} {axis}", type_, "", kind) for axis in "XYZ"]


_NAMED = [
    *_three("Accelerometer", "<i2", "ACC"),
    Field("Battery", "<i2"),
    *_three("Wide accelerometer", "<i2", "ACC"),
    *_three("Magnetometer", "<i2", "MAG"),
    *_three("Gyroscope", ">i2", "GYRO"),
]
FIELDS = (
    dict(enumerate(_NAMED))
    | {n: Field(f"ADC 0x{n:02x}", "<u2", "millivolts") for n in range(0x0D, 0x14)}
    | {
        0x12: Field("PPG", "<u2", "millivolts", "PPG"),
        0x1A: Field("Temperature", ">u2"),
        0x1B: Field("Pressure", ">u24"),
        0x1C: Field("GSR", "<u2", "microsiemens", "EDA"),
        0x1D: Field("ExG1 status", ">u1"),
        0x1E: Field("ExG1 CH1", ">i24"),
        0x1F: Field("ExG1 CH2", ">i24"),
        0x20: Field("ExG2 status", ">u1"),
        0x21: Field("ExG2 CH1", ">i24"),
        0x22: Field("ExG2 CH2", ">i24"),
        0x23: Field("ExG1 CH1", ">i2"),
        0x24: Field("ExG1 CH2", ">i2"),
        0x25: Field("ExG2 CH1", ">i2"),
        0x26: Field("ExG2 CH2", ">i2"),
        0x27: Field("Bridge high", "<u2"),
        0x28: Field("Bridge low", "<u2"),
    }
)
"""By the number that the inquiry gives."""

_ADC_MV = 3000 / 4095
_GSR_OHM = np.array([40_200.0, 287_000.0, 1_000_000.0, 3_300_000.0])
_GSR_REFERENCE_V = 0.5


def sensors_mask(names: Sequence[str]) -> bytes:
    """Write the command that switches these sensors on, and all others off."""
    mask = 0
    for name in names:
        mask |= SENSORS[name]
    return bytes([SET_SENSORS, *mask.to_bytes(3, "big")])


def rate_divisor(rate_hz: float) -> int:
    """Return the divisor of the 32768 Hz clock that comes nearest to a rate."""
    return max(1, min(0xFFFF, round(CLOCK_HZ / rate_hz)))


def set_rate(divisor: int) -> bytes:
    """Write the command that sets the rate."""
    return bytes([SET_RATE]) + divisor.to_bytes(2, "little")


def in_units(channel: Field, raw: F64Array) -> F64Array:
    """Give a channel's raw numbers, any shape, in its unit; raw ones where it has none."""
    if channel.kind == "EDA":
        codes = raw.astype(np.int64)
        volts = (codes & 0x0FFF) * _ADC_MV / 1000
        over = np.maximum(volts / _GSR_REFERENCE_V - 1, 1e-9)  # at the reference: an open circuit
        conductance: F64Array = 1e6 * over / _GSR_OHM[codes >> 14 & 3]
        return conductance
    return raw * _ADC_MV if channel.unit == "millivolts" else raw


@dataclass(frozen=True, slots=True)
class Inquiry:
    """How it is set: one sample each `divisor` ticks, of these channels."""

    divisor: int
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """It has taken a command."""


@dataclass(frozen=True, slots=True)
class Firmware:
    """Its version."""

    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """One packet: its time in ticks, and raw values, one a channel."""

    ticks: int
    values: tuple[float, ...]


Heard = Inquiry | Acknowledged | Firmware | Sample


class UnknownChannel(ValueError):
    """The inquiry names a channel of unknown width: no packet could be taken apart."""


@dataclass(slots=True)
class ShimmerParser:
    """Takes apart what comes, in whatever pieces; bytes that fit nothing are skipped and counted.

    There is no checksum: a packet is believed if its time follows the one before and what stands
    behind it can begin something. The first one has none before it: it waits for the next one's
    time, as a wrong one would have all that follow taken for nothing.
    """

    skipped: int = 0
    fields: tuple[Field, ...] = ()  # of a packet, once the inquiry has been answered
    _left: bytes = b""
    _last: int | None = None

    def feed(self, data: bytes) -> Iterator[Heard]:
        """Yield what is complete.

        Raises:
            UnknownChannel: the inquiry names a channel that is not known here.
        """
        self._left += data
        while self._left:
            size = self._size()
            if size is None:
                return
            if size == 0:
                self.skipped += 1
                self._left = self._left[1:]
                continue
            word, self._left = self._left[:size], self._left[size:]
            if (heard := self._read(word)) is not None:
                yield heard

    def restart(self) -> None:
        """Forget half a packet, and the time of the last one."""
        self._left, self._last = b"", None

    def _size(self) -> int | None:
        """Count the bytes of what comes next; 0 = it is nothing, None = too little is there."""
        left = self._left
        match left[0]:
            case 0xFF:
                return 1
            case 0x8A:
                if len(left) < 2:
                    return None
                size = 2 + _UNASKED_BYTES.get(left[1], -2)
                return size if len(left) >= size else None
            case 0x2F if not self.fields:
                return 1 + _FIRMWARE_BYTES if len(left) > _FIRMWARE_BYTES else None
            case 0x02 if not self.fields:  # asked once, before it streams
                if len(left) <= _INQUIRY_BYTES:
                    return None
                size = 1 + _INQUIRY_BYTES + left[7]
                return size if len(left) >= size else None
            case 0x00 if self.fields:
                return self._packet_size()
        return 0

    def _packet_size(self) -> int | None:
        size = 4 + sum(channel.bytes for channel in self.fields)
        if len(self._left) < size:
            return None
        ticks = int.from_bytes(self._left[1:4], "little")
        if self._last is not None and not _follows(ticks, self._last):
            return 0
        behind = self._left[size : size + 4]
        if behind and behind[0] not in (DATA, ACK, UNASKED):
            return 0
        if self._last is None:
            if not behind or (behind[0] == DATA and len(behind) < 4):
                return None
            following = int.from_bytes(behind[1:], "little")
            if behind[0] == DATA and not _follows(following, ticks):
                return 0
        return size

    def _read(self, word: bytes) -> Heard | None:
        match word[0]:
            case 0xFF:
                return Acknowledged()
            case 0x2F:
                major = int.from_bytes(word[3:5], "little")
                return Firmware(f"firmware {major}.{word[5]}.{word[6]}")
            case 0x02:
                return self._inquiry(word)
            case 0x00:
                return self._sample(word)
        return None

    def _inquiry(self, word: bytes) -> Inquiry:
        numbers = word[1 + _INQUIRY_BYTES :]
        if unknown := [f"0x{n:02x}" for n in numbers if n not in FIELDS]:
            raise UnknownChannel(f"it sends channels that are not known: {', '.join(unknown)}")
        self.fields = tuple(FIELDS[n] for n in numbers)
        return Inquiry(int.from_bytes(word[1:3], "little"), self.fields)

    def _sample(self, word: bytes) -> Sample:
        self._last = int.from_bytes(word[1:4], "little")
        values, at = [], 4
        for channel in self.fields:
            raw = word[at : at + channel.bytes]
            low_first = raw if channel.type[0] == "<" else raw[::-1]
            values.append(float(int.from_bytes(low_first, "little", signed=channel.type[1] == "i")))
            at += channel.bytes
        return Sample(self._last, tuple(values))


def _follows(ticks: int, before: int) -> bool:
    return 0 < (ticks - before) % TICKS_WRAP <= _SURE_TICKS


@dataclass(slots=True)
class TickCount:
    """Numbers the samples by their time: one each `divisor` ticks, across the end of the count."""

    divisor: int
    ticks: int = 0  # since the first sample
    _last: int | None = None

    def place(self, ticks: int) -> tuple[float, int]:
        """Give a sample's own time, s since the first one, and how many are missing before it."""
        if self._last is None:
            self._last = ticks
            return 0.0, 0
        step = (ticks - self._last) % TICKS_WRAP
        self._last = ticks
        self.ticks += step
        return self.ticks / CLOCK_HZ, max(0, round(step / self.divisor) - 1)
