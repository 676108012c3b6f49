"""A stream put together from what came over the network and what its sender kept itself.

A node keeps a copy of all that its devices send (`*.copy.xdf`). What a cut cable has lost of a
stream is taken from there, sample by sample: a sample is the same in both files, its stamp to the
last bit. Clock offsets, header and number are those of the stream that was received. Nothing is
read before the stream's length or its samples are asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recordings.arrays import BoolArray, F64Array, I64Array
from recordings.errors import RecordingError
from recordings.stamps.clock_offsets import correct, fit_offsets
from recordings.stream_kinds import INDEX_CHANNELS
from recordings.xdf.header import Footer
from recordings.xdf.joining import Piece, found_in, pieces
from recordings.xdf.reader import XdfRecording, read_xdf
from recordings.xdf.stream import XdfStream

EDGE_S: Final = 5e-3
"""What a copy has beyond a stream's ends within so much of the recording's is not lost: the two
clocks that cut there lie some microseconds apart."""
LATE_S: Final = 0.5
"""So long after the stop something without a rate may be stamped that still came in time."""
_TAKE: Final = INDEX_CHANNELS.index("take")

Interval = tuple[float | None, float | None]
"""A recording's start and stop on the recording computer's clock, where they are known."""


def read_merged(
    path: Path,
    copies: Sequence[Path],
    interval: Interval,
    *,
    strict: bool = False,
    on_unreadable: Callable[[RecordingError], None] | None = None,
) -> XdfRecording:
    """Open an XDF file; its streams have what the copies have beyond them.

    Args:
        path: what was received.
        copies: of devices of nodes, each in the order in which it was started.
        interval: what is stamped outside is not of the recording.
        strict: see `read_xdf`.
        on_unreadable: told of a copy that cannot be read, and does without it; None: that is
            an error.

    Raises:
        RecordingError: a file cannot be opened, or is no XDF file.
    """
    recording = read_xdf(path, strict=strict)
    opened: list[XdfRecording] = []
    for copy in copies:
        try:
            opened.append(read_xdf(copy, strict=strict))
        except RecordingError as error:
            told = RecordingError(f"{error}; collect this copy again, or move it away")
            if on_unreadable is None:
                for one in (recording, *opened):
                    one.close()
                raise told from error
            on_unreadable(told)
    recording.copies = tuple(opened)
    recording.streams = _merged(recording.streams, opened, interval)
    return recording


def _merged(
    received: Sequence[XdfStream], copies: Sequence[XdfRecording], interval: Interval
) -> tuple[XdfStream, ...]:
    streams = list(received)
    for copy in copies:
        for kept in copy.streams:
            same = [k for k, stream in enumerate(streams) if _kind(stream) == _kind(kept)]
            same.sort(key=lambda k: streams[k].info.uid != kept.info.uid)
            if same:
                streams[same[0]] = MergedStream(streams[same[0]], kept, interval)
    return tuple(streams)


def _kind(stream: XdfStream) -> tuple[object, ...]:
    """Give what makes a stream the same one after its device was started again."""
    i = stream.info
    shape = i.channel_format, i.channel_count, i.rate_hz
    return (i.name, i.type, i.source_id, i.hostname, *shape)


class MergedStream(XdfStream):
    """A received stream with what its own copies have beyond it."""

    def __init__(self, received: XdfStream, copy: XdfStream, interval: Interval) -> None:
        """Merge nothing yet; see `read_merged`."""
        self.received, self.copy = received, copy
        self.id, self.info = received.id, received.info
        self._interval = interval

    @cached_property
    def _ends(self) -> I64Array:  # type: ignore[override]
        """How many samples there are up to the end of each chunk of each piece."""
        ends = [np.zeros(0, np.int64)]
        before = 0
        for source, start, stop in self._pieces:
            inside = source.chunk_ends
            inside = inside[(inside > start) & (inside < stop)]
            ends.append(np.r_[inside, stop] - start + before)
            before += stop - start
        return np.concatenate(ends)

    @cached_property
    def footer(self) -> Footer | None:  # type: ignore[override]
        """The received stream's, with what was added counted: what it had miscounted stays so."""
        said = self.received.footer
        if said is None or not len(self):
            return said
        ends = self.stamps_of(0, 1)[0], self.stamps_of(len(self) - 1, len(self))[0]
        count = None if said.count is None else said.count + len(self) - len(self.received)
        return Footer(float(ends[0]), float(ends[1]), count)

    @property
    def offset_times(self) -> F64Array:
        """As received."""
        return self.received.offset_times

    @property
    def offset_values(self) -> F64Array:
        """As received."""
        return self.received.offset_values

    @cached_property
    def added(self) -> BoolArray:
        """Which samples were not received and are from a copy, shape (n,)."""
        before = added_in(self.received)
        parts = [
            np.ones(stop - start, np.bool_) if source is self.copy else before[start:stop]
            for source, start, stop in self._pieces
        ]
        return np.concatenate([np.zeros(0, np.bool_), *parts])

    @cached_property
    def cut_off(self) -> int:
        """How many samples that came are not of the recording: from after a stop heard late."""
        kept = sum(stop - start for source, start, stop in self._pieces if source is self.received)
        before = self.received.cut_off if isinstance(self.received, MergedStream) else 0
        return before + len(self.received) - kept

    @cached_property
    def _pieces(self) -> tuple[Piece, ...]:
        cut = self.copy.footer.cut if self.copy.footer is not None else None
        kept = np.ones(len(self.received), np.bool_)
        if cut is not None and self.info.is_index:
            kept = self.received.stamps <= cut
        found = found_in(self.received, self.copy)
        missing = (found < 0) & self._of_recording(cut, found)
        return tuple(pieces(self.received, kept, self.copy, found, missing))

    def _of_recording(self, cut: float | None, found: I64Array) -> BoolArray:
        """Say which samples of the copy are of this recording, shape (n,)."""
        stamps = self.copy.stamps
        if self.info.is_index:
            # The camera decides, and its rows name the take; the others are of none.
            named: BoolArray = np.isfinite(self.copy.read(channels=[_TAKE])[:, 0])
            return named if cut is None else named & (stamps <= cut)
        fit = fit_offsets(self.offset_times, self.offset_values)
        inside = np.ones(len(stamps), np.bool_)
        if fit.kind == "none":  # its clock is not known
            return inside
        times = correct(stamps, fit)
        is_regular = self.info.rate_hz > 0 and not self.is_text
        start, stop = self._interval
        known = np.flatnonzero(found >= 0)
        before = slice(0, int(known[0]) if len(known) else 0)
        after = slice(int(known[-1]) + 1 if len(known) else len(stamps), None)
        if start is not None:
            inside &= times >= start
            if is_regular and np.all(times[before][inside[before]] <= start + EDGE_S):
                inside[before] = False
        if stop is not None:
            inside &= times <= stop + (0.0 if is_regular else LATE_S)
            if is_regular and np.all(times[after][inside[after]] >= stop - EDGE_S):
                inside[after] = False
        return inside

    # What the reading of samples is made of.

    def chunk_stamps(self) -> F64Array | None:
        """Return the raw stamp of the first sample of each chunk of each piece."""
        if self.is_text or not self._is_dense:
            return None
        begins = np.r_[0, self._ends[:-1]] if len(self._ends) else self._ends
        return np.array([self._numeric_stamps(k, k + 1)[0] for k in begins.tolist()], np.float64)

    @cached_property
    def _is_dense(self) -> bool:
        return all(source._is_dense for source in (self.received, self.copy))

    def _numeric_runs(
        self, start: int, stop: int
    ) -> Iterator[tuple[F64Array | None, npt.NDArray[Any]]]:
        at = 0
        for source, first, last in self._pieces:
            begin, end = max(start - at, 0), min(stop - at, last - first)
            if begin < end:
                yield from source._numeric_runs(first + begin, first + end)
            at += last - first

    @cached_property
    def _text(self) -> tuple[F64Array, list[list[str]]]:
        stamps = [source.stamps[start:stop] for source, start, stop in self._pieces]
        rows = [row for source, start, stop in self._pieces for row in source.strings[start:stop]]
        return np.concatenate([np.zeros(0), *stamps]), rows


def added_in(stream: XdfStream) -> BoolArray:
    """Say which samples of a stream were not received and are from a copy, shape (n,)."""
    return stream.added if isinstance(stream, MergedStream) else np.zeros(len(stream), np.bool_)
