"""A device's own copy of a take: all that is pushed for it, in an XDF file beside its videos.

On a node a cable may be cut for longer than an outlet holds samples. They are shared among takes by
the engine's own rule (`acquire.take.routing`), here by the clock that made the stamps. Whoever
publishes only puts them on a list; a thread writes them, because a write waits wherever the system
first wants to see a video's bytes on the disk, and a frame must not wait for that.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import numpy as np

from acquire.lsl.clock import local_clock
from acquire.lsl.outlet import Outlet
from acquire.lsl.streams import FoundStream, describe
from acquire.processes.messages import Interval, VideoSummary
from acquire.take.routing import is_within, named_in, shares
from acquire.take.xdf_recorder import RecordedStream, XdfRecorder
from devices.arrays import Array, F64Array
from recordings.errors import RecordingError
from recordings.manifest_entries import Level
from recordings.stream_kinds import INDEX_TYPES
from recordings.xdf.file import XdfFile

WRITE_S: Final = 0.25
SYNC_S: Final = 1.0
DRAIN_S: Final = 0.3
"""How long after its stop a take gets what was stamped before; the engine waits a little longer, so
that a copy never has a marker which the engine would not have taken."""
SPLIT_DRAIN_S: Final = 3.0
"""As long as the engine's: a backlog belongs to the take before."""
CUT_S: Final = 2.0
"""A stop heard so much later than it was says in the copy where the videos are to be cut."""
SAME_S: Final = 1e-6
"""A start so close to a stop goes on there: both were mapped from the engine's clock."""
MOST_BYTES: Final = 32 << 20
"""What may wait for the disk. When it is full what comes next is left out, counted, and told."""
_ROW_BYTES: Final = 256  # what a piece takes beside its samples

Videos = Future[list[list[VideoSummary]]]
"""How the files of each camera of a device end."""
TellCopy = Callable[[Level, str, str, int], None]
"""Tells what happens to a copy: level, code, text, number of its take. From any thread."""


@dataclass(eq=False)
class _CopiedTake:
    """One take and its file; the lock of `OwnCopies` guards all but the recorder."""

    number: int
    recorder: XdfRecorder  # the writer's thread alone uses it, once the take is armed
    interval: Interval = field(default_factory=Interval)
    continues: bool = False
    goes_on: bool = False  # in the next take
    cut: float | None = None  # LSL time of a stop that was heard late
    videos: Videos | None = None  # once its stop is known
    closed: Videos = field(default_factory=Future)
    left_out: int = 0
    told: bool = False  # that its file failed

    @property
    def drained_by(self) -> float:
        """LSL time until which what was stamped before its stop is waited for."""
        return self.interval.stop + (SPLIT_DRAIN_S if self.goes_on else DRAIN_S)

    def is_over(self, now: float) -> bool:
        """Whether nothing more can come: its videos are closed, so all their rows were pushed.

        At the end of the process, when `now` is infinite, nothing can.
        """
        closed = self.videos is not None and self.videos.done()
        return now == math.inf or (closed and now > self.drained_by)


@dataclass(frozen=True, slots=True)
class _Piece:
    take: _CopiedTake
    stream: FoundStream
    stamps: F64Array
    data: Array


class OwnCopies:
    """The own copies of one device: one file a take."""

    def __init__(self, tell: TellCopy) -> None:
        self._tell = tell
        # Guards the takes and what waits; held for a few statements, never while anything is
        # written: those who publish a frame take it.
        self._lock = threading.Lock()
        self._takes: tuple[_CopiedTake, ...] = ()  # replaced whole
        self._pieces: list[_Piece] = []
        self._bytes = 0
        self._streams: list[FoundStream] = []
        self._newest: dict[str, int] = {}  # by stream: the newest take that has samples of it
        self._closing = threading.Event()
        self._writer: threading.Thread | None = None  # None: nothing is copied

    def tap(self, outlets: Sequence[Outlet]) -> None:
        """Take in what these outlets push from now on."""
        for outlet in outlets:
            found = describe(outlet.describe())
            if isinstance(found, FoundStream):  # else no engine receives it either
                self._streams.append(found)
                outlet.tap = partial(self._take_in, found)

    def arm(self, number: int, path: Path) -> None:
        """Begin the copy of a take; without one, for want of a disk, the take goes on."""
        try:
            recorder = XdfRecorder(XdfFile(path))
        except RecordingError as error:
            self._say_failed(number, error)
            return
        for stream in self._streams:
            _header_of(recorder, stream)
        with self._lock:
            self._takes = (*self._takes, _CopiedTake(number, recorder))
        if self._writer is None:
            self._writer = threading.Thread(target=self._write_all, name="own copy", daemon=True)
            self._writer.start()

    def start(self, number: int, lsl_start: float) -> None:
        """Copy what belongs to the take from LSL time `lsl_start` on."""
        with self._lock:
            for take in self._numbered(number):
                take.interval = Interval(lsl_start, take.interval.stop)
            self._see_splits()

    def stop(self, number: int, lsl_stop: float, videos: Videos) -> Videos:
        """End the copy at LSL time `lsl_stop`.

        Gives what `videos` gives, once the copy is closed as well: with all rows of those videos.
        """
        with self._lock:
            for take in self._numbered(number):
                take.interval = Interval(take.interval.start, lsl_stop)
                take.videos = videos
                # Of one that was undone before its start nothing is to be cut: a further copy of
                # the same take may have rows after that.
                began = take.interval.start < math.inf
                late = began and local_clock() - lsl_stop > CUT_S
                take.cut = lsl_stop if late else None
                self._see_splits()
                return take.closed
        return videos

    def close(self) -> None:
        """Close all copies with what they have; nothing may be pushed any more."""
        self._closing.set()
        if self._writer is not None:
            self._writer.join()  # without a limit: what it still holds is nowhere else

    def _numbered(self, number: int) -> list[_CopiedTake]:
        return [take for take in self._takes if take.number == number]

    def _see_splits(self) -> None:
        """Find takes that go on in the next one: its start may come before the other's stop."""
        for before, after in zip(self._takes, self._takes[1:], strict=False):
            if abs(after.interval.start - before.interval.stop) <= SAME_S:
                after.continues = True
                before.goes_on = True

    # What is pushed: in the thread that pushes it.

    def _take_in(self, stream: FoundStream, stamps: F64Array, data: Array) -> None:
        if not self._takes:
            return
        now = local_clock()
        with self._lock:
            takes = self._takes
            if not takes:
                return
            for take, mask in zip(takes, self._masks(stream, stamps, data, now), strict=True):
                if isinstance(mask, slice) or mask.any():
                    self._keep(take, stream, stamps[mask], data[mask])

    def _masks(
        self, stream: FoundStream, stamps: F64Array, data: Array, now: float
    ) -> Sequence[Any]:
        """Say which samples each take gets: a slice of all of them, or a mask."""
        takes, rate, newest = self._takes, stream.rate_hz, self._newest.get(stream.key.name)
        named = named_in(data) if stream.key.type in INDEX_TYPES else None
        only = takes[0]
        if named is not None and len(takes) == 1 and (named == only.number).all():
            return [slice(None)]
        has_samples = newest == only.number
        if len(takes) == 1 and is_within(only, stamps, 0.0, now, rate, has_samples):
            return [slice(None)]
        return shares(takes, stamps, 0.0, now, rate, newest, named)

    def _keep(self, take: _CopiedTake, stream: FoundStream, stamps: F64Array, data: Array) -> None:
        name = stream.key.name
        self._newest[name] = max(take.number, self._newest.get(name, 0))
        size = stamps.nbytes + data.nbytes + _ROW_BYTES
        if self._bytes + size > MOST_BYTES:
            take.left_out += len(stamps)
            return
        self._bytes += size
        # Copies: whoever pushed may use its buffers again.
        self._pieces.append(_Piece(take, stream, stamps.copy(), data.copy()))

    # The disk: in a thread of its own.

    def _write_all(self) -> None:
        sync_at = local_clock() + SYNC_S
        ends = False
        while not ends:
            ends = self._closing.wait(WRITE_S)
            now = local_clock()
            takes, over, pieces = self._due(math.inf if ends else now)
            self._write(takes, pieces, now)
            if now >= sync_at:
                sync_at = now + SYNC_S
                self._sync(takes)
            for take in over:
                self._finish(take)

    def _due(self, now: float) -> tuple[Sequence[_CopiedTake], Sequence[_CopiedTake], list[_Piece]]:
        """Give the takes, those of them that are over, and what is to be written first."""
        with self._lock:
            takes = self._takes
            # In their order: what comes after the stop of the last is not the first one's.
            over = tuple(takewhile(lambda take: take.is_over(now), takes))
            self._takes = takes[len(over) :]
            pieces, self._pieces, self._bytes = self._pieces, [], 0
        return takes, over, pieces

    def _write(self, takes: Sequence[_CopiedTake], pieces: Sequence[_Piece], now: float) -> None:
        # One chunk a stream: the recorder keeps no more than one of each until it is written.
        joined: dict[tuple[_CopiedTake, str], list[_Piece]] = defaultdict(list)
        for piece in pieces:
            joined[piece.take, piece.stream.uid].append(piece)
        for (take, uid), parts in joined.items():
            recorded = take.recorder.of(uid) or _header_of(take.recorder, parts[0].stream)
            stamps = np.concatenate([part.stamps for part in parts])
            take.recorder.keep(recorded, stamps, np.concatenate([part.data for part in parts]))
        for take in takes:
            take.recorder.flush(now)
            self._look_after(take)

    def _look_after(self, take: _CopiedTake) -> None:
        if take.recorder.error is not None and not take.told:
            take.told = True
            self._say_failed(take.number, take.recorder.error)

    def _sync(self, takes: Sequence[_CopiedTake]) -> None:
        for take in takes:
            try:
                take.recorder.file.sync()
            except RecordingError as error:
                take.recorder.error = take.recorder.error or error
                self._look_after(take)

    def _finish(self, take: _CopiedTake) -> None:
        if take.cut is not None and not take.goes_on:  # else each frame would be in no take
            for stream in take.recorder.streams.values():
                stream.cut = take.cut
        take.recorder.finish()
        take.recorder.file.release()
        self._look_after(take)
        if take.left_out:
            self._tell(
                "warning",
                "copy-incomplete",
                f"the disk was too slow for its own copy: {take.left_out:,} samples are not in it; "
                "those that came over the network are in the recording",
                take.number,
            )
        videos = take.videos
        take.closed.set_result(videos.result() if videos is not None and videos.done() else [])

    def _say_failed(self, number: int, error: RecordingError) -> None:
        self._tell(
            "warning",
            "copy-failed",
            f"its own copy of the recording is not written any more, and what the network loses "
            f"from here on is lost: {error}",
            number,
        )


def _header_of(recorder: XdfRecorder, stream: FoundStream) -> RecordedStream:
    return recorder.add(stream.uid, stream, stream.info.as_xml(), None)
