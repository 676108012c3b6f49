"""How large a trace is drawn: scales that people know, and changes that are seldom."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from devices.arrays import F64Array

STEPS = (1.0, 2.0, 5.0)
SMALL, LARGE = 0.25, 0.95
"""A new scale is chosen when the trace needs less or more of its row than this."""
PATIENCE = 3
"""And only after so many looks in a row."""
FAR = 0.75
"""A trace that has wandered off by so much of its row is centred again."""


def nice(value: float) -> float:
    """Round up to 1, 2 or 5 times a power of ten."""
    if not (value > 0 and math.isfinite(value)):
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(value))
    return next((s * power for s in STEPS if s * power >= value * (1 - 1e-9)), 10 * power)


def stepped(scale: float, steps: int) -> float:
    """Go up or down the series 1, 2, 5."""
    power = math.floor(math.log10(scale) + 1e-9)
    at = min(range(3), key=lambda i: abs(STEPS[i] - scale / 10.0**power)) + 3 * power + steps
    return float(STEPS[at % 3] * 10.0 ** (at // 3))


@dataclass(frozen=True, slots=True)
class Extent:
    """What a trace did lately: its middle and how far it swings, in its unit."""

    middle: float
    swing: float


def extents(low: F64Array, high: F64Array) -> list[Extent | None]:
    """Judge columns, shape (n, traces); artefacts of less than 2 % of the time do not count.

    None for a trace of which too little is known: fewer than two columns with something in them.
    """
    if len(low) < 2:
        return [None] * low.shape[1]
    counts = np.isfinite(low).sum(axis=0)
    # What is missing sorts to the end: each trace then has its own number of columns.
    low, high = np.sort(low, axis=0), np.sort(high, axis=0)

    def at(part: F64Array, share: float) -> F64Array:
        rows = np.maximum((counts - 1) * share + 0.5, 0).astype(np.intp)
        found: F64Array = np.take_along_axis(part, rows[None, :], axis=0)[0]
        return found

    bottom, top = at(low, 0.02), at(high, 0.98)
    middle, swing = (bottom + top) / 2, np.maximum(top - bottom, 0.0)
    known = counts >= 2
    found = zip(middle.tolist(), swing.tolist(), known.tolist(), strict=True)
    return [Extent(m, s) if good else None for m, s, good in found]


class AutoScale:
    """One trace, or several that share a scale: units a row, and each one's middle."""

    def __init__(self, minimum: float = 0.0, scale: float = 0.0) -> None:
        self.scale = scale  # units a row; 0 = not known yet
        self._minimum = minimum
        self._waited = 0

    def look(self, swings: list[float]) -> bool:
        """Take in the present swings; whether the scale has changed."""
        if not swings:
            return False
        # A single wild channel must not flatten all the others.
        swing = float(np.percentile(swings, 80)) if len(swings) > 2 else max(swings)
        wanted = nice(max(swing * 1.15, self._minimum, 1e-12))
        if self.scale == 0.0:
            self.scale = wanted
            return True
        fits = SMALL * self.scale <= swing <= LARGE * self.scale or wanted == self.scale
        self._waited = 0 if fits else self._waited + 1
        if self._waited < PATIENCE:
            return False
        self._waited = 0
        self.scale = wanted
        return True


def wandered(middle: float, shown: float, scale: float) -> bool:
    """Say whether a trace has to be centred again."""
    return not math.isfinite(shown) or abs(middle - shown) > FAR * scale


def shown(scale: float, unit: str) -> str:
    """Write a scale with its unit, 2000 µV as 2 mV."""
    larger = {"µV": "mV", "mV": "V", "nS": "µS"}
    while scale >= 1000 and unit in larger:
        scale, unit = scale / 1000, larger[unit]
    return f"{scale:g} {unit}".strip()
