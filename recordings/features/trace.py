"""Channels of a stream on an even grid: what is missing is NaN, and stays so.

A filter needs every sample. So holes of a few samples are crossed by a straight line for it, and
are counted as missing all the same; longer ones end a stretch.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recordings.arrays import Array, BoolArray, F64Array, runs
from recordings.check.streams.sample_quality import (
    BODY_HZ,
    CLIP_FACTOR,
    CLIP_SAMPLES,
    STILL_S,
    STILL_SAMPLES,
)
from recordings.features.windows import Window
from recordings.lateness.decision import BACK_S
from recordings.read.grid import Grid
from recordings.read.stream import Stream


@dataclass(frozen=True, slots=True)
class Place:
    """Where a window lies on a grid: from position `first` to before `after`, `zero` in it.

    Positions before 0, or at the grid's length and beyond, have no samples.
    """

    first: int
    after: int
    zero: int

    def __len__(self) -> int:
        return self.after - self.first


class Trace:
    """Some channels of a stream, read a window at a time, each sample at its true time.

    `scales`: what the values of all channels of the stream are multiplied with.
    """

    def __init__(
        self, stream: Stream, grid: Grid, channels: Sequence[int], scales: Sequence[float] = ()
    ) -> None:
        self._stream, self._grid, self._channels = stream, grid, list(channels)
        self._scales = np.array(scales)[self._channels] if scales else 1.0
        self.rate_hz = grid.rate_hz

    @cached_property
    def measured_rate_hz(self) -> float:
        """Samples a second of the recording computer's clock, lost ones counted."""
        steps = np.diff(self._grid.times)
        on = steps > -BACK_S  # else a clock was set
        seconds = float(steps[on].sum())
        return float(np.diff(self._grid.at)[on].sum()) / seconds if seconds else self.rate_hz

    def place(self, window: Window) -> Place:
        """Say where a window lies on the grid."""
        wanted = np.array([window.start, window.stop, window.zero])
        first, after, zero = (math.ceil(at - 1e-6) for at in self._grid.positions(wanted))
        return Place(first, after, zero - first)

    def read(self, place: Place) -> F64Array:
        """Return the samples of a place, shape (n, channels), NaN where missing."""
        at = self._grid.at
        low, high = np.searchsorted(at, (place.first, place.after)).tolist()
        values = np.full((len(place), len(self._channels)), np.nan)
        where = at[low:high] - place.first
        values[where] = self._stream.xdf.read(low, high, self._channels) * self._scales
        values[~np.isfinite(values)] = np.nan
        return values

    def times(self, place: Place) -> F64Array:
        """Return the LSL time of each position of a place, missing ones between their neighbours.

        Outside of the stream its rate goes on.
        """
        positions = np.arange(place.first, place.after, dtype=np.float64)
        own, at = self._grid.times, self._grid.at.astype(np.float64)
        times = np.interp(positions, at, own)
        times += np.minimum(positions - at[0], 0) / self._grid.true_hz
        times += np.maximum(positions - at[-1], 0) / self._grid.true_hz
        return np.asarray(times, np.float64)

    def whole(self) -> Place:
        """Return the place of all samples."""
        return Place(0, len(self._grid), 0)


def bridged(values: F64Array, longest: int) -> F64Array:
    """Return values, shape (n, channels) or (n,), with holes of up to `longest` samples crossed.

    By a straight line between the samples around; holes at either end stay.
    """
    if values.ndim == 2:
        return np.column_stack([bridged(column, longest) for column in values.T])
    missing = np.isnan(values)
    if longest < 1 or not missing.any() or missing.all():
        return values
    crossed = values.copy()
    for first, after in runs(missing):
        if after - first <= longest and first > 0 and after < len(values):
            ends = values[first - 1], values[after]
            crossed[first:after] = np.linspace(*ends, after - first + 2)[1:-1]
    return crossed


def suspect(values: Array, rate_hz: float) -> BoolArray:
    """Say which samples of one channel, shape (n,), stand still or clip, as the check has it.

    A slow signal may well repeat a value: it stands still where it has no other.
    """
    there = values[np.isfinite(values)]
    if not len(there) or rate_hz < BODY_HZ:
        return np.full(len(values), bool(len(there)) and there.min() == there.max())
    starts = np.append(0, np.flatnonzero(values[1:] != values[:-1]) + 1)
    lengths, firsts = np.diff(starts, append=len(values)), values[starts]
    still = lengths >= max(STILL_SAMPLES, round(STILL_S * rate_hz))
    ends = there.min(), there.max()
    beside = int(lengths[~still & ~np.isin(firsts, ends)].max(initial=0))
    least = CLIP_FACTOR * beside if beside >= CLIP_SAMPLES else CLIP_SAMPLES
    found = still.copy()
    for end in ends:
        held = (firsts == end) & (lengths >= CLIP_SAMPLES) & ~still
        if lengths[held].max(initial=0) >= least:
            found |= held
    return np.repeat(found, lengths)
