"""How stamps come: in packets, one by one, or made by a clock. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array, quantile, some, spans
from recordings.lateness.intervals import intervals

_TIGHT: Final = 0.1
"""Intervals of a clock are so near the usual one, in periods: nothing is ever caught up."""
_GAP: Final = 1.5
_TOGETHER: Final = 0.05  # periods
_FEW_TOGETHER: Final = 0.2  # of all intervals
_SELDOM: Final = 1e-3  # of all intervals
_WHOLE: Final = 0.17  # of a packet: anything between is 0.25 from a whole one in the median
_MIDDLE: Final = (0.16, 0.84)
_PACKETS: Final = 20  # fewer tell no size
_NOMINAL: Final = 0.025  # a rate is so near the nominal one, as a part of it
_ON_TICKS: Final = 1e-3  # periods
_BEATS: Final = 6  # fewer may be so by chance…
_REGULAR: Final = 0.8  # …of which so many are…
_ALIKE: Final = 0.15  # …as far apart as the others, give or take
_SLOW: Final = 2.5e-3  # no device is slower than it says by more, as a part of its rate
_EXACT_S: Final = 1e-9
_MOST: Final = 1e15  # what int64 and float64 hold exactly


def packet_size(stamps: F64Array, rate_hz: float) -> int:
    """Return the size of the packets where at least 95 % have it or a multiple of it, else 1."""
    parts = [np.diff(packet_ends(stamps[part], rate_hz)) for part in some(len(stamps))]
    sizes = np.concatenate(parts)
    if len(sizes) < _PACKETS:
        return 1
    size = int(np.median(sizes))
    return size if size > 1 and np.mean(sizes % size == 0) > 0.95 else 1


def packet_ends(stamps: F64Array, rate_hz: float) -> I64Array:
    """Return the indices of the last samples of packets, but for the very last.

    Samples of a packet have one stamp, or stamps exactly a period apart.
    """
    periods = np.diff(stamps) * rate_hz
    if np.count_nonzero(periods < 0.5) < 0.4 * len(stamps):
        return np.flatnonzero(np.abs(periods - 1) > 0.05)
    return np.flatnonzero(periods >= 0.5)


def packet_periods(stamps: F64Array, rate_hz: float) -> F64Array:
    """Return the times from packet to packet, a sample, in nominal periods."""
    size = packet_size(stamps, rate_hz)
    found = []
    for part in some(len(stamps)):
        own = stamps[part]
        ends = packet_ends(own, rate_hz) if size > 1 else np.arange(len(own))
        found.append(np.diff(own[ends]) / np.diff(ends))
    return np.asarray(np.concatenate(found) * rate_hz, np.float64)


def are_whole(periods: F64Array) -> bool:
    """Say whether packets come about whole periods apart: a longer time shows that some lack."""
    periods = periods[periods > 0.5]
    off = np.abs(periods - np.rint(periods))
    return bool(np.median(off) < _WHOLE) if len(off) else False


def last_of_packets(stamps: F64Array, rate_hz: float) -> BoolArray:
    """Say which samples are the last of those that came together, shape (n,).

    All, where hardly any have the stamp of the one before: to choose those that a long interval
    follows would choose the early ones of a clock that scatters.
    """
    periods = np.diff(stamps) * rate_hz
    together = float(np.mean(np.abs(periods) < _TOGETHER)) if len(periods) else 0.0
    return np.append((periods > 0.5) | (together < _FEW_TOGETHER), True)


def is_two_sided(rest: F64Array) -> bool:
    """Say whether stamps are early as often as late: a clock made them, not their arrival.

    `rest`, in ascending order, is how far they lie above an even pace.
    """
    low, middle, high = (quantile(rest, share) for share in (0.05, 0.5, 0.95))
    return bool(high - middle < 2 * (middle - low))


def is_queue(steps: F64Array, rest: F64Array, packet_s: float) -> bool:
    """Say whether packets scatter by as much as they lie apart, and yet not one is before another.

    So it is where each waits for the one before it: they were made on arrival, though they may be
    early as often as late. `steps` are those from stamp to stamp; `rest`, in ascending order, is
    how far packets lie above an even pace, one each `packet_s`; the few that a stall held up say
    nothing of the others.
    """
    low, high = (quantile(rest, share) for share in _MIDDLE)
    return bool(high - low > packet_s and np.mean(steps < 0) < _SELDOM)


def is_on_ticks(usual_s: float, mean_s: float, rate_hz: float) -> bool:
    """Say whether the usual interval is a tick of a coarse clock: the mean is nearer a period.

    At 50 Hz a clock of 15.6 ms shows one tick or two, and nothing is missing where it shows two.
    """
    off = abs(usual_s * rate_hz - 1)
    return off > _NOMINAL and abs(mean_s * rate_hz - 1) < off / 2


def are_beats(index: I64Array, count: F64Array, slowest: float) -> BoolArray:
    """Say which losses, shape (n,), are of as many samples after as many others, again and again.

    A coarse clock and a rate that is a little lower make them: nothing is missing. A device that
    drops some again and again would look alike: `slowest` is the part of the rate by which it may
    be lower, and more is loss.
    """
    leap = float(np.median(count)) if len(count) else 0.0
    same = count == leap
    apart = np.diff(index[same])
    if len(apart) < _BEATS:
        return np.zeros(len(index), np.bool_)
    usual = float(np.median(apart))
    alike = float(np.mean(np.abs(apart - usual) <= _ALIKE * usual))
    is_regular = alike > _REGULAR and usual * slowest > leap
    return np.asarray(same & is_regular, np.bool_)


@dataclass(frozen=True, slots=True)
class ClockLosses:
    """What is missing between stamps that a clock made: after which samples, and how many."""

    rate_hz: float
    index: I64Array
    count: I64Array
    uncertainty: I64Array
    is_counted: bool  # the stamps are start + k / rate: they would be the same with a loss


def clock_losses(stamps: F64Array, rate_hz: float) -> ClockLosses | None:
    """Read the losses off the intervals, where a clock made the stamps; None where not.

    Then intervals are all alike, but for those that hold a loss: no sample comes earlier than the
    pace, so nothing that was late was ever caught up. What a long one holds is told by the mean of
    the others: their median is the nominal period where packets are filled up by that.
    """
    usual = float(np.median(intervals(stamps))) if len(stamps) > 1 else 0.0
    if usual <= 0 or abs(usual * rate_hz - 1) > 0.25:
        return None
    mean = float(stamps[-1] - stamps[0]) / (len(stamps) - 1)
    if is_on_ticks(usual, mean, rate_hz):
        return None
    index, gaps, uneven, coarse = [], [], 0.0, 0.0
    for part in spans(len(stamps) - 1):
        steps = np.diff(stamps[part.start : part.stop + 1])
        periods = steps / usual
        long = np.flatnonzero(periods > _GAP)
        counts = np.rint(np.minimum(periods[long], _MOST)) - 1
        off = np.abs(periods - 1)
        off[long] = np.abs(periods[long] - 1 - counts) / np.maximum(1, 1e-3 * counts)
        coarse = max(coarse, float(off.max()))
        if float(off.max()) > _TIGHT:
            return None
        index.append(long + part.start)
        gaps.append(steps[long])
        uneven = max(uneven, float(np.abs(steps - usual).max()))
    silent, after = np.concatenate(gaps), np.concatenate(index)
    if len(after) and packet_size(stamps, rate_hz) > 1:
        return None
    if coarse < _ON_TICKS:
        # Where the losses make up for what the usual interval is short of the nominal one, all of
        # it is the clock's.
        is_made_up = abs(mean * rate_hz - 1) < abs(usual * rate_hz - 1)
        slowest = _NOMINAL if is_made_up else _SLOW
        true = ~are_beats(after, np.rint(silent / usual) - 1, slowest)
        silent, after = silent[true], after[true]
    going = len(stamps) - 1 - len(after)
    period = float(stamps[-1] - stamps[0] - silent.sum()) / going if going else usual
    lost = np.maximum(np.rint(np.minimum(silent / period, _MOST)) - 1, 1)
    largest = max(-float(stamps.min()), float(stamps.max()))
    is_counted = not len(after) and uneven <= _EXACT_S + 4 * float(np.spacing(largest))
    uncertainty = np.rint(np.minimum(1e-4 * lost, _MOST)).astype(np.int64)
    return ClockLosses(1 / period, after, lost.astype(np.int64), uncertainty, is_counted)
