"""Samples lost on the way of somebody else's stream, seen from the stamps alone, while it comes.

Where all other intervals are even, a long one tells what is missing in it. Else by the phase, a
sample's stamp minus its number times the period: a late chunk lifts it and the next one brings it
down again; a lost sample lifts it for good. So the lowest phase at the end of one second is
compared with that of the second before, and what it has risen by is lost.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from devices.arrays import F64Array

WINDOW_S = 1.0
END_S = 0.5
"""A window is judged by its end: what was late before has caught up by then."""
LONG = 1.5
"""An interval of more periods than this may hide a lost sample."""
CLEAN = 0.25
"""Intervals that are so many periods off at most come from a clock, not from software."""
NOISE_S = 0.004
"""Stamps made by software: a smaller step of the phase may be the scheduler's."""


@dataclass(frozen=True, slots=True)
class LostSamples:
    """`lost` samples are missing right before `stamp`."""

    stamp: float
    lost: int


class LossCounter:
    """Counts the lost samples of one stream of a regular rate."""

    def __init__(self, rate_hz: float) -> None:
        self._rate = rate_hz
        self._count = 0  # samples so far, those that were lost included
        self._last = math.nan
        self._floor = math.nan  # lowest phase at the end of the window before, s
        self._room = 0  # what fits into the long intervals of the window before
        self._parts: list[F64Array] = []

    def take(self, stamps: F64Array) -> list[LostSamples]:
        """Take in raw stamps, shape (n,), n ≥ 1; give what turns out to be lost."""
        stamps = self._numbers(stamps)
        self._parts.append(stamps)
        span = float(stamps[-1] - self._parts[0][0])
        return [] if 0 <= span < WINDOW_S else self.close()

    def _numbers(self, stamps: F64Array) -> F64Array:
        """Copy them; what is no number is a sample all the same, a period after the one before."""
        stamps = stamps.copy()
        if math.isfinite(float(stamps.sum())):  # the usual case, at half the cost
            return stamps
        good = np.flatnonzero(np.isfinite(stamps))
        if len(good) and not self._parts and not math.isfinite(self._last):  # nothing was before
            stamps[: good[0]] = stamps[good[0]] - np.arange(good[0], 0, -1) / self._rate
        for i in np.flatnonzero(~np.isfinite(stamps)).tolist():
            before = stamps[i - 1] if i else self._parts[-1][-1] if self._parts else self._last
            stamps[i] = before + 1 / self._rate if math.isfinite(before) else 0.0
        return stamps

    def close(self) -> list[LostSamples]:
        """Judge what has come since the last window, complete or not."""
        if not self._parts:
            return []
        stamps, self._parts = np.concatenate(self._parts), []
        steps = np.empty_like(stamps)
        steps[0] = stamps[0] - self._last
        np.subtract(stamps[1:], stamps[:-1], out=steps[1:])
        steps *= self._rate
        self._last = float(stamps[-1])
        if steps.min() > 1 - CLEAN and steps.max() < 1 + CLEAN:  # the common case, at low cost
            self._room = 0
            self._floor = self._lowest(stamps)
            self._count += len(stamps)
            return []
        long = np.flatnonzero(steps > LONG)
        missing = np.rint(steps[long]).astype(np.int64) - 1
        if np.nanmax(np.abs(np.delete(steps, long) - 1), initial=0.0) < CLEAN:
            found = [
                LostSamples(float(stamps[i]), int(n)) for i, n in zip(long, missing, strict=True)
            ]
            self._room = 0
            self._count += int(missing.sum())
            self._floor = self._lowest(stamps)
        else:
            found = self._judge(stamps, long, missing)
        self._count += len(stamps)
        return found

    def _judge(
        self, stamps: F64Array, long: npt.NDArray[np.int64], missing: npt.NDArray[np.int64]
    ) -> list[LostSamples]:
        """Count what the phase has risen by for good, as far as it fits into long intervals."""
        before, self._floor = self._floor, self._lowest(stamps)
        room, self._room = self._room + int(missing.sum()), int(missing.sum())
        risen = (self._floor - before) * self._rate
        if math.isnan(risen) or risen < max(0.9, NOISE_S * self._rate) or not room:
            return []
        lost = min(int(np.rint(risen)), room)
        self._count += lost
        self._floor -= lost / self._rate
        # Nobody knows which of the long intervals it was: the longest stands for all.
        at = stamps[long[np.argmax(missing)]] if len(long) else stamps[0]
        return [LostSamples(float(at), lost)]

    def _lowest(self, stamps: F64Array) -> float:
        """Give the lowest phase at the end of a window."""
        phase = stamps - (self._count + np.arange(len(stamps))) / self._rate
        return float(phase[stamps >= stamps[-1] - END_S].min())
