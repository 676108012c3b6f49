"""How stamps come: in packets, one by one, or made by a clock. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array
from recordings.pieces import some, spans

_TIGHT: Final = 0.1
"""Intervals of a clock are so near the usual one, in periods: nothing is ever caught up."""
_GAP: Final = 1.5
_TOGETHER: Final = 0.05  # periods
_FEW_TOGETHER: Final = 0.2  # of all intervals
_SELDOM: Final = 1e-3  # of all intervals
_MIDDLE: Final = (0.16, 0.84)
_PACKETS: Final = 20  # fewer tell no size
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


def usual_period(stamps: F64Array, rate_hz: float) -> float:
    """Return the median time from packet to packet, a sample, in nominal periods.

    A loss is in some of the intervals, and leaves the median alone.
    """
    size = packet_size(stamps, rate_hz)
    found = []
    for part in some(len(stamps)):
        own = stamps[part]
        ends = packet_ends(own, rate_hz) if size > 1 else np.arange(len(own))
        found.append(np.diff(own[ends]) / np.diff(ends))
    return float(np.median(np.concatenate(found))) * rate_hz


def last_of_packets(stamps: F64Array, rate_hz: float) -> BoolArray:
    """Say which samples are the last of those that came together, shape (n,).

    All, where hardly any have the stamp of the one before: to choose those that a long interval
    follows would choose the early ones of a clock that scatters.
    """
    periods = np.diff(stamps) * rate_hz
    together = float(np.mean(np.abs(periods) < _TOGETHER)) if len(periods) else 0.0
    return np.append((periods > 0.5) | (together < _FEW_TOGETHER), True)


def is_two_sided(rest: F64Array) -> bool:
    """Say whether stamps are early as often as late: a clock made them, not their arrival."""
    low, middle, high = np.quantile(rest, [0.05, 0.5, 0.95])
    return bool(high - middle < 2 * (middle - low))


def is_queue(steps: F64Array, rest: F64Array, packet_s: float) -> bool:
    """Say whether packets scatter by as much as they lie apart, and yet not one is before another.

    So it is where each waits for the one before it: they were made on arrival, though they may be
    early as often as late. `steps` are those from stamp to stamp, `rest` is how far packets lie
    above an even pace, one each `packet_s`; the few that a stall held up say nothing of the others.
    """
    low, high = np.quantile(rest, _MIDDLE)
    return bool(high - low > packet_s and np.mean(steps < 0) < _SELDOM)


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
    pace, so nothing that was late was ever caught up.
    """
    known = [np.diff(stamps[part]) for part in some(len(stamps))]
    usual = float(np.median(np.concatenate(known))) if len(stamps) > 1 else 0.0
    if usual <= 0 or abs(usual * rate_hz - 1) > 0.25:
        return None
    index, count, uneven = [], [], 0.0
    for part in spans(len(stamps) - 1):
        steps = np.diff(stamps[part.start : part.stop + 1])
        periods = steps / usual
        long = np.flatnonzero(periods > _GAP)
        counts = np.rint(np.minimum(periods[long], _MOST)) - 1
        off = np.abs(periods - 1)
        off[long] = np.abs(periods[long] - 1 - counts) / np.maximum(1, 1e-3 * counts)
        if float(off.max()) > _TIGHT:
            return None
        index.append(long + part.start)
        count.append(counts)
        uneven = max(uneven, float(np.abs(steps - usual).max()))
    lost, after = np.concatenate(count), np.concatenate(index)
    if len(after) and packet_size(stamps, rate_hz) > 1:
        return None
    largest = max(-float(stamps.min()), float(stamps.max()))
    is_counted = not len(after) and uneven <= _EXACT_S + 4 * float(np.spacing(largest))
    uncertainty = np.rint(np.minimum(1e-4 * lost, _MOST)).astype(np.int64)
    return ClockLosses(1 / usual, after, lost.astype(np.int64), uncertainty, is_counted)
