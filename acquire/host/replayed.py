"""The parts of a recording that is replayed, streams and films: each sends what is due."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from devices.arrays import F64Array
from devices.base import Channel, Chunk, Dtype, Frame, StreamSpec, VideoSpec
from recordings.stream_kinds import REPLAYED_ROWS, is_index_stream

if TYPE_CHECKING:
    from recordings.read.camera import Camera
    from recordings.read.foreign.signals import SignalStream


@dataclass(slots=True)
class Track:
    """One stream, as far as it has been sent."""

    name: str
    stream: SignalStream
    times: F64Array  # s since the first stamp of the recording, at the speed of the replay
    sent: int = 0

    @property
    def rate_hz(self) -> float:
        """As it was recorded."""
        return self.stream.rate_hz

    def spec(self, speed: float) -> StreamSpec:
        """Say what it is at so many times the speed."""
        stream = self.stream
        labels = [channel.label for channel in stream.channels]
        rows = is_index_stream(stream.type, stream.dtype, labels)
        prefix = REPLAYED_ROWS if rows else "replay:"
        return StreamSpec(
            name=self.name,
            type=stream.type,
            channels=tuple(Channel(c.label, c.unit, c.kind) for c in stream.channels),
            rate_hz=stream.rate_hz * speed,
            dtype=cast("Dtype", stream.dtype),
            source_id=f"{prefix}{stream.source_id or self.name}",
            manufacturer=stream.manufacturer,
            model=stream.model,
            can_drop_samples=stream.can_drop_samples,
        )

    def due(self, time: float, start: float) -> Iterator[Chunk]:
        """Send what is due by `time`, stamped from `start` on."""
        stop = int(np.searchsorted(self.times, time, side="right"))
        due = slice(self.sent, stop)
        if due.start < due.stop:
            self.sent = stop
            data = self.stream.read(due.start, due.stop)
            yield Chunk(self.name, self.times[due] + start, data)

    def rewind(self) -> None:
        """Begin again."""
        self.sent = 0


class Film:
    """The stored frames of one camera, as far as they have been sent; as a `Track`."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self.times = camera.times.copy()
        names = ("device_frame", "exposure_us", "trigger_code")
        self._columns = {name: camera.column(name) for name in names}
        self._sent = 0
        self._pictures: Iterator[Any] = camera.run(0, len(camera))

    @property
    def name(self) -> str:
        """The camera's."""
        return self._camera.name

    @property
    def rate_hz(self) -> float:
        """As it was recorded."""
        return self._camera.entry.rate_hz

    def spec(self, speed: float) -> VideoSpec:
        """Say what it is at so many times the speed."""
        entry = self._camera.entry
        # Pictures come unpacked from the file: 12 bits in 16, whatever the camera packed them into.
        packed = entry.pixel_format.endswith("p")
        return VideoSpec(
            name=self.name,
            width=entry.width,
            height=entry.height,
            pixel_format=entry.pixel_format[:-1] if packed else entry.pixel_format,
            rate_hz=entry.rate_hz * speed,
            source_id=f"replay:{self.name}",
            model="replay",
        )

    def due(self, time: float, start: float) -> Iterator[Frame]:
        """Send what is due by `time`, stamped from `start` on."""
        numbers = self._columns["device_frame"]
        while self._sent < len(self.times) and self.times[self._sent] <= time:
            k, self._sent = self._sent, self._sent + 1
            number = numbers[k] if np.isfinite(numbers[k]) else k
            before = numbers[k - 1] if k and np.isfinite(numbers[k - 1]) else number - 1
            yield Frame(
                self.name,
                int(number),
                float(self.times[k]) + start,
                next(self._pictures),
                exposure_us=_known(self._columns["exposure_us"][k]),
                code=_code(self._columns["trigger_code"][k]),
                lost=max(0, int(number - before) - 1),
            )

    def rewind(self) -> None:
        """Begin again."""
        self._sent = 0
        self._pictures = self._camera.run(0, len(self._camera))


Part = Track | Film


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _code(value: float) -> int | None:
    return int(value) if np.isfinite(value) else None  # 0 is a code as well
