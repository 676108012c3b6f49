"""Minimum and maximum of signals for each pixel column: what makes a long trace cheap and true."""

from __future__ import annotations

import numpy as np

from devices.arrays import Array, F64Array


def min_max(
    times: F64Array, data: Array, edges: F64Array, max_gap_s: float
) -> tuple[F64Array, F64Array]:
    """Reduce samples to columns.

    A column spans [edges[j], edges[j + 1]). The line between two samples counts as well, where
    they are no further apart than `max_gap_s`: so columns join, and slow signals have no holes.

    Args:
        times: shape (n,), rising, s.
        data: shape (n, channels).
        edges: shape (columns + 1,), rising, s.
        max_gap_s: beyond this the line is broken.

    Returns:
        Low and high, shape (columns, channels); NaN where there is nothing.
    """
    columns, channels = len(edges) - 1, data.shape[1]
    if not len(times) or columns <= 0:
        nothing = np.full((max(0, columns), channels), np.nan)
        return nothing, nothing.copy()
    at = times.searchsorted(edges)
    line = _between(times, data, edges, at, max_gap_s)
    low, high = np.fmin(line[:-1], line[1:]), np.fmax(line[:-1], line[1:])
    filled = at[1:] > at[:-1]
    if filled.any():
        inside = data[: at[-1]]
        starts = at[:-1][filled]  # what is filled adjoins: each one ends where the next begins
        low[filled] = np.fmin(low[filled], np.fmin.reduceat(inside, starts, axis=0))
        high[filled] = np.fmax(high[filled], np.fmax.reduceat(inside, starts, axis=0))
    return low, high


def _between(
    times: F64Array, data: Array, edges: F64Array, at: Array, max_gap_s: float
) -> F64Array:
    """Interpolate at the edges; NaN outside and in gaps."""
    before, after = np.maximum(at - 1, 0), np.minimum(at, len(times) - 1)
    since = times.take(before)
    span = times.take(after) - since  # 0 outside: there both are the same sample
    share = np.full(len(edges), np.nan)
    np.divide(edges - since, span, out=share, where=(span > 0) & (span <= max_gap_s))
    first = data.take(before, axis=0)
    rise = np.subtract(data.take(after, axis=0), first, dtype=np.float64)
    line: F64Array = first + share[:, None] * rise
    return line
