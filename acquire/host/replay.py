"""`replay`: a recording as live streams, at its own pace, a session's video as a camera.

Every sample is sent when as much time has passed since the start as there is between its stamp and
the first stamp of the recording; stamps are shifted to now and otherwise as recorded, clock offsets
applied, so that streams recorded from different clocks keep their alignment. Nothing is dejittered.
At n times the speed, intervals are an n-th and rates n times what they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from pydantic import Field

from acquire.processes.messages import OVER
from devices.arrays import F64Array
from devices.base import (
    Channel,
    Chunk,
    Clock,
    Device,
    DeviceError,
    Dtype,
    Frame,
    Notice,
    Settings,
    StreamSpec,
    VideoSpec,
)
from recordings.errors import RecordingError
from recordings.names import is_named, shown_names
from recordings.stream_kinds import EVENTS_STREAM, REPLAYED_ROWS, VIDEO_TYPE, is_index_stream

if TYPE_CHECKING:
    from recordings.read.camera import Camera
    from recordings.read.foreign.signals import SignalFile, SignalStream
    from recordings.read.session import Session

STEP_S = 0.02
"""Samples are sent in chunks of this length."""
AHEAD_S = 0.1
"""The first sample is due this long after the start; a driver is never silent for 0.2 s."""
TAIL_S = 0.5
"""So long after the last sample the end is told: whoever records has pulled it by then."""


class ReplaySettings(Settings):
    """What is replayed, and how."""

    path: Path = Field(
        description="a session, or an XDF, BrainVision (.vhdr), EDF, BDF or AcqKnowledge file"
    )
    streams: tuple[str, ...] = Field(default=(), description="these alone; none: all")
    loop: bool = Field(default=False, description="again from the start at its end")
    speed: float = Field(default=1.0, gt=0, le=100, description="times as fast")
    delay_s: float = Field(
        default=0.0, ge=0, le=3600, description="before the first sample: time to connect"
    )
    video: bool = Field(
        default=True, description="of a session's cameras; false: their index streams alone"
    )


@dataclass(slots=True)
class _Track:
    """One stream, as far as it has been sent."""

    name: str
    stream: SignalStream
    times: F64Array  # s since the first stamp of the recording, at the speed of the replay
    sent: int = 0

    def until(self, time: float) -> slice:
        """Take what is due."""
        stop = int(np.searchsorted(self.times, time, side="right"))
        due = slice(self.sent, stop)
        self.sent = max(self.sent, stop)
        return due

    def chunks(self, time: float, start: float) -> Iterator[Chunk]:
        due = self.until(time)
        if due.start < due.stop:
            data = self.stream.read(due.start, due.stop)
            yield Chunk(self.name, self.times[due] + start, data)


@dataclass(slots=True)
class _Film:
    """The stored frames of one camera, as far as they have been sent."""

    camera: Camera
    times: F64Array
    columns: dict[str, F64Array]
    pictures: Iterator[Any]
    sent: int = 0

    @property
    def name(self) -> str:
        return self.camera.name

    def frames(self, time: float, start: float) -> Iterator[Frame]:
        numbers = self.columns["device_frame"]
        while self.sent < len(self.times) and self.times[self.sent] <= time:
            k, self.sent = self.sent, self.sent + 1
            number = numbers[k] if np.isfinite(numbers[k]) else k
            before = numbers[k - 1] if k and np.isfinite(numbers[k - 1]) else number - 1
            yield Frame(
                self.camera.name,
                int(number),
                float(self.times[k]) + start,
                next(self.pictures),
                exposure_us=_known(self.columns["exposure_us"][k]),
                code=_code(self.columns["trigger_code"][k]),
                lost=max(0, int(number - before) - 1),
            )

    def rewind(self) -> None:
        self.sent = 0
        self.pictures = self.camera.run(0, len(self.camera))


class Replay(Device):
    """Plays a recording."""

    Settings = ReplaySettings
    summary = "a recording live again: session, XDF, BrainVision, EDF, BDF, AcqKnowledge"

    def __init__(self, settings: ReplaySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._session: Session | None = None
        self._tracks: list[_Track] = []
        self._films: list[_Film] = []
        self._notes: list[str] = []

    def open(self) -> Sequence[StreamSpec | VideoSpec]:
        """Read the file.

        Raises:
            DeviceError: it cannot be read, or has no stream that was asked for.
        """
        path = self._settings.path.expanduser()
        try:
            content, cameras = self._contents(path)
            self._films = [self._film(c) for c in cameras if self._is_wanted(c.name, VIDEO_TYPE)]
        except RecordingError as error:
            self.close()
            raise DeviceError(f"path: {error}") from error
        wanted = [s for s in content.streams if self._is_wanted(s.name, s.type, s.number)]
        if not wanted and not self._films:
            names = [*(s.name for s in content.streams), *(c.name for c in cameras)]
            there = ", ".join(map(repr, names)) or "no stream"
            self.close()
            raise DeviceError(f"{path}: no stream to replay; the file has {there}")
        speed = self._settings.speed
        numbered = enumerate(wanted, 1)  # files without numbers of their own name streams apart
        names = shown_names((s.name, s.type, s.number if s.number >= 0 else n) for n, s in numbered)
        self._tracks = [_Track(n, s, s.times) for n, s in zip(names, wanted, strict=True)]
        self._notes = [*content.notes, *self._put_together()]
        first = min((t.times[0] for t in self._all if len(t.times)), default=0.0)
        for track in self._all:
            track.times = (track.times - first) / speed
        return [
            *(_spec(track, speed) for track in self._tracks),
            *(_video(film.camera, speed) for film in self._films),
        ]

    @property
    def _all(self) -> list[_Track | _Film]:
        return [*self._tracks, *self._films]

    def _put_together(self) -> list[str]:
        """Leave out what was stamped by another clock, and silences of hours; say what that was."""
        from recordings.read.outside import long_span
        from recordings.read.playing_times import far_from_the_rest, without_silence

        rates = [*(t.stream.rate_hz for t in self._tracks), *(1.0 for _ in self._films)]
        far = far_from_the_rest([track.times for track in self._all], rates)
        notes = [
            f"{self._all[n].name}: all its stamps lie {long_span(away)} from the other streams: "
            "stamped by another clock; left out, name it alone with --stream to play it"
            for n, away in far.items()
        ]
        kept = [track for n, track in enumerate(self._all) if n not in far]
        self._tracks = [track for track in kept if isinstance(track, _Track)]
        self._films = [film for film in kept if isinstance(film, _Film)]
        shorter, cut_s = without_silence([track.times for track in self._all])
        for track, times in zip(self._all, shorter, strict=True):
            track.times = times
        if cut_s:
            notes.append(f"no stream has a sample for {long_span(cut_s)}: cut to a second each")
        return notes

    def _contents(self, path: Path) -> tuple[SignalFile, list[Camera]]:
        from recordings.read.foreign.signal_files import open_signals, session_streams
        from recordings.read.session import open_session

        signals = open_signals(path)
        if signals is not None:
            return signals, []
        if not path.exists():
            raise RecordingError(f"{path}: No such file or session")
        self._session = open_session(path)
        cameras = list(self._session.cameras.values()) if self._settings.video else []
        sounds = list(self._session.sounds)
        content = session_streams(self._session, without=[*(c.name for c in cameras), *sounds])
        # Rows of blocks without the blocks would be taken for a sound that nobody stored.
        content.notes += [f"{name}: sound is not replayed; its level is" for name in sounds]
        return content, cameras

    def _film(self, camera: Camera) -> _Film:
        names = ("device_frame", "exposure_us", "trigger_code")
        columns = {name: camera.column(name) for name in names}
        return _Film(camera, camera.times.copy(), columns, camera.run(0, len(camera)))

    def _is_wanted(self, name: str, type_: str, number: int = -1) -> bool:
        """All but the old recorder's own events, unless names are given: a new one has its own."""
        if not self._settings.streams:
            return name != EVENTS_STREAM
        return any(is_named(key, name, type_, number) for key in self._settings.streams)

    def read(self) -> Iterator[Chunk | Frame | Notice | None]:
        """Send what is due; after the end nothing more, or the recording again from its start.

        Raises:
            DeviceError: a video is damaged, or a file has changed meanwhile.
        """
        start = self._clock.now() + AHEAD_S + self._settings.delay_s
        length = max((t.times[-1] for t in self._all if len(t.times)), default=0.0) + STEP_S
        self.resting = True
        for note in self._notes:
            yield Notice("warning", "replay", note)
        yield from self._silence(start)
        step, told = 0, False
        while True:
            step += 1
            now = start + step * STEP_S
            self._clock.sleep_until(now)
            yield None
            try:
                for track in self._tracks:
                    yield from track.chunks(now - start, start)
                for film in self._films:
                    yield from film.frames(now - start, start)
            except RecordingError as error:
                raise DeviceError(f"{self._settings.name}: {error}") from error
            self.resting = told  # what was to be sent first has been sent
            if not told and not self._settings.loop and now - start > length + TAIL_S:
                told = True
                yield Notice("info", OVER, f"{self._settings.path.name} is over")
            if self._settings.loop and now - start > length:
                start, step = now, 0
                for track in self._tracks:
                    track.sent = 0
                for film in self._films:
                    film.rewind()

    def _silence(self, until: float) -> Iterator[None]:
        while self._clock.now() + AHEAD_S < until:
            yield None
            self._clock.sleep_until(min(self._clock.now() + AHEAD_S, until))

    def close(self) -> None:
        """Let go of the files."""
        self._tracks = []
        self._films = []
        if self._session is not None:
            self._session.close()
            self._session = None


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _code(value: float) -> int | None:
    return int(value) if np.isfinite(value) else None  # 0 is a code as well


def _spec(track: _Track, speed: float) -> StreamSpec:
    stream = track.stream
    labels = [channel.label for channel in stream.channels]
    rows = is_index_stream(stream.type, stream.dtype, labels)
    prefix = REPLAYED_ROWS if rows else "replay:"
    return StreamSpec(
        name=track.name,
        type=stream.type,
        channels=tuple(Channel(c.label, c.unit, c.kind) for c in stream.channels),
        rate_hz=stream.rate_hz * speed,
        dtype=cast("Dtype", stream.dtype),
        source_id=f"{prefix}{stream.source_id or track.name}",
        manufacturer=stream.manufacturer,
        model=stream.model,
        can_drop_samples=stream.can_drop_samples,
    )


def _video(camera: Camera, speed: float) -> VideoSpec:
    entry = camera.entry
    # Pictures come unpacked from the file: 12 bits in 16, whatever the camera packed them into.
    packed = entry.pixel_format.endswith("p")
    return VideoSpec(
        name=camera.name,
        width=entry.width,
        height=entry.height,
        pixel_format=entry.pixel_format[:-1] if packed else entry.pixel_format,
        rate_hz=entry.rate_hz * speed,
        source_id=f"replay:{camera.name}",
        model="replay",
    )
