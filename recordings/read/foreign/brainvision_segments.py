"""Where a BrainVision recording was paused: its samples follow each other, their times do not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np

from recordings.arrays import F64Array

_SEGMENT: Final = re.compile(
    r"^Mk\d+=New Segment,[^,]*,(\d+),[^,]*,[^,]*(?:,(\d*))?\s*$", re.MULTILINE
)
_NEAR_S: Final = 0.02
_DRIFT: Final = 1e-3
"""A segment that begins so near to the end of the one before, as a share of that, follows it."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Samples from `first` on are `seconds` later than their number says; both have shape (n,)."""

    first: F64Array
    seconds: F64Array

    def of(self, samples: F64Array) -> F64Array:
        """Return how much later these samples are, seconds, shape (n,)."""
        before = np.searchsorted(self.first, samples, "right")
        return np.asarray(np.r_[0.0, self.seconds][before], np.float64)


def pauses_of(markers: str, rate_hz: float, count: int) -> tuple[Pauses | None, str]:
    """Find pauses by the dates of new segments in a marker file's text, and what to tell of them.

    None where there is none, or where the dates do not say how long they were.
    """
    found = {int(n) - 1: _date(text) for n, text in _SEGMENT.findall(markers)}
    starts = sorted(n for n in found if 0 <= n < count)
    if len(starts) < 2:
        return None, ""
    dates = [found[n] for n in starts]
    at = np.array([np.nan if d is None else d.timestamp() for d in dates])
    lengths = np.diff(starts) / rate_hz
    pauses = np.diff(at) - lengths
    near = np.maximum(_NEAR_S, _DRIFT * lengths)
    if not np.all(pauses >= -near):  # or unknown
        return None, (
            f"{len(starts) - 1} new segments, and their dates do not say in order when they began: "
            "read as one stretch, pauses between them are lost"
        )
    pauses = np.where(pauses > near, pauses, 0.0)
    if not pauses.any():
        return None, ""
    told = f"{int(np.count_nonzero(pauses))} pauses, the longest {pauses.max():.6g} s"
    return Pauses(np.array(starts[1:], np.float64), np.cumsum(pauses)), told


def _date(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:
        return None
