"""The pace of stamps: gaps, jitter, and an even pace made of them. Pure, one pass each.

Times are seconds, on one clock throughout. Nothing here knows of files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from recordings.arrays import F64Array, I64Array

# Stamps whose intervals scatter less than this part of a period show every lost sample.
_REGULAR: Final = 0.25
_GAP_PERIODS: Final = 1.5
_MOST: Final = 1e15  # samples that one gap may have lost: what int64 and float64 hold exactly
_BLOCK_S: Final = 30.0


def percentile(values: F64Array, q: float) -> float:
    """Return the percentile `q` (0 to 100) of `values`, which are not empty."""
    return float(np.percentile(values, q))


@dataclass(frozen=True, slots=True)
class Gaps:
    """Places where samples are missing: between stamp `index` and the next one, arrays alike.

    `index` is −1 for a gap between the stamp before the chunk and the first of the chunk.
    """

    index: I64Array
    start: F64Array
    end: F64Array
    lost: I64Array

    def __len__(self) -> int:
        return len(self.index)

    @property
    def total(self) -> int:
        """All samples lost."""
        return int(self.lost.sum())


def is_regular(stamps: F64Array, rate_hz: float) -> bool:
    """Say whether 99 % of the intervals are within a quarter of a period of the nominal one."""
    if len(stamps) < 2:
        return True
    return percentile(np.abs(np.diff(stamps) * rate_hz - 1), 99) <= _REGULAR


def gaps(
    stamps: F64Array,
    rate_hz: float,
    previous: float | None = None,
    regular: bool | None = None,
) -> Gaps:
    """Find lost samples of a stream of `rate_hz` in its stamps, shape (n,).

    Regular stamps: every interval of more than 1.5 periods is a gap, and lost is what fits in.
    Stamps that jitter: an interval counts if it stands out from the others tenfold, and lost is the
    lag that is still there a second later, for a late chunk that is caught up has lost nothing.
    Which of the two is found from the stamps unless `regular` says so. Online, pass chunk by chunk
    with the stamp before it as `previous`, and `regular=True`. A rate of 0 has no gaps.
    """
    if previous is not None:
        stamps = np.concatenate([[previous], stamps])
    found = np.zeros(0, np.int64)
    lost = found
    if rate_hz > 0 and len(stamps) > 1:
        periods = np.diff(stamps) * rate_hz
        if regular if regular is not None else is_regular(stamps, rate_hz):
            found = np.flatnonzero(periods > _GAP_PERIODS)
            lost = np.maximum(np.rint(np.minimum(periods[found], _MOST)).astype(np.int64) - 1, 1)
        else:
            limit = max(_GAP_PERIODS, 1 + 10 * percentile(np.abs(periods - 1), 99))
            late = np.flatnonzero(periods > limit)
            lags = np.array([_lasting_lag(stamps, int(i), rate_hz) for i in late], np.int64)
            found, lost = late[lags > 0], lags[lags > 0]
    index = found - (previous is not None)
    return Gaps(index, stamps[found], stamps[found + 1] if len(found) else stamps[:0], lost)


def _lasting_lag(stamps: F64Array, index: int, rate_hz: float) -> int:
    """Return by how many periods the stamps lag for good after `index`."""
    reach = max(int(rate_hz), 10)
    before = stamps[max(index + 1 - reach, 0) : index + 1]
    after = stamps[index + 1 : index + 1 + reach]
    at = np.arange(-len(before) + 1, len(after) + 1)
    lag = np.concatenate([before, after]) - at / rate_hz
    lasting = (lag[len(before) :].min() - lag[: len(before)].min()) * rate_hz
    # Stamps of a damaged file may be anything.
    return int(np.rint(min(lasting, _MOST))) if np.isfinite(lasting) else 0


def duplicates(stamps: F64Array) -> int:
    """Count the samples that have the stamp of the sample before."""
    return int(np.sum(np.diff(stamps) == 0))


def reversals(stamps: F64Array) -> I64Array:
    """Return the indices of the samples after which the stamps go back."""
    return np.flatnonzero(np.diff(stamps) < 0)


def segments(stamps: F64Array, breaks: I64Array) -> Iterator[slice]:
    """Yield the stretches of `stamps` between `breaks` (indices of last samples before a break)."""
    edges = np.unique(np.concatenate([[-1], breaks, [len(stamps) - 1]])).astype(int) + 1
    for start, stop in pairwise(edges.tolist()):
        yield slice(start, stop)


def breaks(stamps: F64Array, rate_hz: float) -> I64Array:
    """Return where no line goes through: gaps, and steps back that are more than jitter."""
    return cuts_at(stamps, rate_hz, gaps(stamps, rate_hz).index)


def cuts_at(stamps: F64Array, rate_hz: float, gap_index: I64Array) -> I64Array:
    """Return the `breaks` of stamps whose gaps are known.

    Stamps that jitter by more than a period go back all the time: a line still goes through them.
    """
    back = reversals(stamps)
    if len(back) and rate_hz > 0 and not is_regular(stamps, rate_hz):
        scatter = percentile(np.abs(np.diff(stamps) * rate_hz - 1), 99)
        back = back[(stamps[back] - stamps[back + 1]) * rate_hz > max(10 * scatter, 1.0)]
    return np.union1d(gap_index, back).astype(np.int64)


def effective_rate(stamps: F64Array, cuts: I64Array) -> float | None:
    """Return the samples per second outside the cuts (see `breaks`); None if there is no time."""
    pieces = [stamps[s] for s in segments(stamps, cuts)]
    time = sum(float(p[-1] - p[0]) for p in pieces if len(p))
    count = sum(len(p) - 1 for p in pieces if len(p))
    return count / time if time > 0 else None


def intervals(stamps: F64Array, cuts: I64Array) -> F64Array:
    """Return the intervals between stamps that no cut lies between."""
    keep = np.ones(max(len(stamps) - 1, 0), np.bool_)
    keep[cuts[cuts < len(keep)]] = False
    return np.diff(stamps)[keep]


def jitter(stamps: F64Array, rate_hz: float, cuts: I64Array) -> float | None:
    """Return the 99th percentile of |interval − nominal interval|, seconds; None without any."""
    steps = intervals(stamps, cuts)
    return percentile(np.abs(steps - 1 / rate_hz), 99) if steps.size and rate_hz > 0 else None


def dejitter(stamps: F64Array, cuts: I64Array) -> F64Array:
    """Return stamps on a least-squares line for each stretch between the cuts."""
    out = stamps.copy()
    for piece in segments(stamps, cuts):
        out[piece] = _line(stamps[piece])
    return out


def _line(stamps: F64Array) -> F64Array:
    if len(stamps) < 3:
        return stamps.copy()
    k = np.arange(len(stamps), dtype=np.float64)
    k -= k.mean()
    mean = stamps.mean()
    return np.asarray(mean + k * (np.dot(k, stamps - mean) / np.dot(k, k)))


def scatter(stamps: F64Array, rate_hz: float, cuts: I64Array) -> float | None:
    """Return the 99th percentile of |stamp − line|, seconds, for lines over 30 s at most.

    So far a recorded stamp lies from where an even pace would put it. Longer lines would count the
    slow wander of a quartz clock, which is real, as error.
    """
    size = max(int(_BLOCK_S * rate_hz), 10)
    parts = [
        np.abs(block - _line(block))
        for piece in segments(stamps, cuts)
        for block in np.split(stamps[piece], range(size, piece.stop - piece.start, size))
    ]
    return percentile(np.concatenate(parts), 99) if parts and len(stamps) > 2 else None


def dejitter_error(stamps: F64Array, rate_hz: float, cuts: I64Array) -> float | None:
    """Return how far off dejittered stamps may be, seconds: the 99th percentile.

    It is that of |mean of (stamp − line)| over blocks of a second: quick jitter averages out in a
    block, and what stays is a slow departure that the line does not follow.
    """
    size = max(int(rate_hz), 2)
    rest = stamps - dejitter(stamps, cuts)
    means = [
        np.abs(np.add.reduceat(rest[p], np.arange(0, p.stop - p.start, size))) / size
        for p in segments(stamps, cuts)
        if p.stop > p.start
    ]
    return percentile(np.concatenate(means), 99) if means and len(stamps) > 2 else None
