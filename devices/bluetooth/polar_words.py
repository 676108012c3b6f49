"""What Polar's sensors say over Bluetooth: measurement frames, heart rate, answers. Pure.

A frame has the time of its last sample, in ns of the sensor's own clock, and samples, plain or as
differences: a first sample, then blocks of (width in bits, count, packed differences, the lowest
bit first). Layout after the third-party clients bleakheart 0.2 and PolarBand2lsl; no sensor was at
hand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from devices.arrays import F64Array, I64Array

CONTROL: Final = "fb005c81-02e7-f387-1cad-8acd2d8df0c8"
DATA: Final = "fb005c82-02e7-f387-1cad-8acd2d8df0c8"
HEART_RATE: Final = "00002a37-0000-1000-8000-00805f9b34fb"

LONGEST_S = 600.0
"""A time that leaps by more was set: no connection lives through a longer silence."""

_COMPRESSED = 0x80
_HEAD_BYTES = 10
_RATE, _RESOLUTION, _RANGE, _CHANNELS = range(4)
_ERRORS = (
    "none",
    "unknown command",
    "unknown measurement",
    "not supported by this sensor",
    "wrong length",
    "wrong parameter",
    "it was started already",
    "wrong resolution",
    "wrong sample rate",
    "wrong range",
    "wrong packet size",
    "wrong number of channels",
    "not possible now: is it worn?",
    "not possible while it charges",
)


class PolarWireError(ValueError):
    """A notification that is none of Polar's."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One kind of signal: its number, its channels and how it is started."""

    number: int
    labels: tuple[str, ...]
    unit: str
    kind: str
    type: str  # of the LSL stream
    sample_bytes: int  # of one channel in a plain frame, and in the first sample of a packed one
    rates_hz: tuple[int, ...]  # the first is the default
    settings: Mapping[int, int]

    def start(self, rate_hz: int) -> bytes:
        """Write the command that starts it."""
        words = bytes([0x02, self.number])
        for setting, value in ({_RATE: rate_hz} | dict(self.settings)).items():
            size = 1 if setting == _CHANNELS else 2
            words += bytes([setting, 1]) + value.to_bytes(size, "little")
        return words

    @property
    def stop(self) -> bytes:
        """The command that ends it."""
        return bytes([0x03, self.number])


MEASUREMENTS: Final = MappingProxyType(
    {
        "ecg": Measurement(0, ("ECG",), "microvolts", "ECG", "ECG", 3, (130,), {_RESOLUTION: 14}),
        "ppg": Measurement(
            1, ("PPG 1", "PPG 2", "PPG 3", "Ambient"), "", "PPG", "PPG", 3, (55,),
            {_RESOLUTION: 22, _CHANNELS: 4},
        ),
        "acc": Measurement(
            2, ("X", "Y", "Z"), "milli-g", "ACC", "Accelerometer", 2, (50, 25, 100, 200),
            {_RESOLUTION: 16, _RANGE: 8},
        ),
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Frame:
    """Samples of one measurement, shape (n, channels), and the time of the last, s."""

    measurement: str
    last_s: float
    samples: I64Array


@dataclass(frozen=True, slots=True)
class Beat:
    """Heart rate, 1/min, and the intervals between beats since the last one told, ms."""

    rate: int
    intervals_ms: tuple[float, ...]


def read_frame(data: bytes) -> Frame:
    """Take apart a notification of the data characteristic.

    Raises:
        PolarWireError: it is too short, of an unknown kind, or does not come out even.
    """
    if len(data) <= _HEAD_BYTES:
        raise PolarWireError(f"{len(data)} bytes are no frame")
    names = {m.number: name for name, m in MEASUREMENTS.items()}
    name = names.get(data[0])
    if name is None:
        raise PolarWireError(f"measurement {data[0]} was not asked for")
    kind, body = MEASUREMENTS[name], data[_HEAD_BYTES:]
    unpack = _differences if data[9] & _COMPRESSED else _plain
    samples = unpack(body, len(kind.labels), kind.sample_bytes)
    return Frame(name, int.from_bytes(data[1:9], "little") / 1e9, samples)


def _plain(body: bytes, channels: int, size: int) -> I64Array:
    if len(body) % (channels * size):
        raise PolarWireError(f"{len(body)} bytes are no samples of {channels} × {size} bytes")
    table = np.frombuffer(body, np.uint8).reshape(-1, channels, size).astype(np.int64)
    return _signed(table @ (1 << 8 * np.arange(size)), 8 * size)


def _differences(body: bytes, channels: int, size: int) -> I64Array:
    head = channels * size
    rows = [_plain(body[:head], channels, size)]
    if not len(rows[0]):
        raise PolarWireError("a packed frame without a first sample")
    at = head
    while at < len(body):
        if len(body) - at < 2:
            raise PolarWireError("a block without its width and count")
        width, count = body[at], body[at + 1]
        length = -(-width * count * channels // 8)
        packed = body[at + 2 : at + 2 + length]
        if not 1 <= width <= 32 or len(packed) < length:
            raise PolarWireError(f"a block of {count} differences of {width} bits is cut")
        bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")
        numbers = bits[: width * count * channels].reshape(count, channels, width).astype(np.int64)
        rows.append(_signed(numbers @ (1 << np.arange(width)), width))
        at += 2 + length
    whole: I64Array = np.cumsum(np.concatenate(rows), axis=0)
    return whole


def _signed(numbers: I64Array, bits: int) -> I64Array:
    signed: I64Array = numbers - ((numbers >> bits - 1 & 1) << bits)
    return signed


def read_beat(data: bytes) -> Beat:
    """Take apart a heart rate notification, as the Bluetooth profile says.

    Raises:
        PolarWireError: it is too short.
    """
    wide = bool(data[:1] and data[0] & 1)
    if len(data) < 2 + wide:
        raise PolarWireError(f"{len(data)} bytes are no heart rate")
    at = 2 + wide + (2 if data[0] & 8 else 0)  # energy, of no interest
    rate = int.from_bytes(data[1 : 2 + wide], "little")
    rest = data[at:] if data[0] & 16 else b""
    pairs = (rest[n : n + 2] for n in range(0, len(rest) - 1, 2))
    return Beat(rate, tuple(int.from_bytes(p, "little") * 1000 / 1024 for p in pairs))


def refusal(answer: bytes) -> str | None:
    """Say why a command was refused; None where it was taken.

    Raises:
        PolarWireError: it is no answer to a command.
    """
    if len(answer) < 4 or answer[0] != 0xF0:
        raise PolarWireError("no answer to a command")
    if answer[3] == 0:
        return None
    return _ERRORS[answer[3]] if answer[3] < len(_ERRORS) else f"error {answer[3]}"


@dataclass(slots=True)
class FrameClock:
    """Gives each sample of a measurement its own time, and counts what is missing between frames.

    A sensor sends no count: what its clock says beyond the samples that came is lost, unless the
    clock was set.
    """

    rate_hz: float
    _last_s: float | None = None

    def place(self, frame: Frame) -> tuple[F64Array, int]:
        """Return times, s of the sensor, shape (n,), and how many samples are missing before."""
        count = len(frame.samples)
        period, lost = 1 / self.rate_hz, 0
        passed = frame.last_s - self._last_s if self._last_s is not None else 0.0
        if 0 < passed <= LONGEST_S:
            lost = max(0, round(passed * self.rate_hz) - count)
            period = passed / (count + lost)
        self._last_s = frame.last_s
        times: F64Array = frame.last_s - period * np.arange(count - 1, -1, -1, dtype=np.float64)
        return times, lost
