"""How far a face moved in a window, out of `motion/<camera>.parquet` where that was measured.

Places of the face are known but for a shift that stays: how far they go within a window counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from recordings import layout
from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.extras import need_parquet
from recordings.features.windows import Window

FOLDER: Final = layout.MOTION_NAME
GRID_HZ: Final = 30.0
_GAP: Final = 3.0  # of the usual step: longer ones are frames that are missing
_TIME: Final = "time"
_QUALITY: Final = "fitting"
_ANGLES: Final = ("turn", "nod", "lean", "eyes")


@dataclass(frozen=True, slots=True)
class FaceMotion:
    """The trace of one camera: LSL times, shape (n,), and columns of that length, NaN unknown.

    `rate_hz`: of the frames that were used, gaps aside: the grid's, or that of a slower camera.
    """

    times: F64Array
    columns: Mapping[str, F64Array]
    rate_hz: float

    @property
    def places(self) -> list[str]:
        """Names of the places whose way right and down is known."""
        rights = (n.removesuffix("-right") for n in self.columns if n.endswith("-right"))
        return [name for name in rights if f"{name}-down" in self.columns]


def motion_files(session: Path) -> list[Path]:
    """List the files of motion in a session's folder."""
    return sorted((session / FOLDER).glob("*.parquet")) if session.is_dir() else []


def load_face_motion(path: Path) -> FaceMotion:
    """Read a file of motion.

    Raises:
        RecordingError: it is none, or pyarrow is not installed.
    """
    _, pq = need_parquet()
    try:
        table = pq.read_table(path)
        columns = {
            name: np.asarray(table.column(name).to_numpy(), np.float64)
            for name in table.column_names
        }
        times = columns.pop(_TIME)
    except Exception as error:  # pyarrow's own, of a damaged file
        raise RecordingError(
            f"{path}: is no table of motion ({' '.join(str(error).split())[:120]}); "
            "run unisono motion again"
        ) from error
    return FaceMotion(times, columns, _rate_hz(times))


def _rate_hz(times: F64Array) -> float:
    steps = np.diff(times)
    whole = steps[steps < _GAP * np.median(steps)] if len(steps) else steps
    return min(GRID_HZ, 1.0 / float(whole.mean())) if len(whole) else GRID_HZ


def motion_row(motion: FaceMotion, window: Window) -> dict[str, float]:
    """Return how far each place went from where it was in the median, px, and turns' ranges."""
    first, after = np.searchsorted(motion.times, (window.start, window.stop)).tolist()
    cut = {name: values[first:after] for name, values in motion.columns.items()}
    row = {f"Motion_{name}_Reach": _reach(cut, name) for name in motion.places}
    row |= {f"Motion_{name}_Range": _range(cut[name]) for name in _ANGLES if name in cut}
    fitting = cut.get(_QUALITY, np.zeros(0))
    seen = fitting[np.isfinite(fitting)]
    expected = max(window.length_s * motion.rate_hz, 1.0)
    row["Motion_Quality"] = float(seen.mean()) if len(seen) else np.nan
    row["Motion_Missing"] = float(np.clip(1.0 - len(seen) / expected, 0.0, 1.0))
    return row


def _reach(cut: Mapping[str, F64Array], name: str) -> float:
    way = np.column_stack([cut[f"{name}-right"], cut[f"{name}-down"]])
    way = way[np.isfinite(way).all(axis=1)]
    if not len(way):
        return np.nan
    return float(np.hypot(*(way - np.median(way, axis=0)).T).max())


def _range(values: F64Array) -> float:
    known = values[np.isfinite(values)]
    return float(known.max() - known.min()) if len(known) else np.nan
