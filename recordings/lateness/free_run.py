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
from recordings.lateness.quantiles import quantile
from recordings.pieces import some, steps_where

_ENOUGH: Final = 100  # samples: fewer do not tell a sum from its parts
_SUMS: Final = 10  # as long as the whole, at least
_LOOKS: Final = 2048
_LONGEST_S: Final = 20.0  # a clock's own rate wanders over longer sums
_EXACT: Final = 1e-4  # of the usual interval
_SHORT: Final = 0.5  # of the usual interval: shorter ones catch something up…
_SELDOM: Final = 2e-3  # …and hardly any may
_ANY: Final = 0.25  # of the usual interval: as much as what is anywhere in it scatters, nearly
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
    usual, alone = float(np.median(steps)), scatter(steps)
    is_exact = alone < _EXACT * usual  # within packets, whose stamps are computed
    if is_exact or usual <= 0 or float(np.mean(steps < _SHORT * usual)) > _SELDOM:
        return None
    sums, summed = sums_of(stamps, usual), _summed(stamps, usual)
    # Half way between a clock, whose sums scatter as one interval does, and a loop: their root.
    least = max(summed**0.25 * alone, _WANDER * summed * usual)
    beside = scatter(beside_whole(sums, one_interval(steps, usual)))
    if scatter(sums) < least or beside < min(least, _ANY * usual):
        return None
    paced = _paced(stamps, usual)
    return None if _catches_up(stamps, paced.index, usual) else paced


def away_s(usual_s: float) -> float:
    """Return the interval, s, from which on a sender with this usual one was away, not busy."""
    return max(_AWAY_S, _AWAY * usual_s)


def _summed(stamps: F64Array, usual: float) -> int:
    return min(len(stamps) // _SUMS, max(int(_LONGEST_S / usual), _ENOUGH // _SUMS))


def sums_of(stamps: F64Array, usual: float) -> F64Array:
    """Return sums of many intervals, all of as many, spread over the stamps, shape (2048,)."""
    summed = _summed(stamps, usual)
    first = np.linspace(0, len(stamps) - 1 - summed, _LOOKS).astype(np.int64)
    return np.asarray(stamps[first + summed] - stamps[first], np.float64)


def scatter(values: F64Array) -> float:
    """Return about a standard deviation, whatever the few outermost are."""
    ordered = np.sort(values)
    return float(quantile(ordered, 0.84) - quantile(ordered, 0.16)) / 2


def one_interval(steps: F64Array, usual: float) -> float:
    """Return the mean interval, where long ones lack whole ones: their median would be longer."""
    steps = steps[steps < away_s(usual)]
    return float(np.sum(steps) / max(np.sum(np.rint(steps / usual)), 1))


def beside_whole(sums: F64Array, usual: float) -> F64Array:
    """Return what sums have beside whole intervals, and the most of them have: losses are those."""
    turns = sums / usual
    middle = float(np.angle(np.mean(np.exp(2j * np.pi * turns)))) / (2 * np.pi)
    return np.asarray(usual * ((turns - middle + 0.5) % 1.0 - 0.5), np.float64)


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
