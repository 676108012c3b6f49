"""Minima and maxima of a signal in bins of several lengths: any stretch of it is drawn at once.

It is built in pieces, so that what is there can be shown before all is; no signal is held whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from recordings.arrays import F32Array, F64Array
from recordings.read.stream import Stream
from recordings.stamps.clock_offsets import correct

BIN: Final = 32
"""Samples of the finest bin; shorter stretches are read from the file."""
FACTOR: Final = 4
LEVELS: Final = 5
PIECE: Final = BIN * FACTOR ** (LEVELS - 1) * 2
"""Samples that are read at once: whole bins of every level."""


class Ends(Protocol):
    """Minima and maxima of bins, shape (bins, 2, channels), in memory or in a file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """As an array's."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """As an array's."""

    def __getitem__(self, at: slice, /) -> F32Array:
        """Give some bins; RecordingError where they cannot be read."""


@dataclass(slots=True)
class Level:
    """Bins of one length; `times` are LSL times of their first samples, shape (bins,)."""

    times: F64Array
    ends: Ends


class Pyramid:
    """Of one stream; `done` samples are in it. One thread builds, others may read."""

    def __init__(self, samples: int, channels: int, levels: Sequence[Level] | None = None) -> None:
        self.samples, self.channels = samples, channels
        self.done = samples if levels is not None else 0
        self.levels = list(levels) if levels is not None else list(self._empty())

    def _empty(self) -> Iterator[Level]:
        for number in range(LEVELS):
            bins = -(-self.samples // (BIN * FACTOR**number))
            ends = np.empty((bins, 2, self.channels), np.float32)
            yield Level(np.empty(bins, np.float64), ends)

    @property
    def is_complete(self) -> bool:
        """Whether all samples are in it."""
        return self.done >= self.samples

    def add(self, times: F64Array, values: npt.NDArray[Any]) -> None:
        """Add the next samples: LSL times, shape (n,), values, shape (n, channels).

        Whole pieces, but for the last.
        """
        first = self.done // BIN
        low, high = _reduced(values, values, BIN)
        starts = times[::BIN]
        for number, level in enumerate(self.levels):
            if number:
                low, high = _reduced(low, high, FACTOR)
                starts = starts[::FACTOR]
            at = slice(first // FACTOR**number, first // FACTOR**number + len(starts))
            level.times[at], level.ends[at][:, 0], level.ends[at][:, 1] = starts, low, high
        # Only now: whoever reads looks no further than `done`.
        self.done += len(times)

    def level_for(self, samples: int, columns: int) -> int:
        """Choose the coarsest level that still has a bin for each of `columns`."""
        for number in range(LEVELS - 1, 0, -1):
            if samples >= columns * BIN * FACTOR**number:
                return number
        return 0

    def window(
        self, number: int, first: int, stop: int, picks: Sequence[int]
    ) -> tuple[F64Array, F32Array]:
        """Give (times, minima and maxima) of the bins that hold samples `first` to `stop`.

        Shapes (bins,) and (bins, 2, len(picks)); no bin that is not built yet.
        """
        level, size = self.levels[number], BIN * FACTOR**number
        done = self.done if self.is_complete else self.done // size * size
        at = slice(first // size, -(-min(stop, done) // size))
        return level.times[at], level.ends[at][:, :, list(picks)]


def _reduced(
    low: npt.NDArray[Any], high: npt.NDArray[Any], size: int
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Take minima of `low` and maxima of `high` over each `size` rows, the last ones fewer."""
    whole = len(low) // size * size
    parts = []
    for values, plain, careful in ((low, np.minimum, np.fmin), (high, np.maximum, np.fmax)):
        shaped = values[:whole].reshape(-1, size, values.shape[1])
        found = plain.reduce(shaped, axis=1)
        if found.dtype.kind == "f" and np.isnan(found).any():
            # Slower: only where a sample is no number, which must not take its neighbours along.
            found = careful.reduce(shaped, axis=1)
        if whole < len(values):
            found = np.concatenate([found, careful.reduce(values[whole:], axis=0)[None]])
        parts.append(found)
    return parts[0], parts[1]


def pieces(stream: Stream) -> Iterator[tuple[F64Array, npt.NDArray[Any]]]:
    """Read a stream piece by piece: corrected times, values."""
    one_line = len(stream.fit.segments) <= 1
    times = None if one_line else stream.times()
    for first in range(0, len(stream), PIECE):
        stop = min(first + PIECE, len(stream))
        if times is None:
            stamps, values = stream.xdf.read_stamped(first, stop)
            yield correct(stamps, stream.fit), values
        else:
            yield times[first:stop], stream.xdf.read(first, stop)
