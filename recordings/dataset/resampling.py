"""Samples at another rate, each where it is asked for: one filter, in one pass, nothing made up.

A tapered sinc gives the value at any time between samples, and keeps out what the new rate could
not hold. Where it would touch a sample that is missing, the value is unknown.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recordings.arrays import F64Array

_CROSSINGS: Final = 5
"""Zero crossings of the sinc on either side: beyond, its taper is 0."""
_PASSED: Final = 0.9  # of what the slower of the two rates can hold


def reach(rate_hz: float, wanted_hz: float) -> int:
    """Return how many samples on either side of a time its value is made of."""
    return int(np.ceil(_CROSSINGS / (_PASSED * min(1.0, wanted_hz / rate_hz))))


def resampled(values: F64Array, positions: F64Array, rate_hz: float, wanted_hz: float) -> F64Array:
    """Return values at positions between samples, shape (len(positions), channels).

    Args:
        values: shape (n, channels), NaN where missing.
        positions: where to, in samples from the first; shape (m,).
        rate_hz: of the values.
        wanted_hz: of the positions.

    Returns:
        NaN where a sample within `reach` is missing, or lies outside of `values`.
    """
    wide = reach(rate_hz, wanted_hz)
    nearest = np.rint(positions).astype(np.int64)
    taken = nearest[:, None] + np.arange(-wide, wide + 1)
    inside = ((taken >= 0) & (taken < len(values))).all(axis=1)
    out = np.full((len(positions), values.shape[1]), np.nan)
    if not inside.any():
        return out
    away = taken[inside] - positions[inside, None]
    weights = np.sinc(away * _PASSED * min(1.0, wanted_hz / rate_hz))
    weights *= np.cos(0.5 * np.pi * np.clip(away / (wide + 1), -1, 1)) ** 2
    weights /= weights.sum(axis=1, keepdims=True)
    out[inside] = np.einsum("mw,mwc->mc", weights, values[taken[inside]])
    return out
