"""How stamps come: jitter, duplicates, steps back. Pure, one pass each.

Times are seconds, on one clock throughout. Nothing here knows of files; what is lost, and where the
even pace is cut, `recordings.lateness` tells.
"""

from __future__ import annotations

import numpy as np

from recordings.arrays import F64Array, I64Array


def percentile(values: F64Array, q: float) -> float:
    """Return the percentile `q` (0 to 100) of `values`, which are not empty."""
    return float(np.percentile(values, q))


def duplicates(stamps: F64Array) -> int:
    """Count the samples that have the stamp of the sample before."""
    return int(np.sum(np.diff(stamps) == 0))


def reversals(stamps: F64Array) -> I64Array:
    """Return the indices of the samples after which the stamps go back."""
    return np.flatnonzero(np.diff(stamps) < 0)


def intervals(stamps: F64Array, cuts: I64Array) -> F64Array:
    """Return the intervals between stamps that no cut lies between."""
    keep = np.ones(max(len(stamps) - 1, 0), np.bool_)
    keep[cuts[cuts < len(keep)]] = False
    return np.diff(stamps)[keep]


def jitter(stamps: F64Array, rate_hz: float, cuts: I64Array) -> float | None:
    """Return the 99th percentile of |interval − nominal interval|, seconds; None without any."""
    steps = intervals(stamps, cuts)
    return percentile(np.abs(steps - 1 / rate_hz), 99) if steps.size and rate_hz > 0 else None


def scatter(stamps: F64Array, even: F64Array) -> float | None:
    """Return the 99th percentile of |stamp − even time|, seconds; None for fewer than 3 stamps.

    So far a recorded stamp lies from where an even pace would put it; what all stamps have in
    common is latency, and left out.
    """
    if len(stamps) < 3:
        return None
    rest = stamps - even
    rest -= np.median(rest)
    return percentile(np.abs(rest), 99)
