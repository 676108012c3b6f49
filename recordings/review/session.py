"""A session opened to be looked at: cameras, signals, lanes, and what is wrong with it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Self

import numpy as np

from recordings.annotation.model import Visible
from recordings.check.integrity import file_findings
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from recordings.manifest_entries import FileEntry, VideoEntry
from recordings.read.session import Session, open_session
from recordings.review.frame_rows import FrameRows, rows_of, rows_without_index
from recordings.review.lanes import Lane, blinded, lanes_of
from recordings.review.signals import ReviewSignal
from recordings.review.video_chain import VideoChain
from recordings.said import said
from recordings.video.info import VideoInfo

LONGEST_S: Final = 7 * 86400.0
"""A session is no longer: a stamp that says so is wrong, and the axis does without it."""
HASHED_BYTES: Final = 256 << 20
"""Files up to this size are compared with their SHA-256; larger ones by their length alone."""
STEP_S: Final = 0.01
"""Of the cursor where there is no camera."""


@dataclass(frozen=True, slots=True)
class ReviewCamera:
    """One camera; `info` is None, and `problem` says why, where no picture can be read."""

    name: str
    rows: FrameRows
    chain: VideoChain
    info: VideoInfo | None
    problem: str = ""


class ReviewSession:
    """Close it, or use it in a `with`. Nothing of it is changed by looking."""

    def __init__(self, path: Path, hidden: Collection[Visible] = ()) -> None:
        """Open a session folder or an XDF file; what is `hidden` from a coder is never given out.

        Raises:
            RecordingError: it is neither, or cannot be read.
        """
        self.hidden = frozenset(hidden)
        self.session: Session = open_session(path)
        self.path = self.session.path
        self.manifest: Manifest | None = self.session.manifest
        self.is_recording = self.manifest is not None and self.manifest.state in (
            State.ARMED,
            State.RECORDING,
        )
        try:
            self.cameras = {camera.name: camera for camera in self._cameras()}
            shown = () if "signals" in self.hidden else self.session.signals
            self.signals = [ReviewSignal(stream) for stream in shown]
        except BaseException:
            self.session.close()
            raise
        self.start, self.stop = self._span()

    @property
    def title(self) -> str:
        """What the session is called."""
        m = self.manifest
        if m is None:
            return self.path.name
        if "participant" in self.hidden:
            return f"task {m.task}   run {m.run:03}"
        return f"sub {m.participant}   ses {m.session}   task {m.task}   run {m.run:03}"

    @cached_property
    def lanes(self) -> tuple[Lane, ...]:
        """Markers, trials, gaps and alarms."""
        every = lanes_of(self.session, {c.name: c.rows for c in self.cameras.values()})
        return tuple(blinded(every, self.hidden))

    def rows_without_camera(self) -> FrameRows:
        """Give moments for the cursor where there is no camera: every `STEP_S`."""
        count = max(1, int((self.stop - self.start) / STEP_S) + 1)
        rows = rows_without_index(count, 1 / STEP_S, self.start)
        return FrameRows(rows.times, rows.numbers, rows.fates, rows.devices, rows.devices, False)

    def problems(self) -> list[str]:
        """Say what is wrong and can be seen without reading the files."""
        found: list[str] = [
            said("{}: {}", camera.name, camera.problem)
            for camera in self.cameras.values()
            if camera.problem
        ]
        if self.session.recording.damage:
            recording = self.session.recording
            found.append(
                said(
                    "{}: {} places cannot be read; what is whole is shown; unisono repair makes a "
                    "readable copy",
                    recording.path.name,
                    len(recording.damage),
                )
            )
        if self.is_recording or self.manifest is None:
            return found
        if self.manifest.state is State.FAILED:
            found.append(said("the recording failed; what there is is shown"))
        by_size = tuple(f.model_copy(update={"sha256": None}) for f in self.manifest.files)
        return found + self._compared(by_size)

    def changed_files(self, before_each: Callable[[], None] = lambda: None) -> Iterator[str]:
        """Say which files are not what the manifest says, reading those up to `HASHED_BYTES`.

        `before_each` is called before a file is read: it may rest, or raise to stop.
        """
        if self.manifest is None or self.is_recording:
            return
        for entry in self.manifest.files:
            if entry.bytes is not None and entry.bytes <= HASHED_BYTES:
                before_each()
                yield from self._compared((entry,))

    def _compared(self, files: tuple[FileEntry, ...]) -> list[str]:
        assert self.manifest is not None
        manifest = self.manifest.model_copy(update={"files": files})
        try:
            findings = file_findings(manifest, self.path)
        except OSError as error:
            return [f"the files cannot be compared with the manifest: {error}"]
        return [f.told for f in findings if f.level == "fail"]

    def _cameras(self) -> Iterator[ReviewCamera]:
        entries: tuple[VideoEntry, ...] = self.manifest.videos if self.manifest else ()
        indexed = self.session.cameras
        for entry in entries:
            if (camera := indexed.get(entry.name)) is not None:
                rows = rows_of(camera)
                chain = VideoChain(self.path, entry.files, camera.places, growing=self.is_recording)
                yield _with_info(entry.name, rows, chain)
            else:
                yield self._without_index(entry)

    def _without_index(self, entry: VideoEntry) -> ReviewCamera:
        nothing = np.empty(0, np.int64)
        try:
            chain = VideoChain(self.path, entry.files)
        except RecordingError as error:
            chain = VideoChain(self.path, entry.files, (nothing, nothing))
            return ReviewCamera(
                entry.name, rows_without_index(0, 1.0, 0.0), chain, None, str(error)
            )
        rows = rows_without_index(len(chain), entry.rate_hz, entry.lsl_start)
        found = _with_info(entry.name, rows, chain)
        text = said("no index stream: its times are those of the nominal rate, and no stamps")
        return ReviewCamera(found.name, rows, chain, found.info, found.problem or text)

    def _span(self) -> tuple[float, float]:
        manifest = self.manifest
        ends = [t for s in self.session.streams if len(s) for t in (s.first, s.last)]
        for camera in self.cameras.values():
            ends += camera.rows.times[[0, -1]].tolist() if len(camera.rows) else []
        finite = sorted(filter(math.isfinite, ends))
        begun, ended = (manifest.lsl_start, manifest.lsl_stop) if manifest else (None, None)
        start = begun if begun is not None else (finite[0] if finite else 0.0)
        within = [t for t in finite if abs(t - start) < LONGEST_S]
        if ended is None or not abs(ended - start) < LONGEST_S:
            ended = within[-1] if within else start + 1.0
        return start, max(ended, start + 0.1)

    def close(self) -> None:
        """Let go of the files."""
        for camera in self.cameras.values():
            camera.chain.close()
        self.session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _with_info(name: str, rows: FrameRows, chain: VideoChain) -> ReviewCamera:
    try:
        return ReviewCamera(name, rows, chain, chain.info() if len(chain) else None)
    except RecordingError as error:
        return ReviewCamera(name, rows, chain, None, str(error))
