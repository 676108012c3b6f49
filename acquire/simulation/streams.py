"""Streams of a simulated session: their headers, their computers' clocks, their samples."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from xml.etree.ElementTree import tostring

import numpy as np

from acquire.lsl.inlet import OffsetEstimate
from acquire.lsl.outlet import stream_info
from acquire.lsl.streams import FoundStream, StreamKey
from devices.arrays import Array, F64Array, U8Array
from devices.base import Chunk, Frame, StreamSpec
from devices.counter_rng import make_key, uniform, uniforms
from devices.simulation.faults import Faults
from recordings.stream_kinds import Fate
from recordings.xdf.header import parse_xml

OFFSET_EVERY_S: Final = 2.0
_OFFSET_NOISE_S: Final = 40e-6
_ROUND_TRIP_S: Final = 120e-6
_STAMP_NOISE_S: Final = 40e-6  # what a clock model leaves of jitter
_PIECE_S: Final = 0.5  # of a camera's rows


@dataclass(frozen=True, slots=True)
class Computer:
    """Whose LSL clock the stamps are of.

    Where the recording computer's clock says t, this one's says `zero_s` + t · (1 + drift).
    """

    hostname: str
    zero_s: float = 0.0
    drift_ppm: float = 0.0

    def reads(self, times: F64Array) -> F64Array:
        """Return what its clock says at `times` of the recording computer's, shape (n,)."""
        return times * (1.0 + self.drift_ppm * 1e-6) + self.zero_s


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples of one stream: LSL times of the recording computer (n,), values (n, channels)."""

    times: F64Array
    data: Array
    lost: int = 0

    @property
    def at(self) -> float:
        """When the last of it was there."""
        return float(self.times[-1])


def found_stream(
    spec: StreamSpec, device: str, computer: Computer, seed: int, created: float
) -> tuple[FoundStream, str]:
    """Return a stream as it would be found on the network, and its header as XML."""
    info = stream_info(spec, device)
    number = make_key(seed, spec.name, "uid") << 64 | make_key(seed, spec.name, "uid2")
    uid = str(uuid.UUID(int=number, version=4))
    root = parse_xml(info.as_xml().encode())
    known = {"uid": uid, "hostname": computer.hostname, "created_at": repr(created)}
    for name, value in {**known, "session_id": "simulated"}.items():
        element = root.find(name)
        assert element is not None, "liblsl names it in every header"
        element.text = value
    key = StreamKey(spec.name, spec.type, info.source_id(), computer.hostname)
    found = FoundStream(key, uid, len(spec.channels), spec.rate_hz, spec.dtype, info)
    return found, '<?xml version="1.0"?>' + tostring(root, encoding="unicode")


def offsets(computer: Computer, key: int, start: float, stop: float) -> Iterator[OffsetEstimate]:
    """Yield what liblsl would have measured of a computer's clock."""
    times = np.arange(start + 0.5 * OFFSET_EVERY_S, stop, OFFSET_EVERY_S)
    remote = computer.reads(times)
    noise = _OFFSET_NOISE_S * (uniforms(key, np.arange(len(times))) - 0.5)
    for at, value in zip(remote.tolist(), (times - remote + noise).tolist(), strict=True):
        yield OffsetEstimate(at, value, _ROUND_TRIP_S)


class DeviceTimes:
    """LSL times of samples, from the device's own clock: known, but for what jitter leaves."""

    def __init__(self, faults: Faults, key: int) -> None:
        self._zero, self._pace = faults.clock_offset_s, 1.0 + faults.drift_ppm * 1e-6
        self._key, self._count = key, 0

    def lsl(self, device_times: F64Array) -> F64Array:
        """Return LSL times of device times, both of shape (n,); to be asked in order."""
        number = np.arange(self._count, self._count + len(device_times))
        self._count += len(device_times)
        noise = _STAMP_NOISE_S * uniforms(self._key, number)
        return (device_times - self._zero) / self._pace + noise

    def lsl_of(self, device_time: float) -> float:
        """Return the LSL time of one device time."""
        noise = _STAMP_NOISE_S * uniform(self._key, self._count)
        self._count += 1
        return (device_time - self._zero) / self._pace + noise


def signal_pieces(chunks: Iterable[Any], clock: DeviceTimes) -> Iterator[Piece]:
    """Yield what an amplifier delivered."""
    for chunk in chunks:
        assert isinstance(chunk, Chunk)
        assert chunk.device_times is not None, "simulated amplifiers have a clock"
        yield Piece(clock.lsl(chunk.device_times), chunk.data, chunk.lost)


def camera_pieces(
    frames: Iterable[Any],
    clock: DeviceTimes,
    rate_hz: float,
    within: tuple[float, float],
    store: Callable[[U8Array], int],
) -> Iterator[Piece]:
    """Have a camera's frames stored, and yield their index rows.

    Args:
        frames: of one camera, in order.
        clock: what it stamps by.
        rate_hz: its rate.
        within: start and stop of the recording; frames outside of it are not stored.
        store: takes an image and gives its number in the file.
    """
    start, stop = within
    stamps: list[float] = []
    rows: list[list[float]] = []
    for frame in frames:
        assert isinstance(frame, Frame)
        assert frame.device_time is not None, "simulated cameras have a clock"
        for back in range(frame.lost, -1, -1):
            own = frame.device_time - back / rate_hz
            stamp = clock.lsl_of(own)
            if not start <= stamp <= stop:
                continue
            kept = back == 0 and frame.image is not None
            file_index = store(frame.image) if kept and frame.image is not None else -1
            fate = Fate.STORED if kept else Fate.DEVICE_LOST
            exposure = frame.exposure_us if frame.exposure_us is not None else math.nan
            number = frame.device_frame - back
            stamps.append(stamp)
            rows.append([file_index, number, own, exposure, math.nan, fate.code, 1])
        if stamps and stamps[-1] - stamps[0] >= _PIECE_S:
            yield Piece(np.array(stamps), np.array(rows))
            stamps, rows = [], []
    if stamps:
        yield Piece(np.array(stamps), np.array(rows))
