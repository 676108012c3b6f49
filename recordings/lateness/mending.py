"""Times in place of stamps that cannot be true. Pure.

A few are put between their neighbours. A long run, of a clock that stood still, lies on the floor:
between two single neighbours, each of which may be late, it would be an exact line that is tilted,
and so exact a line would tell more of the rate than all the others.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array
from recordings.lateness.blocks import block_size
from recordings.lateness.floor import block_levels, middle_of_densest, slope_of
from recordings.lateness.packets import packet_size

_LONG_S: Final = 1.0
_AROUND_S: Final = 10.0  # on each side, the floor of which counts
_NEAR: Final = 4000  # samples, which tell how those of a packet are stamped


def mended(times: F64Array, bad: BoolArray, rate_hz: float) -> F64Array:
    """Return the times, shape (n,), with those that are bad where their neighbours say."""
    if not bad.any() or bad.all():
        return times
    at = np.arange(len(times), dtype=np.float64)
    known = np.flatnonzero(~bad)
    out = np.where(bad, np.interp(at, at[known], times[known]), times)
    first, last = int(known[0]), int(known[-1])
    period = 1 / rate_hz if rate_hz > 0 else 0.0  # without a rate nobody knows how far away
    out[:first] = times[first] - (first - at[:first]) * period
    out[last + 1 :] = times[last] + (at[last + 1 :] - last) * period
    long = np.flatnonzero(np.diff(known) > _LONG_S * rate_hz + 1)
    if rate_hz > 0 and len(long):
        floor = _Floor(times[known], rate_hz)
        for before in long.tolist():
            run = slice(int(known[before]) + 1, int(known[before + 1]))
            out[run] = np.clip(
                floor.across(before, run.stop - run.start), out[run.start - 1], out[run.stop]
            )
            _as_packets(out, run, known, rate_hz)
    return np.asarray(out, np.float64)


def _as_packets(times: F64Array, run: slice, known: I64Array, rate_hz: float) -> None:
    """Give a run one stamp a packet where its neighbours have: else its floor would be another."""
    near = known[np.abs(known - run.start) < _NEAR]
    unit = packet_size(times[near], rate_hz)
    inside = np.diff(times[near]) * rate_hz
    if unit < 2 or float(np.median(inside)) > 0.5:
        return
    end = int(near[np.flatnonzero(inside > 0.5)[-1]])  # one of a packet, with which others count
    numbers = np.arange(run.start, run.stop)
    last = np.minimum(numbers + (end - numbers) % unit, run.stop)
    times[run] = times[last]


class _Floor:
    """The floor of stamps from which runs have been taken out."""

    def __init__(self, stamps: F64Array, rate_hz: float) -> None:
        self._size = block_size(stamps, rate_hz)
        slope = slope_of(block_levels(stamps, rate_hz, self._size), self._size / rate_hz)
        self._rate_hz = rate_hz / (1 + slope)
        self._levels = block_levels(stamps, self._rate_hz, self._size)

    def across(self, before: int, count: int) -> F64Array:
        """Return the times of `count` samples that were taken out after the sample `before`."""
        block = (before + 1) // self._size
        reach = max(round(_AROUND_S * self._rate_hz / self._size), 1)
        low = self._levels[max(block - reach, 0) : max(block, 1)]
        high = self._levels[block + 1 :][:reach]
        high = high if len(high) else self._levels[-1:]
        numbers = np.arange(1, count + 1)
        # What comes after counts on from `before`, as if nothing had been taken out.
        levels = middle_of_densest(low), middle_of_densest(high) - count / self._rate_hz
        phases = np.interp(numbers, (0, count + 1), levels)
        return np.asarray((before + numbers) / self._rate_hz + phases, np.float64)
