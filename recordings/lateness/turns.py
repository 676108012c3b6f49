"""The turns of a sender that sends packets of one size, or sample by sample. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array
from recordings.lateness.intervals import away_s, intervals
from recordings.pieces import steps_where

_SHORT: Final = 0.5  # of the mean interval, silences aside: samples that were sent together
_EXACT_S: Final = 1e-6  # from a nominal period: their stamps were computed
_WITHIN: Final = 0.4  # of all intervals, where there are packets
_ALIKE: Final = 0.95  # of all packets
_SOONEST: Final = 0.02
_RESTED: Final = 0.9999  # of the nominal time of a packet


@dataclass(frozen=True, slots=True)
class Turns:
    """The last sample of each turn (None: all are), and how many a turn sends.

    `together`: the samples of a turn have its time; else they stand a nominal period apart.
    """

    ends: I64Array | None = None
    size: int = 1
    together: bool = False

    def sent(self, stamps: F64Array) -> F64Array:
        """Return the stamps of the turns, of those of all samples."""
        return stamps if self.ends is None else stamps[self.ends]

    def last(self, turns: I64Array) -> I64Array:
        """Return the last samples of turns, shape (k,)."""
        return turns if self.ends is None else self.ends[turns]

    def times(self, stamps: F64Array, turn_s: float) -> F64Array:
        """Return the stamps; those of samples that came together evenly over the time of a turn."""
        if self.ends is None or not self.together:
            return stamps.copy()
        counts = np.diff(self.ends, prepend=-1)
        behind = self.ends.repeat(counts) - np.arange(len(stamps))
        even = stamps[self.ends].repeat(counts) - behind * (turn_s / self.size)
        return np.asarray(even, np.float64)


def turns_of(stamps: F64Array, rate_hz: float) -> Turns | None:
    """Find the turns of stamps, shape (n,); None where packets are a clock's.

    That is where any is of another size, as it holds what was made meanwhile; or where it comes
    sooner than its samples take at the nominal rate: a loop rests for so long, or longer.
    """
    steps = intervals(stamps)
    short = _SHORT * float(np.mean(np.minimum(steps, away_s(1 / rate_hz))))

    def is_spread(steps: F64Array) -> BoolArray:
        return np.asarray(np.abs(steps - 1 / rate_hz) < _EXACT_S, np.bool_)

    def is_together(steps: F64Array) -> BoolArray:
        return np.asarray(steps < short, np.bool_)

    for within in (is_spread, is_together):
        if float(np.mean(within(steps))) >= _WITHIN:
            break
    else:
        return Turns()
    ends = np.append(steps_where(stamps, lambda steps: ~within(steps)), len(stamps) - 1)
    sizes = np.diff(ends)[:-1]  # what began before the recording, and what it cut, aside
    size = int(np.median(sizes)) if len(sizes) else 1
    together = within is is_together
    # Of packets that are spread a few are a period apart, by chance; others are not run together.
    alike = float(np.mean(sizes == size)) if len(sizes) and not np.any(sizes % size) else 0.0
    is_alike = alike == 1 if together else alike > _ALIKE
    if size == 1 or not is_alike:
        return None
    soonest = float(np.quantile(np.diff(stamps[ends]), _SOONEST))
    return Turns(ends, size, together) if soonest > _RESTED * size / rate_hz else None
