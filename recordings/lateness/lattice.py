"""Drops of a steady clock, so many that no level is left to be a floor. Pure.

A camera that halves its rate in the dark, a program that misses every third frame: stamps lie on a
lattice of whole periods all the time, and each interval says how many it holds. What is late by
half a period and more is seen by the short interval behind it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recordings.arrays import F64Array, I64Array, steps_where
from recordings.lateness.intervals import beside_whole, intervals, one_interval, spread, sums_of
from recordings.lateness.packets import ClockLosses, is_on_ticks, packet_size

_FEW: Final = 50  # intervals
_OFTEN: Final = 0.25  # of the intervals are long: of fewer, the floor tells more
_SINGLE: Final = 0.1  # are not: else that is the pace
_SHORT: Final = 0.01  # of the intervals: a backlog has more
_NOMINAL: Final = 0.1  # a period is so near the nominal one
_NEAR: Final = 0.35  # periods beside whole ones…
_NEARLY_ALL: Final = 0.95  # …are so many intervals, at most
_STAYS: Final = 0.2  # periods: sums scatter by less


def lattice_losses(stamps: F64Array, rate_hz: float) -> ClockLosses | None:
    """Read the losses off intervals of a clock that often drops samples; None: it is none."""
    steps = intervals(stamps)
    if len(steps) < _FEW or not _drops_often(np.rint(steps * rate_hz)):
        return None
    period = one_interval(steps, 1 / rate_hz)
    mean = float(stamps[-1] - stamps[0]) / (len(stamps) - 1)
    beside = np.abs(steps / period - np.rint(steps / period))
    if (
        abs(period * rate_hz - 1) > _NOMINAL
        or is_on_ticks(float(np.median(steps)), mean, rate_hz)
        or packet_size(stamps, rate_hz) > 1
        or float(np.mean(beside < _NEAR)) < _NEARLY_ALL
        or spread(beside_whole(sums_of(stamps, period), period)) > _STAYS * period
    ):
        return None
    index = steps_where(stamps, lambda steps: np.rint(steps / period) != 1)
    periods = (stamps[index + 1] - stamps[index]) / period
    missing = _made_up(index, np.rint(periods).astype(np.int64) - 1)
    lost = missing > 0
    unsure = np.abs(periods - np.rint(periods)) > _NEAR
    return ClockLosses(
        1 / period, index[lost], missing[lost], unsure[lost].astype(np.int64), is_counted=False
    )


def _drops_often(whole: F64Array) -> bool:
    """Say so of intervals of so many whole periods, some of which are single ones."""
    lacking, single = float(np.mean(whole > 1)), float(np.mean(whole == 1))
    return lacking > _OFTEN and single > _SINGLE and float(np.mean(whole < 1)) < _SHORT


def _made_up(index: I64Array, missing: I64Array) -> I64Array:
    """Return how many samples are missing after those of `index`, where short intervals make up.

    They do for the long one that they follow, or else for the next: what was too early.
    """
    left, places = missing.tolist(), index.tolist()
    late, end = -1, -2
    for place, number in enumerate(places):
        if left[place] > 0:
            late, end = place, number
        elif number == end + 1 and left[late] > 0:
            left[late], end = left[late] - 1, number
        elif place + 1 < len(places) and places[place + 1] == number + 1:
            left[place + 1] -= 1
    return np.array(left, np.int64)
