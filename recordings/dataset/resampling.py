"""Samples at another rate, each where it is asked for: one filter, in one pass, nothing made up.

A tapered sinc gives the value at any time between samples, and keeps out what the new rate could
not hold. Where it would touch a sample that is missing, the value is unknown.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from recordings.arrays import F64Array, spans

_CROSSINGS: Final = 5
"""Zero crossings of the sinc on either side: beyond, its taper is 0."""
_PASSED: Final = 0.9  # of what the slower of the two rates can hold
_AT_ONCE: Final = 1_000_000  # values: 8 MB


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
    out = np.full((len(positions), values.shape[1]), np.nan)
    inside = np.flatnonzero((nearest >= wide) & (nearest + wide < len(values)))
    # In pieces: each value is made of hundreds of samples of each channel.
    at_once = max(_AT_ONCE // ((2 * wide + 1) * values.shape[1]), 1)
    for piece in spans(len(inside), at_once):
        some = inside[piece]
        taken = nearest[some, None] + np.arange(-wide, wide + 1)
        away = taken - positions[some, None]
        weights = np.sinc(away * _PASSED * min(1.0, wanted_hz / rate_hz))
        weights *= np.cos(0.5 * np.pi * np.clip(away / (wide + 1), -1, 1)) ** 2
        weights /= weights.sum(axis=1, keepdims=True)
        out[some] = np.einsum("mw,mwc->mc", weights, values[taken])
    return out
