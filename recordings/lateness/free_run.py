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
from recordings.lateness.turns import Turns, turns_of
from recordings.pieces import steps_where

_EXACT: Final = 1e-4  # of the usual interval
_SHORT: Final = 0.5  # of the usual interval: shorter ones catch something up…
_SELDOM: Final = 2e-3  # …and hardly any may
_ANY: Final = 0.25  # of the usual interval: as much as what is anywhere in it scatters, nearly
_WANDER: Final = 100e-6  # of a sum: so far clocks wander, too
_AFTER: Final = 20  # intervals after a silence…
_FASTER: Final = 0.9  # …are shorter where it is caught up


@dataclass(frozen=True, slots=True)
class FreeRun:
    """A sender without a clock: its usual turn, and the rate of those in which it was there."""

    usual_s: float
    size: int  # samples a turn
    rate_hz: float
    index: I64Array  # after these samples it was away
    count: I64Array  # of samples that each silence has room for
    times: F64Array


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
