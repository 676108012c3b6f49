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
    low = np.full((columns, channels), np.nan)
    high = np.full((columns, channels), np.nan)
    if not len(times) or columns <= 0:
        return low, high
    at = np.searchsorted(times, edges)
    filled = np.flatnonzero(at[1:] > at[:-1])
    if len(filled):
        inside = data[: at[-1]]
        starts = at[filled]  # what is filled adjoins: each one ends where the next begins
        low[filled] = np.fmin.reduceat(inside, starts, axis=0)
        high[filled] = np.fmax.reduceat(inside, starts, axis=0)
    line = _between(times, data, edges, at, max_gap_s)
    for edge in (line[:-1], line[1:]):
        np.fmin(low, edge, out=low)
        np.fmax(high, edge, out=high)
    return low, high


def _between(
    times: F64Array, data: Array, edges: F64Array, at: Array, max_gap_s: float
) -> F64Array:
    """Interpolate at the edges; NaN outside and in gaps."""
    after = np.minimum(at, len(times) - 1)
    before = np.maximum(at - 1, 0)
    span = times[after] - times[before]
    good = (at > 0) & (at < len(times)) & (span <= max_gap_s)
    share = np.zeros(len(edges))
    np.divide(edges - times[before], span, out=share, where=good & (span > 0))
    first, second = data[before].astype(np.float64), data[after].astype(np.float64)
    line: F64Array = first + share[:, None] * (second - first)
    line[~good] = np.nan
    return line
