"""Senders without a clock of their own: a loop that waits, works, sends, and begins again. Pure.

Each of their intervals is on its own. What was late is never caught up, and nothing comes early:
the sum of many intervals scatters as the root of their number, where that of a clock scatters no
more than one. No even pace is to be laid through their stamps; these tell when samples were sent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array
from recordings.lateness.axis import Shifts, shifts
from recordings.lateness.quantiles import quantile
from recordings.pieces import some, steps_where

_ENOUGH: Final = 100  # samples: fewer do not tell a sum from its parts
_SUMS: Final = 10  # as long as the whole, at least
_LOOKS: Final = 2048
_LONGEST_S: Final = 20.0  # a clock's own rate wanders over longer sums
_EXACT: Final = 1e-4  # of the usual interval
_SHORT: Final = 0.5  # of the usual interval: shorter ones catch something up…
_SELDOM: Final = 1e-4  # …and hardly any may
_OFF: Final = 0.5  # usual intervals: what is longer by more may lack whole ones
_WANDER: Final = 100e-6  # of a sum: so far clocks wander, too
_AFTER: Final = 20  # intervals after a silence…
_FASTER: Final = 0.9  # …are shorter where it is caught up
_AWAY_S: Final = 1.0  # a loop is busy for less
_AWAY: Final = 5.0  # usual intervals


@dataclass(frozen=True, slots=True)
class FreeRun:
    """A sender without a clock: its usual interval, and the rate of those in which it was there."""

    usual_s: float
    rate_hz: float
    index: I64Array  # after these samples it was away
    count: I64Array  # of intervals that each silence has room for


def free_run(stamps: F64Array) -> FreeRun | None:
    """Read the pace of a sender without a clock, from stamps of shape (n,); None: it has one."""
    if len(stamps) < _ENOUGH:
        return None
    steps = np.concatenate([np.diff(stamps[part]) for part in some(len(stamps))])
    usual, scatter = float(np.median(steps)), _scatter(steps)
    is_exact = scatter < _EXACT * usual  # within packets, whose stamps are computed
    if is_exact or usual <= 0 or float(np.mean(steps < _SHORT * usual)) > _SELDOM:
        return None
    summed = min(len(stamps) // _SUMS, max(int(_LONGEST_S / usual), _ENOUGH // _SUMS))
    first = np.linspace(0, len(stamps) - 1 - summed, _LOOKS).astype(np.int64)
    last = first + summed
    # Half way between a clock, whose sums scatter as one interval does, and a loop: their root.
    least = max(summed**0.25 * scatter, _WANDER * summed * usual)
    sums = stamps[last] - stamps[first]
    whole = _whole_intervals(stamps, usual)
    # A clock's sums are alike; those of a clock that lacks samples are, without whole intervals.
    if min(_scatter(sums), _scatter(sums - usual * (whole.at(last) - whole.at(first)))) < least:
        return None
    paced = _paced(stamps, usual)
    return None if _catches_up(stamps, paced.index, usual) else paced


def away_s(usual_s: float) -> float:
    """Return the interval, s, from which on a sender with this usual one was away, not busy."""
    return max(_AWAY_S, _AWAY * usual_s)


def _scatter(values: F64Array) -> float:
    """Return about a standard deviation, whatever the few outermost are."""
    ordered = np.sort(values)
    return float(quantile(ordered, 0.84) - quantile(ordered, 0.16)) / 2


def _whole_intervals(stamps: F64Array, usual: float) -> Shifts:
    """Return how many usual intervals long ones have room for beside their own, short ones lack."""
    index, steps = _steps(stamps, lambda steps: np.abs(steps / usual - 1) > _OFF)
    return shifts(index.tolist(), (np.rint(steps / usual) - 1).tolist())


def _paced(stamps: F64Array, usual: float) -> FreeRun:
    index, silences = _steps(stamps, lambda steps: steps > away_s(usual))
    going = len(stamps) - 1 - len(index)
    period = float(stamps[-1] - stamps[0] - silences.sum()) / going if going else usual
    return FreeRun(usual, 1 / period, index, np.rint(silences / period).astype(np.int64) - 1)


def _catches_up(stamps: F64Array, silent: I64Array, usual: float) -> bool:
    """Say whether samples come faster after any of these silences."""
    followed = silent[silent + _AFTER + 1 < len(stamps)]
    after = stamps[followed[:, None] + np.arange(1, _AFTER + 2)]
    return bool(np.any(np.median(np.diff(after), axis=1) < _FASTER * usual))


def _steps(stamps: F64Array, which: Callable[[F64Array], BoolArray]) -> tuple[I64Array, F64Array]:
    """Return the samples that some steps follow, and those steps, s."""
    index = steps_where(stamps, which)
    return index, stamps[index + 1] - stamps[index]
