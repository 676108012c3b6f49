"""Losses among stamps that a sender computes: whole periods to some µs, and nothing is late."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from devices.arrays import F64Array
from recordings.lateness.packets import is_on_ticks

_EXACT_PERIODS: Final = 0.01
_EXACT_S: Final = 20e-6
_RATE_OFF: Final = 0.25


def are_numbers(stamps: F64Array) -> bool:
    """Say whether all are finite."""
    return bool(np.isfinite(stamps).all())


@dataclass(frozen=True, slots=True)
class LostSamples:
    """`lost` samples are missing right before `stamp`; less than 0: so many have come after all."""

    stamp: float
    lost: int


class ExactStamps:
    """Stamps as long as all intervals are whole periods."""

    def __init__(self, rate_hz: float) -> None:
        self._rate = rate_hz
        self._first = math.nan  # stamp
        self.samples = 0
        self.period = 0.0  # s; 0: not known yet

    def take(self, stamps: F64Array, last: float) -> list[LostSamples] | None:
        """Read losses off the intervals of raw stamps, shape (n,); None where one is no period.

        `last` is the stamp before them; what is no number begins anew.
        """
        known = math.isfinite(last)
        if not are_numbers(stamps):
            return None
        steps = np.diff(np.append(last, stamps)) if known else stamps[1:] - stamps[:-1]
        if not known:
            self._first, self.samples = float(stamps[0]), 0
        found: list[LostSamples] = []
        if len(steps):
            self.period = self.period or float(np.median(steps))
            low, high = float(steps.min()), float(steps.max())
            tolerance = min(_EXACT_PERIODS / self._rate, _EXACT_S)
            # Not <: what is no number is not exact.
            if not (
                low > self.period - tolerance and abs(self.period * self._rate - 1) < _RATE_OFF
            ):
                return None
            if high > self.period + tolerance:
                periods = np.rint(steps / self.period)
                if self._is_uneven(steps - periods * self.period, tolerance, stamps):
                    return None
                for i in np.flatnonzero(periods > 1).tolist():
                    stamp = float(stamps[i if known else i + 1])
                    found.append(LostSamples(stamp, int(periods[i]) - 1))
        self.samples += len(stamps)
        return found

    def _is_uneven(self, rest: F64Array, tolerance: float, stamps: F64Array) -> bool:
        mean = (float(stamps[-1]) - self._first) / (self.samples + len(stamps) - 1)
        return not float(np.abs(rest).max()) < tolerance or is_on_ticks(
            self.period, mean, self._rate
        )
