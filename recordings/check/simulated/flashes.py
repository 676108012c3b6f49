"""The photodiode patch of a simulated camera, found in its video file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np

from recordings.arrays import F64Array, I64Array
from recordings.errors import RecordingError

MAX_FLASHES: Final = 200  # each costs some decoded frames
PATCH: Final = 64  # pixels; the square in the top right corner
_REACH_S: Final = 0.1


def find_flashes(
    path: Path, index: I64Array, times: F64Array, on: F64Array, off: F64Array
) -> tuple[F64Array, F64Array, int]:
    """Find flashes in the video `path`, whose stored frames have `index` and LSL `times`.

    Returns when those that were found began, by how much later they were seen, and how many were
    not found; true times are from `on` to `off`, seconds, at most MAX_FLASHES of them.

    A flash tells its error only to within the distance of two frames: it begins between the last
    dark and the first lit frame, and ends between the last lit and the first dark one. The error is
    the middle of what both edges allow, so the doubt is half a frame at most.
    """
    from recordings.video.reader import VideoReader

    order = np.argsort(times, kind="stable")
    index, times = index[order], times[order]
    off = off[np.minimum(np.searchsorted(off, on), max(len(off) - 1, 0))]
    whole = (on - _REACH_S > times[:1].max(initial=-np.inf)) if len(times) else on > np.inf
    whole = whole & (off + _REACH_S < (times[-1] if len(times) else -np.inf)) & (off > on)
    pairs = np.column_stack([on, off])[whole]
    pairs = pairs[:: max(len(pairs) // MAX_FLASHES, 1)]
    hits: list[tuple[float, float]] = []
    if len(pairs):
        with VideoReader(path) as video:

            def lit(row: int) -> bool:
                if index[row] >= len(video):
                    raise RecordingError(f"{path}: has no frame {index[row]}, only {len(video)}")
                corner = video.frame(int(index[row]))[:PATCH, -PATCH:]
                return bool(corner.mean() > 0.5 * np.iinfo(corner.dtype).max)

            for start, end in pairs.tolist():
                error = _error(times, lit, start, end)
                if error is not None:
                    hits.append((start, error))
    found, errors = np.array(hits).reshape(-1, 2).T
    return found, errors, len(pairs) - len(hits)


def _error(times: F64Array, lit: Callable[[int], bool], on: float, off: float) -> float | None:
    reach = min(_REACH_S, 0.5 * (off - on))
    middle = int(np.searchsorted(times, 0.5 * (on + off)))
    first, last = (int(np.searchsorted(times, t)) for t in (on - _REACH_S, off + _REACH_S))
    if reach <= 0 or not first < middle < last < len(times):
        return None
    if lit(first) or not lit(middle) or lit(last):
        return None
    rise = _edge(lit, first, middle)
    fall = _edge(lambda row: not lit(row), middle, last)
    low = max(times[rise - 1] - on, times[fall - 1] - off)
    high = min(times[rise] - on, times[fall] - off)
    return float(0.5 * (low + high))


def _edge(state: Callable[[int], bool], low: int, high: int) -> int:
    """Return the first row in (low, high] of the new state; `low` has the old one."""
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if state(middle) else (middle, high)
    return high
