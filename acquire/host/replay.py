"""`replay`: a recording as live streams, at its own pace, a session's video as a camera.

Every sample is sent when as much time has passed since the start as there is between its stamp and
the first stamp of the recording; stamps are shifted to now and otherwise as recorded, clock offsets
applied, so that streams recorded from different clocks keep their alignment. Nothing is dejittered.
At n times the speed, intervals are an n-th and rates n times what they were.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from acquire.host.replayed import Film, Part, Track
from acquire.processes.messages import OVER
from devices.base import (
    Chunk,
    Clock,
    Device,
    DeviceError,
    Frame,
    Notice,
    Settings,
    StreamSpec,
    VideoSpec,
)
from recordings.errors import RecordingError
from recordings.names import is_named, shown_names
from recordings.stream_kinds import EVENTS_STREAM, VIDEO_TYPE

if TYPE_CHECKING:
    from recordings.read.camera import Camera
    from recordings.read.foreign.signals import SignalFile
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


class Replay(Device):
    """Plays a recording."""

    Settings = ReplaySettings
    summary = "a recording live again: session, XDF, BrainVision, EDF, BDF, AcqKnowledge"

    def __init__(self, settings: ReplaySettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._session: Session | None = None
        self._parts: list[Part] = []
        self._notes: list[str] = []

    def open(self) -> Sequence[StreamSpec | VideoSpec]:
        """Read the file.

        Raises:
            DeviceError: it cannot be read, or has no stream that was asked for.
        """
        path = self._settings.path.expanduser()
        try:
            content, cameras = self._contents(path)
            films = [Film(c) for c in cameras if self._is_wanted(c.name, VIDEO_TYPE)]
        except RecordingError as error:
            self.close()
            raise DeviceError(f"path: {error}") from error
        wanted = [s for s in content.streams if self._is_wanted(s.name, s.type, s.number)]
        if not wanted and not films:
            names = [*(s.name for s in content.streams), *(c.name for c in cameras)]
            there = ", ".join(map(repr, names)) or "no stream"
            self.close()
            raise DeviceError(f"{path}: no stream to replay; the file has {there}")
        speed = self._settings.speed
        numbered = enumerate(wanted, 1)  # files without numbers of their own name streams apart
        names = shown_names((s.name, s.type, s.number if s.number >= 0 else n) for n, s in numbered)
        tracks = [Track(n, s, s.times) for n, s in zip(names, wanted, strict=True)]
        self._parts = [*tracks, *films]
        self._notes = [*content.notes, *self._put_together()]
        first = min((p.times[0] for p in self._parts if len(p.times)), default=0.0)
        for part in self._parts:
            part.times = (part.times - first) / speed
        return [part.spec(speed) for part in self._parts]

    def _put_together(self) -> list[str]:
        """Leave out what was stamped by another clock, and silences of hours; say what that was."""
        from acquire.host.playing_times import far_from_the_rest, without_silence
        from recordings.read.outside import long_span

        parts = self._parts
        far = far_from_the_rest([p.times for p in parts], [p.rate_hz for p in parts])
        notes = [
            f"{parts[n].name}: all its stamps lie {long_span(away)} from the other streams: "
            "stamped by another clock; left out, name it alone with --stream to play it"
            for n, away in far.items()
        ]
        self._parts = [part for n, part in enumerate(parts) if n not in far]
        shorter, cut_s = without_silence([part.times for part in self._parts])
        for part, times in zip(self._parts, shorter, strict=True):
            part.times = times
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
        length = max((p.times[-1] for p in self._parts if len(p.times)), default=0.0) + STEP_S
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
                for part in self._parts:
                    yield from part.due(now - start, start)
            except RecordingError as error:
                raise DeviceError(f"{self._settings.name}: {error}") from error
            self.resting = told  # what was to be sent first has been sent
            if not told and not self._settings.loop and now - start > length + TAIL_S:
                told = True
                yield Notice("info", OVER, f"{self._settings.path.name} is over")
            if self._settings.loop and now - start > length:
                start, step = now, 0
                for part in self._parts:
                    part.rewind()

    def _silence(self, until: float) -> Iterator[None]:
        while self._clock.now() + AHEAD_S < until:
            yield None
            self._clock.sleep_until(min(self._clock.now() + AHEAD_S, until))

    def close(self) -> None:
        """Let go of the files."""
        self._parts = []
        if self._session is not None:
            self._session.close()
            self._session = None
