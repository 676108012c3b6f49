"""Senders without a clock of their own: a loop that waits, works, sends, and begins again. Pure.

Each of their intervals is on its own. What was late is never caught up, and nothing comes early:
the sum of many intervals scatters as the root of their number, where that of a clock scatters no
more than one. No even pace is to be laid through their stamps; these tell when samples were sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import F64Array, I64Array
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
from recordings.pieces import steps_where

_EXACT: Final = 1e-4  # of the usual interval
_SHORT: Final = 0.5  # of the usual interval: shorter ones catch something up…
_SELDOM: Final = 2e-3  # …and hardly any may
_ANY: Final = 0.25  # of the usual interval: as much as what is anywhere in it scatters, nearly
_WANDER: Final = 100e-6  # of a sum: so far clocks wander, too
_ONE_BY_ONE: Final = 2.0  # usual intervals: the mean of packets is longer
_AFTER: Final = 20  # intervals after a silence…
_FASTER: Final = 0.9  # …are shorter where it is caught up


@dataclass(frozen=True, slots=True)
class FreeRun:
    """A sender without a clock: its usual interval, and the rate of those in which it was there."""

    usual_s: float
    rate_hz: float
    index: I64Array  # after these samples it was away
    count: I64Array  # of intervals that each silence has room for


def free_run(stamps: F64Array) -> FreeRun | None:
    """Read the pace of a sender without a clock, from stamps of shape (n,); None: it has one."""
    if len(stamps) < ENOUGH:
        return None
    steps = intervals(stamps)
    usual, alone = float(np.median(steps)), spread(steps)
    is_exact = alone < _EXACT * usual  # within packets, whose stamps are computed
    if is_exact or usual <= 0 or float(np.mean(steps < _SHORT * usual)) > _SELDOM:
        return None
    if float(np.mean(steps[steps < away_s(usual)])) > _ONE_BY_ONE * usual:
        return None  # the usual interval is one within packets
    sums, count = sums_of(stamps, usual), summed(stamps, usual)
    # Half way between a clock, whose sums scatter as one interval does, and a loop: their root.
    least = max(count**0.25 * alone, _WANDER * count * usual)
    beside = spread(beside_whole(sums, one_interval(steps, usual)))
    if spread(sums) < least or beside < min(least, _ANY * usual):
        return None
    paced = _paced(stamps, usual)
    return None if _catches_up(stamps, paced.index, usual) else paced


def _paced(stamps: F64Array, usual: float) -> FreeRun:
    index = steps_where(stamps, lambda steps: steps > away_s(usual))
    silences = stamps[index + 1] - stamps[index]
    going = len(stamps) - 1 - len(index)
    period = float(stamps[-1] - stamps[0] - silences.sum()) / going if going else usual
    return FreeRun(usual, 1 / period, index, np.rint(silences / period).astype(np.int64) - 1)


def _catches_up(stamps: F64Array, silent: I64Array, usual: float) -> bool:
    """Say whether samples come faster after any of these silences."""
    followed = silent[silent + _AFTER + 1 < len(stamps)]
    after = stamps[followed[:, None] + np.arange(1, _AFTER + 2)]
    return bool(np.any(np.median(np.diff(after), axis=1) < _FASTER * usual))
