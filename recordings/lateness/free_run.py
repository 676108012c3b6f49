"""Senders without a clock of their own: a loop that waits, works, sends, and begins again. Pure.

It sends a sample or a packet a turn, and each turn is on its own. What was late is never caught up,
and nothing comes early: the sum of many intervals scatters as the root of their number, where that
of a clock scatters no more than one. No even pace is to be laid through their stamps; these tell
when samples were sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array, steps_where
from recordings.lateness.intervals import (
    ENOUGH,
    away_s,
    beside_whole,
    intervals,
    one_interval,
    spread,
    summed,
    sums_of,
)

_EXACT: Final = 1e-4  # of the usual interval
_SHORT: Final = 0.5  # of the usual interval: shorter ones catch something up…
_SELDOM: Final = 2e-3  # …and hardly any may
_ANY: Final = 0.25  # of the usual interval: as much as what is anywhere in it scatters, nearly
_WANDER: Final = 100e-6  # of a sum: so far clocks wander, too
_AFTER: Final = 20  # intervals after a silence…
_FASTER: Final = 0.9  # …are shorter where it is caught up
_TOGETHER: Final = 0.5  # of the mean interval, silences aside: samples that were sent together
_EXACT_S: Final = 1e-6  # from a nominal period: their stamps were computed
_WITHIN: Final = 0.4  # of all intervals, where there are packets
_ALIKE: Final = 0.95  # of all packets
_SOONEST: Final = 0.02
_RESTED: Final = 0.9999  # of the nominal time of a packet


@dataclass(frozen=True, slots=True)
class FreeRun:
    """A sender without a clock: its usual turn, and the rate of those in which it was there."""

    usual_s: float
    size: int  # samples a turn
    rate_hz: float
    index: I64Array  # after these samples it was away
    count: I64Array  # of samples that each silence has room for
    times: F64Array


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


def free_run(stamps: F64Array, rate_hz: float) -> FreeRun | None:
    """Read the pace of a sender without a clock, from stamps of shape (n,); None: it has one."""
    turns = turns_of(stamps, rate_hz) if len(stamps) >= ENOUGH else None
    if turns is None or len(sent := turns.sent(stamps)) < ENOUGH:
        return None
    steps = intervals(sent)
    usual, alone = float(np.median(steps)), spread(steps)
    is_exact = alone < _EXACT * usual
    if is_exact or usual <= 0 or float(np.mean(steps < _SHORT * usual)) > _SELDOM:
        return None
    sums, count = sums_of(sent, usual), summed(sent, usual)
    # Half way between a clock, whose sums scatter as one interval does, and a loop: their root.
    least = max(count**0.25 * alone, _WANDER * count * usual)
    beside = spread(beside_whole(sums, one_interval(steps, usual)))
    if spread(sums) < least or beside < min(least, _ANY * usual):
        return None
    silent = steps_where(sent, lambda steps: steps > away_s(usual))
    return None if _catches_up(sent, silent, usual) else _paced(stamps, sent, turns, silent, usual)


def _paced(
    stamps: F64Array, sent: F64Array, turns: Turns, silent: I64Array, usual: float
) -> FreeRun:
    silences = sent[silent + 1] - sent[silent]
    going = len(sent) - 1 - len(silent)
    turn_s = float(sent[-1] - sent[0] - silences.sum()) / going if going else usual
    count = (np.rint(silences / turn_s).astype(np.int64) - 1) * turns.size
    rate_hz, index = turns.size / turn_s, turns.last(silent)
    return FreeRun(usual, turns.size, rate_hz, index, count, turns.times(stamps, turn_s))


def _catches_up(sent: F64Array, silent: I64Array, usual: float) -> bool:
    """Say whether turns come faster after any of these silences."""
    followed = silent[silent + _AFTER + 1 < len(sent)]
    after = sent[followed[:, None] + np.arange(1, _AFTER + 2)]
    return bool(np.any(np.median(np.diff(after), axis=1) < _FASTER * usual))


def turns_of(stamps: F64Array, rate_hz: float) -> Turns | None:
    """Find the turns of stamps, shape (n,); None where packets are a clock's.

    That is where any is of another size, as it holds what was made meanwhile; or where it comes
    sooner than its samples take at the nominal rate: a loop rests for so long, or longer.
    """
    steps = intervals(stamps)
    short = _TOGETHER * float(np.mean(np.minimum(steps, away_s(1 / rate_hz))))

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
