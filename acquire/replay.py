"""`replay`: the streams of an XDF file as live streams, at their own pace.

Every sample is sent when as much time has passed since the start as there is between its stamp and
the first stamp of the file; stamps are shifted to now and otherwise as recorded, clock offsets
applied, so that streams recorded from different clocks keep their alignment. Nothing is dejittered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np

from devices.base import (
    Array,
    Channel,
    Chunk,
    Clock,
    Device,
    DeviceError,
    Dtype,
    F64Array,
    Settings,
    StreamSpec,
)
from recordings.errors import RecordingError

if TYPE_CHECKING:
    from recordings.xdf_reader import XdfRecording, XdfStream

STEP_S = 0.02
"""Samples are sent in chunks of this length."""
AHEAD_S = 0.1
"""The first sample is due this long after the start; a driver is never silent for 0.2 s."""


class ReplaySettings(Settings):
    """`path`: an XDF file; ~ is understood."""

    path: Path
    streams: tuple[str, ...] = ()  # names; none = all
    loop: bool = False


@dataclass(slots=True)
class _Track:
    """One stream of the file, as far as it has been sent."""

    name: str
    stream: XdfStream
    times: F64Array  # s since the first stamp of the file
    data: Array
    sent: int = 0

    def until(self, time: float) -> slice:
        """Take what is due."""
        stop = int(np.searchsorted(self.times, time, side="right"))
        due = slice(self.sent, stop)
        self.sent = max(self.sent, stop)
        return due


class Replay(Device):
    """Plays an XDF file."""

    Settings = ReplaySettings
    summary = "the streams of an XDF file, live again"

    def __init__(self, settings: ReplaySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._recording: XdfRecording | None = None
        self._tracks: list[_Track] = []

    def open(self) -> Sequence[StreamSpec]:
        """Read the file.

        Raises:
            DeviceError: it cannot be read, or has no stream that was asked for.
        """
        from recordings.xdf_reader import read_xdf

        path = self._settings.path.expanduser()
        try:
            self._recording = read_xdf(path)
        except RecordingError as error:
            raise DeviceError(f"path: {error}") from error
        wanted = [s for s in self._recording.streams if self._is_wanted(s)]
        if not wanted:
            there = ", ".join(repr(s.name) for s in self._recording.streams) or "no stream"
            raise DeviceError(f"{path}: no stream to replay; the file has {there}")
        names = _unique_names([s.name or f"stream-{s.id}" for s in wanted])
        self._tracks = [_track(n, s) for n, s in zip(names, wanted, strict=True)]
        first = min((t.times[0] for t in self._tracks if len(t.times)), default=0.0)
        for track in self._tracks:
            track.times -= first
        return [_spec(track, self._settings.name) for track in self._tracks]

    def _is_wanted(self, stream: XdfStream) -> bool:
        return not self._settings.streams or stream.name in self._settings.streams

    def read(self) -> Iterator[Chunk | None]:
        """Send what is due; after the end nothing more, or the file again from its start."""
        start = self._clock.now() + AHEAD_S
        length = max((t.times[-1] for t in self._tracks if len(t.times)), default=0.0) + STEP_S
        step = 0
        while True:
            step += 1
            now = start + step * STEP_S
            self._clock.sleep_until(now)
            yield None
            for track in self._tracks:
                due = track.until(now - start)
                if due.start < due.stop:
                    yield Chunk(track.name, track.times[due] + start, track.data[due])
            if self._settings.loop and now - start > length:
                start, step = now, 0
                for track in self._tracks:
                    track.sent = 0

    def close(self) -> None:
        """Let go of the file."""
        self._tracks = []
        if self._recording is not None:
            self._recording.close()
            self._recording = None


def _track(name: str, stream: XdfStream) -> _Track:
    from recordings.timing import correct, fit_offsets

    stamps = stream.stamps
    if len(stamps):
        stamps = correct(stamps, fit_offsets(stream.offset_times, stream.offset_values))
        # A step back in time cannot be waited for: what is late is sent with what came before.
        stamps = np.maximum.accumulate(stamps)
    if stream.is_text:
        data: Array = np.array(stream.strings, dtype=object).reshape(len(stamps), -1)
    else:
        data = stream.data
    return _Track(name, stream, stamps, data)


def _spec(track: _Track, device: str) -> StreamSpec:
    info = track.stream.info
    return StreamSpec(
        name=track.name,
        type=info.type,
        channels=tuple(Channel(c.label, c.unit, c.kind) for c in info.channels),
        rate_hz=info.rate_hz,
        dtype=cast("Dtype", "string" if info.dtype is None else info.dtype.name),
        source_id=f"replay:{device}:{info.source_id or track.name}",
        manufacturer=info.text("desc/acquisition/manufacturer"),
        model=info.text("desc/acquisition/model"),
        can_drop_samples=info.can_drop_samples,
    )


def _unique_names(names: Sequence[str]) -> list[str]:
    """Number the names that occur more than once."""
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return unique
