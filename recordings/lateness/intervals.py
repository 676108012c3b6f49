"""Intervals from stamp to stamp, and sums of many of them: what tells a clock from a loop. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np

from recordings.arrays import F64Array, quantile, some

ENOUGH: Final = 100
"""Stamps: fewer do not tell a sum from its parts."""
_SUMS: Final = 10  # as long as the whole, at least
_LOOKS: Final = 2048
_LONGEST_S: Final = 20.0  # a clock's own rate wanders over longer sums
_AWAY_S: Final = 1.0  # a sender is busy for less
_AWAY: Final = 5.0  # usual intervals


def intervals(stamps: F64Array) -> F64Array:
    """Return the intervals of stamps, shape (n,): of a long stream some, spread evenly."""
    return np.concatenate([np.diff(stamps[part]) for part in some(len(stamps))])


def away_s(usual_s: float) -> float:
    """Return the interval, s, from which on a sender with this usual one was away, not busy."""
    return max(_AWAY_S, _AWAY * usual_s)


def summed(stamps: F64Array, usual: float) -> int:
    """Return how many intervals `sums_of` sums."""
    return int(min(len(stamps) // _SUMS, max(_LONGEST_S / usual, ENOUGH // _SUMS)))


def sums_of(stamps: F64Array, usual: float) -> F64Array:
    """Return sums of many intervals, of as many each, spread over the stamps, shape (2048,)."""
    count = summed(stamps, usual)
    first = np.linspace(0, len(stamps) - 1 - count, _LOOKS).astype(np.int64)
    return np.asarray(stamps[first + count] - stamps[first], np.float64)


def spread(values: F64Array) -> float:
    """Return about a standard deviation, whatever the few outermost are."""
    ordered = np.sort(values)
    return float(quantile(ordered, 0.84) - quantile(ordered, 0.16)) / 2


def one_interval(steps: F64Array, usual: float) -> float:
    """Return the mean interval, where long ones lack whole ones: their median would be longer."""
    steps = steps[steps < away_s(usual)]
    return float(np.sum(steps) / max(np.sum(np.rint(steps / usual)), 1))


def beside_whole(sums: F64Array, usual: float) -> F64Array:
    """Return how far sums are from whole intervals and what all have beside: losses are whole."""
    turns = sums / usual
    middle = float(np.angle(np.mean(np.exp(2j * np.pi * turns)))) / (2 * np.pi)
    return np.asarray(usual * ((turns - middle + 0.5) % 1.0 - 0.5), np.float64)
