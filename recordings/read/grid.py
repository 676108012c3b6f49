"""A stream's samples on an even grid, and the gaps in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recordings.arrays import BoolArray, F64Array
from recordings.errors import RecordingError
from recordings.lateness.decision import Loss, missing_before
from recordings.read.fill import check_fill
from recordings.read.markers import SessionMarker, describe
from recordings.read.stream import Stream
from recordings.stream_kinds import EVENTS_STREAM

SKIP: Final = "BAD_ACQ_SKIP"
"""How MNE calls a stretch that no sample fills, and leaves it out."""


class Grid:
    """The samples of a regular stream on an even grid at its nominal rate.

    `at[i]` is where sample i stands; `times` are the samples' own times; `skips` are the stretches
    (first, after the last) of the grid that no sample fills.
    """

    def __init__(self, times: F64Array, rate_hz: float, losses: Sequence[Loss] = ()) -> None:
        self.times = times
        self.rate_hz = rate_hz
        self.at = missing_before(losses, len(times))
        self.at += np.arange(len(times))
        self.skips = [
            (int(self.at[loss.index]) + 1, int(self.at[loss.index + 1]))
            for loss in losses
            if loss.lost and loss.index + 1 < len(times)
        ]

    def __len__(self) -> int:
        return int(self.at[-1]) + 1 if len(self.at) else 0

    def position(self, time: float) -> float:
        """Return where `time` lies on the grid, in samples; outside of the stream, extrapolated."""
        return float(self.positions(np.array([time]))[0])

    def positions(self, times: F64Array) -> F64Array:
        """Return where `times`, shape (n,), lie on the grid, as `position` does for one."""
        own = self.times
        early, late = times <= own[0], times >= own[-1]
        # np.interp would turn `at` into floats at every call: 5 ms in an hour of EEG.
        right = np.clip(np.searchsorted(own, times), 1, max(len(own) - 1, 1))
        right[early | late] = 0
        left = np.maximum(right - 1, 0)
        step = own[right] - own[left]
        share = np.divide(times - own[left], step, out=np.zeros(len(times)), where=step > 0)
        out = self.at[left] + share * (self.at[right] - self.at[left])
        out[early] = (times[early] - own[0]) * self.rate_hz
        out[late] = self.at[-1] + (times[late] - own[-1]) * self.rate_hz
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
        for first in range(0, len(self.at), size):
            after = min(first + size, len(self.at))
            begin = int(self.at[first])
            end = int(self.at[after]) if after < len(self.at) else len(self)
            samples, where = read(first, after), self.at[first:after] - begin
            rows = np.zeros((end - begin, samples.shape[1]), samples.dtype)
            rows[where] = samples
            missing = np.ones(end - begin, np.bool_)
            missing[where] = False
            yield rows, missing


def grid_of(stream: Stream) -> Grid:
    """Return the grid of a regular stream.

    Raises:
        RecordingError: the stream has no rate, holds text, is empty, or lacks more samples than an
            export fills.
    """
    if stream.is_text or stream.rate_hz <= 0:
        raise RecordingError(f"stream {stream.name!r} has no rate: it is no signal")
    if not len(stream):
        raise RecordingError(f"stream {stream.name!r} has no samples")
    grid = Grid(stream.dejittered, stream.rate_hz, stream.pace.losses)
    check_fill(stream, len(grid))
    return grid


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
    for marker in markers:
        at = grid.position(marker.time)
        if marker.stream != EVENTS_STREAM and -0.5 <= at <= len(grid) - 0.5:
            found.append((max(at, 0.0) / grid.rate_hz, None, describe(marker)))
    return found
