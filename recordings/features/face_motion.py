"""How far a face moved in a window, out of `motion/<camera>.parquet` where that was measured.

Places of the face are known but for a shift that stays: how far they go within a window counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.features.windows import Window
from recordings.layout import MOTION_NAME
from recordings.motion.anatomy import PLACES
from recordings.motion.table import Motion
from recordings.motion.task import RATE_HZ

_GAP: Final = 3.0  # of the usual step: longer ones are frames that are missing
_RANGES: Final = ("turn", "nod", "lean", "eyes")


def motion_files(session: Path) -> list[Path]:
    """List the files of motion in a session's folder."""
    return sorted((session / MOTION_NAME).glob("*.parquet")) if session.is_dir() else []


def used_rate_hz(times: F64Array) -> float:
    """Return the rate of the frames that were used, gaps aside: that of a slow camera is lower."""
    steps = np.diff(times)
    whole = steps[steps < _GAP * np.median(steps)] if len(steps) else steps
    return min(RATE_HZ, 1.0 / float(whole.mean())) if len(whole) else RATE_HZ


def motion_row(motion: Motion, rate_hz: float, window: Window) -> dict[str, float]:
    """Return how far each place went from where it was in the median, px, and turns' ranges.

    `rate_hz` is `used_rate_hz` of the motion.
    """
    first, after = np.searchsorted(motion.times, (window.start, window.stop)).tolist()
    row = {f"Motion_{name}_Reach": _reach(motion.place(name)[first:after]) for name in PLACES}
    row |= {f"Motion_{name}_Range": _range(motion.column(name)[first:after]) for name in _RANGES}
    fitting = motion.column("fitting")[first:after]
    seen = fitting[np.isfinite(fitting)]
    expected = max(window.length_s * rate_hz, 1.0)
    row["Motion_Quality"] = float(seen.mean()) if len(seen) else np.nan
    row["Motion_Missing"] = float(np.clip(1.0 - len(seen) / expected, 0.0, 1.0))
    return row


def _reach(way: F64Array) -> float:
    way = way[np.isfinite(way).all(axis=1)]
    if not len(way):
        return np.nan
    return float(np.hypot(*(way - np.median(way, axis=0)).T).max())


def _range(values: F64Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.max() - known.min()) if len(known) else np.nan
