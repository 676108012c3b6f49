"""Opening a session, or any XDF file, for analysis: lazily, with corrections that are asked for.

    with open_session("sub-01_ses-01_task-rest_run-01") as session:
        times, values = session["eeg"].read(start=session.start + 60, stop=session.start + 70)
        picture = session.cameras["face"].at(times[0])

Times are seconds of the recording computer's LSL clock. The file holds raw stamps; `Stamps` says
what is done to them on reading.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from recordings import names
from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.manifest_entries import VideoEntry
from recordings.read.camera import Camera
from recordings.read.fill import rate_notes, stamp_notes
from recordings.read.grid import grid_of
from recordings.read.markers import SessionMarker, parse_markers
from recordings.read.opening import locate, open_recording
from recordings.read.outside import timeless_notes
from recordings.read.sound import Sound
from recordings.read.stream import Stream
from recordings.read.to_mne import has_eeg, to_mne
from recordings.read.trials import Trial, columns, trials
from recordings.stamps.bad_stamps import is_number
from recordings.stream_kinds import EVENTS_STREAM
from recordings.xdf.reader import XdfRecording
from recordings.xdf.recorded_span import recorded_span

StreamKey = str | int | tuple[str, str]
"""How a stream is named: `Muse`, `Muse (EEG)`, ("Muse", "EEG"), `#1`, 1 or `Muse (EEG) #1`."""


class Session:
    """An open session. Close it, or use it in a `with`; arrays that were read stay valid."""

    def __init__(
        self,
        path: Path,
        recording: XdfRecording,
        manifest: Manifest | None,
        subtract_latency: Collection[str],
    ) -> None:
        self.path = path
        self.manifest = manifest
        self.recording = recording
        entries = {entry.id: entry for entry in manifest.streams} if manifest else {}
        self.streams: tuple[Stream, ...] = tuple(
            Stream(s, entries.get(s.id), s.name in subtract_latency, shown)
            for s, shown in zip(recording.streams, recording.shown_names, strict=True)
        )
        if unknown := sorted(set(subtract_latency) - {s.name for s in self.streams}):
            raise RecordingError(f"{path}: no stream {unknown[0]!r} whose latency to subtract")

    def __repr__(self) -> str:
        return f"<Session {self.path.name}: {', '.join(map(repr, self.streams))}>"

    def __getitem__(self, key: StreamKey) -> Stream:
        """Give a stream by its name, by (name, type) or `name (type)`, or by its id or `#id`.

        Another stream comes before the index stream of a camera of its name, whose frames
        `cameras` has.

        Raises:
            RecordingError: there is none, or more than one; the message lists those there are.
        """
        found = [s for s in self.streams if names.is_named(key, s.name, s.type, s.xdf.id)]
        exact = [s for s in self.streams if s.name == key] or found
        exact = [s for s in exact if not s.xdf.info.is_index] or exact
        if len(exact) == 1:
            return exact[0]
        listed = ", ".join(f"{s.name} ({s.type}) #{s.xdf.id}" for s in exact or self.streams)
        if exact:
            raise RecordingError(
                f"{self.path}: {len(exact)} streams are called {key!r}: {listed}; name one with "
                f"its type, {f'{exact[0].name} ({exact[0].type})'!r}, or by its number, "
                f"'#{exact[0].xdf.id}'"
            )
        known = ", ".join(s.name for s in self.streams) or "none"
        raise RecordingError(f"{self.path}: no stream {key!r}; there are: {known}")

    def __iter__(self) -> Iterator[Stream]:
        return iter(self.streams)

    def __contains__(self, name: object) -> bool:
        return any(names.is_named(name, s.name, s.type, s.xdf.id) for s in self.streams)

    @cached_property
    def start(self) -> float:
        """LSL time of the start: of the recording, or of a bare file its signals."""
        if self.manifest is not None and self.manifest.lsl_start is not None:
            return self.manifest.lsl_start
        return self._span[0]

    @cached_property
    def stop(self) -> float:
        """LSL time of the end."""
        if self.manifest is not None and self.manifest.lsl_stop is not None:
            return self.manifest.lsl_stop
        return self._span[1]

    @cached_property
    def _span(self) -> tuple[float, float]:
        return recorded_span(self.recording.streams) or (math.nan, math.nan)

    @cached_property
    def cameras(self) -> Mapping[str, Camera]:
        """The cameras by name; opened when a frame is asked for."""
        videos: tuple[VideoEntry, ...] = self.manifest.videos if self.manifest else ()
        # Another program's stream may have the camera's name.
        index = {s.name: s for s in reversed(self.streams) if s.xdf.info.is_index}
        return {v.name: Camera(v, index[v.name], self.path) for v in videos if v.name in index}

    @cached_property
    def sounds(self) -> Mapping[str, Sound]:
        """The microphones by name; decoded when a stretch is asked for."""
        entries = self.manifest.sounds if self.manifest else ()
        index = {s.name: s for s in reversed(self.streams) if s.xdf.info.is_index}
        return {e.name: Sound(e, index[e.name], self.path) for e in entries if e.name in index}

    def markers(self, *names: str) -> list[SessionMarker]:
        """List the markers of the streams `names` (default: all of them), in order of time.

        Markers are strings, and numbers without a rate of type `Markers`; of a stream that is
        named, whatever has no rate. Those whose stamp is no number have no time, and are left out.

        Raises:
            RecordingError: there is no such stream, or it is a signal.
        """
        streams = [self[name] for name in names] or [s for s in self.streams if s.is_markers]
        found = [
            # What is called like the recorder's own log is left out as that, however often.
            SessionMarker(stream.name if stream.name == EVENTS_STREAM else stream.shown, marker)
            for stream in streams
            for marker in parse_markers(stream.times(), stream.marker_rows())
            if is_number(marker.time)
        ]
        return sorted(found, key=lambda m: m.time)

    def trials(self, *names: str) -> list[Trial]:
        """List the stimuli from onset to end that the markers of these streams (all) tell."""
        return trials(self.markers(*names))

    def marker_columns(self, *names: str) -> dict[str, list[Any]]:
        """Give `markers` as columns, for any frame library: time, stream, event, code, trial…"""
        return columns(self.markers(*names))

    def utc(self, time: float) -> datetime | None:
        """Give an LSL time as UTC, by the manifest's clock at the start; None without one."""
        if self.manifest is None or not self.manifest.clock:
            return None
        pair = self.manifest.clock[0]
        return pair.when + timedelta(seconds=time - pair.lsl)

    def to_mne(self, name: str | None = None) -> Any:
        """Give a stream (the first of type EEG without a name) as an `mne.io.Raw`.

        See `recordings.read.to_mne` for gaps, units and how markers become annotations. What a
        file without stamps cannot tell is a `RuntimeWarning`.

        Raises:
            RecordingError: there is no such stream with samples, or MNE is not installed.
        """
        stream = self[name] if name else self._first_eeg()
        grid = grid_of(stream)
        powerline_hz = self.manifest.powerline_hz if self.manifest else None
        start = self.utc(grid.first)
        notes = [*stamp_notes(stream), *rate_notes(stream), *timeless_notes(self.streams)]
        if self.recording.damage:
            notes.append(f"{self.recording.path.name}: {self.recording.damage_text}")
        for note in notes:
            warnings.warn(note, RuntimeWarning, stacklevel=2)
        return to_mne(stream, grid, self.markers(), start, powerline_hz)

    @cached_property
    def eeg(self) -> Stream | None:
        """The EEG: the first signal of type EEG with electrodes.

        Of several, the first that tells time and lasts a second.
        """
        found = [s for s in self.signals if s.type.upper() == "EEG" and has_eeg(s)]
        if len(found) > 1:
            found = [s for s in found if s.tells_time and len(s) >= s.rate_hz] or found
        return found[0] if found else None

    @property
    def signals(self) -> list[Stream]:
        """The streams of numbers with a rate that have samples; frames of cameras are none."""
        regular = (s for s in self.streams if s.rate_hz > 0 and not s.is_text and len(s))
        return [s for s in regular if not s.xdf.info.is_index]

    @property
    def irregular(self) -> list[Stream]:
        """The streams of numbers without a rate that have samples; markers are none."""
        numbers = (s for s in self.streams if not s.is_text and not s.rate_hz and len(s))
        return [s for s in numbers if not (s.is_markers or s.xdf.info.is_index)]

    def _first_eeg(self) -> Stream:
        if self.eeg is None:
            known = ", ".join(f"{s.name} ({s.type})" for s in self.streams) or "none"
            raise RecordingError(
                f"{self.path}: no stream of type EEG with a rate, samples and electrodes, whose "
                f"unit is of volts or not said; name one of: {known}"
            )
        return self.eeg

    def close(self) -> None:
        """Let go of the files."""
        for camera in self.__dict__.get("cameras", {}).values():
            camera.close()
        self.recording.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def open_session(
    path: str | Path, *, subtract_latency: Collection[str] = (), strict: bool = False
) -> Session:
    """Open a session folder, or any XDF file.

    The latencies of streams come off their times only where they were measured and the stream is
    named in `subtract_latency`. `strict` reads the whole file at once, and leaves out chunks that
    do not hold samples, as after a crash of the computer; `recording.damage` lists what that was.

    Raises:
        RecordingError: it is neither, its version is not read here, or a latency that is to be
            subtracted was never measured.
    """
    where, xdf, manifest = locate(Path(path))
    recording = open_recording(xdf, manifest, strict=strict)
    try:
        return Session(where, recording, manifest, subtract_latency)
    except RecordingError:
        recording.close()
        raise


def camera_of(session: Session, name: str) -> Camera:
    """Return a camera by its name.

    Raises:
        RecordingError: there is none; the message lists those there are.
    """
    if name not in session.cameras:
        known = ", ".join(session.cameras) or "none"
        raise RecordingError(f"{session.path}: no camera {name!r}; there are: {known}")
    return session.cameras[name]
