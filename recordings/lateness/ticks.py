"""Stamps of a coarse clock, which beats with packets that come nearly in its time. Pure.

Where 4 ms are a tick and 4.004 ms a period, stamps are even for a thousand samples, and then leap
by a tick, as if a sample were missing. No leap that is no larger than such a beat tells of a loss.
So it is with packets by radio that come at its turns, every 7.5 to 50 ms with Bluetooth.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recordings.arrays import F64Array, some, spans
from recordings.lateness.axis import NO_SHIFTS, Shifts
from recordings.lateness.floor import block_levels, slope_of
from recordings.lateness.intervals import intervals
from recordings.lateness.packets import packet_ends, packet_size

_LEAST_S: Final = 0.5e-3  # a finer tick hides nothing
_ROUND_S: Final = 1e-5
_KINDS: Final = 300  # of intervals: more are of no coarse clock
_WHOLE: Final = 0.05  # ticks: so near whole ones…
_SHARE: Final = 0.99  # …are so many intervals
_TOGETHER: Final = 0.1  # of all samples have the stamp of another
_UNEVEN: Final = 0.02  # of all intervals
_FINE: Final = 0.6  # of an interval
_LEAP: Final = 1.5  # ticks
_SHORTEST_S: Final = 5e-3  # a radio's turns are further apart
_LONGEST_S: Final = 5.0  # and packets nearer than that, or turns are nothing beside their jitter
_SOME: Final = 500  # intervals of packets
_AT_ONCE: Final = 1000  # turns that are tried
_FINENESS: Final = 0.1  # of a turn, from one that is tried to the next, in the longest interval
_CLEAR: Final = 0.8  # how well intervals agree with turns: 1 for whole ones, 0 for any
_BESIDE: Final = 0.2  # turns
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
    if not (tick := tick_or_turn(stamps, rate_hz)):
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


def tick_or_turn(stamps: F64Array, rate_hz: float) -> float:
    """Return by whole ones of what the floor may leap, s: of a clock or a radio; 0: of neither."""
    return tick_of(stamps, rate_hz) or _turn_of(stamps, rate_hz)


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


def _turn_of(stamps: F64Array, rate_hz: float) -> float:
    """Return how far apart the turns are, s, at which packets come by radio; 0: not at turns.

    Intervals of packets are whole turns, give or take what a computer is late by. Some are one turn
    longer, where a packet took another try, and those behind them one shorter: what is lost makes
    none shorter.
    """
    size = packet_size(stamps, rate_hz)
    if size == 1:
        return 0.0
    parts = []
    for part in some(len(stamps)):
        ends = packet_ends(stamps[part], rate_hz)
        # Those that came a packet's time apart are one: the others of it were in that time.
        parts.append(np.diff(stamps[part][ends]) - (np.diff(ends) - size) / rate_hz)
    steps = np.concatenate(parts)
    steps = steps[np.linspace(0, len(steps) - 1, min(len(steps), _SOME)).astype(np.int64)]
    usual = float(np.median(steps))
    if usual * _FINE <= _SHORTEST_S:
        return 0.0
    longest = float(np.quantile(steps, 0.95))
    if longest > _LONGEST_S:
        return 0.0
    often = np.arange(1 / (_FINE * usual), 1 / _SHORTEST_S, _FINENESS / longest)
    tried = spans(len(often), _AT_ONCE)
    clear = np.concatenate([_agreement(often[part], steps) for part in tried])
    summits = np.flatnonzero((clear[1:-1] >= clear[:-2]) & (clear[1:-1] >= clear[2:])) + 1
    for summit in summits[clear[summits] > _CLEAR].tolist():  # from long turns to their parts
        turns = (steps - usual) * float(often[summit])
        whole = np.rint(turns)
        is_whole = float(np.mean(np.abs(turns - whole) < _BESIDE)) > _CLEAR
        if is_whole and min(np.mean(whole == 1), np.mean(whole == -1)) > _UNEVEN:
            return 1 / float(often[summit])
    return 0.0


def _agreement(often: F64Array, steps: F64Array) -> F64Array:
    """Say how far steps, s, are whole turns of each of `often` a second: 0 to 1, shape (turns,)."""
    return np.asarray(np.abs(np.mean(np.exp(2j * np.pi * np.outer(often, steps)), axis=1)))
