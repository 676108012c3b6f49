"""Stamps of a coarse clock, which beats with packets that come nearly in its time. Pure.

Where 4 ms are a tick and 4.004 ms a period, stamps are even for a thousand samples, and then leap
by a tick, as if a sample were missing. No leap that is no larger than such a beat tells of a loss.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.lateness.axis import NO_SHIFTS, Shifts
from recordings.lateness.floor import block_levels, slope_of
from recordings.lateness.intervals import intervals
from recordings.lateness.packets import packet_ends, packet_size
from recordings.pieces import some

_LEAST_S: Final = 0.5e-3  # a finer tick hides nothing
_ROUND_S: Final = 1e-5
_KINDS: Final = 300  # of intervals: more are of no coarse clock
_WHOLE: Final = 0.05  # ticks: so near whole ones…
_SHARE: Final = 0.99  # …are so many intervals
_TOGETHER: Final = 0.1  # of all samples have the stamp of another
_UNEVEN: Final = 0.02  # of all intervals
_FINE: Final = 0.6  # of an interval
_LEAP: Final = 1.5  # ticks
_SEEN: Final = 0.4  # periods: a smaller beat is taken for no loss, anyhow


def settled(
    stamps: F64Array, rate_hz: float, size: int, missing: Shifts = NO_SHIFTS
) -> tuple[float, float]:
    """Return the rate at which the floor of blocks of `size` samples goes, and its beat, s.

    The beat is by how much the floor may leap without a loss. `missing` is by how many periods
    losses have moved the samples after them.
    """
    for _ in range(2):  # the second time what the first has left
        levels = block_levels(stamps, rate_hz, size, missing)
        rate_hz /= 1 + slope_of(levels, size / rate_hz)
    if not (tick := tick_of(stamps, rate_hz)):
        return rate_hz, 0.0
    # From one leap to the next it seems to go at another rate: the leaps count, losses do not.
    leap = leap_of(np.diff(block_levels(stamps, rate_hz, size, missing)), tick)
    rate = rate_hz / (1 + leap * rate_hz / size)
    packet = _packet(stamps, rate_hz)
    # Where those of a block fill half a tick, it is now the early half and now the late one.
    free = _widest(packet / rate / tick, max(size // packet, 1))
    beat = tick * min(2 * free, 1.0)
    return (rate, beat) if beat * rate > _SEEN else (rate_hz, 0.0)


def leap_of(steps: F64Array, tick: float) -> float:
    """Return the mean step from level to level, s, of those that a tick may have made."""
    leaps = steps[np.abs(steps) < _LEAP * tick]
    return float(leaps.mean()) if len(leaps) else 0.0


def _packet(stamps: F64Array, rate_hz: float) -> int:
    """Return how many samples have one tick; where they are spread over their time, at least."""
    if (size := packet_size(stamps, rate_hz)) > 1:
        return size
    parts = [stamps[part] for part in some(len(stamps))]
    if np.mean(intervals(stamps) * rate_hz < 0.5) > _TOGETHER:
        return 1
    ends = sum(len(packet_ends(part, rate_hz)) for part in parts)
    return max(sum(map(len, parts)) // max(ends, 1), 1)


def _widest(ticks: float, size: int) -> float:
    """Return the widest part of a tick in which none of `size` ends lies that are `ticks` apart."""
    ends = np.sort(np.arange(size) * ticks % 1.0)
    return float(np.diff(ends, append=ends[0] + 1).max())


def tick_of(stamps: F64Array, rate_hz: float) -> float:
    """Return the tick by whole ones of which intervals differ, s; 0: no clock is so coarse."""
    steps = intervals(stamps)
    if packet_size(stamps, rate_hz) > 1:  # samples of one packet tell no time
        steps = steps[np.abs(steps) >= _ROUND_S]
    kinds, counts = np.unique(np.rint(steps / _ROUND_S), return_counts=True)
    if not 1 < len(kinds) < _KINDS:
        return 0.0
    apart = np.diff(kinds) * _ROUND_S
    tick = float(apart[apart > 1.5 * _ROUND_S].min(initial=np.inf))
    if not _LEAST_S <= tick < np.inf:
        return 0.0
    usual = float(kinds[np.argmax(np.where(kinds == 0, 0, counts))]) * _ROUND_S
    off = (steps - usual) / tick
    other = np.abs(off) > 0.5
    if np.mean(other) < _UNEVEN:  # so even are stamps that were computed: what is uneven is lost
        return 0.0
    tick *= float(np.median(off[other] / np.rint(off[other])))  # as exact as the intervals are
    off = (steps - usual) / tick
    if np.mean(np.abs(off - np.rint(off)) < _WHOLE) < _SHARE:
        return 0.0
    # Intervals of one and of two periods alone are those of a loss.
    return tick if tick < _FINE * usual or bool(np.any(off < -0.5)) else 0.0
