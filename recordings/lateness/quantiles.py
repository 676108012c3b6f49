"""Quantiles of values in order: sorting first takes less time than numpy's way. Pure."""

from __future__ import annotations

from recordings.arrays import F64Array


def quantile(ordered: F64Array, share: float) -> F64Array:
    """Return what `np.quantile` does, to the last bit, of values that ascend along the last axis.

    Shape (…, n), n ≥ 1, none of them NaN; the result has the shape (…).
    """
    last = ordered.shape[-1] - 1
    place = share * last
    low = int(place)
    part, below = place - low, ordered[..., low]
    above = ordered[..., min(low + 1, last)]
    step = above - below
    found: F64Array = below + step * part if part < 0.5 else above - step * (1 - part)
    return found
