"""A stream's samples on an even grid, and the gaps in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recordings.arrays import BoolArray, F64Array, I64Array, spans
from recordings.errors import RecordingError
from recordings.lateness.axis import Axis, Given, all_times
from recordings.lateness.pace import Loss, lost_before
from recordings.read.fill import check_fill
from recordings.read.markers import SessionMarker, describe
from recordings.read.stream import Stream
from recordings.stream_kinds import EVENTS_STREAM

SKIP: Final = "BAD_ACQ_SKIP"
"""How MNE calls a stretch that no sample fills, and leaves it out."""


class Grid:
    """The samples of a regular stream on an even grid at its nominal rate.

    `skips` are the stretches (first, after the last) of the grid that no sample fills. Before the
    first sample and after the last it goes on at `true_hz`, else at its own rate. It takes no
    memory by the sample until `times` or `at` are asked for.
    """

    def __init__(
        self,
        times: F64Array | Axis,
        rate_hz: float,
        losses: Sequence[Loss] = (),
        true_hz: float | None = None,
    ) -> None:
        self._axis: Axis = Given(times) if isinstance(times, np.ndarray) else times
        self.rate_hz, self.true_hz = rate_hz, true_hz or rate_hz
        self._lost = lost_before(losses)
        self._samples = len(times)
        gaps = [loss.index for loss in losses if loss.lost and loss.index + 1 < self._samples]
        before, after = (self._places(np.array(gaps, np.int64) + n).tolist() for n in (0, 1))
        self.skips = [(a + 1, b) for a, b in zip(before, after, strict=True)]

    def __len__(self) -> int:
        return self._place(self._samples - 1) + 1 if self._samples else 0

    @cached_property
    def times(self) -> F64Array:
        """The samples' own times, shape (n,), LSL seconds: once computed, they are searched."""
        times = all_times(self._axis)
        self._axis = Given(times)
        return times

    @cached_property
    def at(self) -> I64Array:
        """Where each sample stands on the grid, shape (n,)."""
        return self._places(np.arange(self._samples))

    @cached_property
    def first(self) -> float:
        """The time of the first sample, LSL seconds."""
        return float(self._axis.at(np.array([0]))[0])

    @cached_property
    def last(self) -> float:
        """The time of the last sample, LSL seconds."""
        return float(self._axis.at(np.array([self._samples - 1]))[0])

    def _places(self, numbers: I64Array) -> I64Array:
        return np.asarray(numbers + self._lost.at(numbers), np.int64)

    def _place(self, number: int) -> int:
        return int(self._places(np.array([number]))[0])

    def positions(self, times: F64Array) -> F64Array:
        """Return where `times`, shape (n,), lie on the grid, in samples; outside, extrapolated."""
        early, late = times <= self.first, times >= self.last
        right = np.clip(self._axis.before(times), 1, max(self._samples - 1, 1))
        right[early | late] = 0
        left = np.maximum(right - 1, 0)
        since = self._axis.at(left)
        step = self._axis.at(right) - since
        share = np.divide(times - since, step, out=np.zeros(len(times)), where=step > 0)
        before = self._places(left)
        out = before + share * (self._places(right) - before)
        out[early] = (times[early] - self.first) * self.true_hz
        out[late] = len(self) - 1 + (times[late] - self.last) * self.true_hz
        return np.asarray(out, np.float64)

    def spread(self, data: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Return data, shape (n, channels), on the grid, shape (len, channels), gaps as zeros."""
        if len(self) == len(data):
            return data
        out = np.zeros((len(self), data.shape[1]), data.dtype)
        out[self.at] = data
        return out

    def pieces(
        self, read: Callable[[int, int], npt.NDArray[Any]], size: int
    ) -> Iterator[tuple[npt.NDArray[Any], BoolArray]]:
        """Yield what `spread` gives, and which rows no sample fills, some rows at a time.

        `read` gives samples from the first number to before the second.
        """
        for part in spans(self._samples, size):
            first, after = part.start, part.stop
            begin = self._place(first)
            end = self._place(after) if after < self._samples else len(self)
            samples, where = read(first, after), self._places(np.arange(first, after)) - begin
            rows = np.zeros((end - begin, samples.shape[1]), samples.dtype)
            rows[where] = samples
            missing = np.ones(end - begin, np.bool_)
            missing[where] = False
            yield rows, missing


def grid_of(stream: Stream, *, filled: bool = True) -> Grid:
    """Return the grid of a regular stream; `filled`: see `check_fill`.

    Raises:
        RecordingError: the stream has no rate, holds text, is empty, or lacks too many samples.
    """
    if stream.is_text or stream.rate_hz <= 0:
        raise RecordingError(f"stream {stream.shown!r} has no rate: it is no signal")
    if not len(stream):
        raise RecordingError(f"stream {stream.shown!r} has no samples")
    grid = Grid(stream.axis, stream.rate_hz, stream.pace.losses)
    check_fill(stream, len(grid), filled=filled)
    if filled:
        return grid
    losses = [*stream.pace.losses, *_breaks(stream)]
    return Grid(stream.axis, stream.rate_hz, losses, stream.pace.rate_hz)


def _breaks(stream: Stream) -> list[Loss]:
    """Count what lacks where a clock may have been set, and so nothing is counted as lost.

    Where nothing is filled in, it is a sensor that was away (see `check_fill`): without places of
    its own, what lies between would be taken for known.
    """
    pace = stream.pace
    counted = [loss.index for loss in pace.losses if loss.lost]
    last = np.setdiff1d(pace.cuts, counted)
    periods = (stream.axis.at(last + 1) - stream.axis.at(last)) * pace.rate_hz
    counts = np.rint(periods).astype(np.int64) - 1
    return [Loss(i, n) for i, n in zip(last.tolist(), counts.tolist(), strict=True) if n > 0]


def annotations_on(
    grid: Grid, markers: Iterable[SessionMarker]
) -> list[tuple[float, float | None, str]]:
    """Return (onset, duration, text) of the gaps and of the markers, seconds on the grid.

    Left out are the recorder's own events, and markers that no sample is near. A marker has no
    duration.
    """
    found: list[tuple[float, float | None, str]] = [
        (first / grid.rate_hz, (after - first) / grid.rate_hz, SKIP) for first, after in grid.skips
    ]
    markers = list(markers)
    places = grid.positions(np.array([marker.time for marker in markers])).tolist()
    for marker, at in zip(markers, places, strict=True):
        if marker.stream != EVENTS_STREAM and -0.5 <= at <= len(grid) - 0.5:
            found.append((max(at, 0.0) / grid.rate_hz, None, describe(marker)))
    return found
