"""Files of motion as `unisono motion` writes them, with what a test wants in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recordings.arrays import F64Array
from recordings.motion.table import Motion, save_motion
from recordings.motion.tracing import COLUMNS


def write_motion(path: Path, times: F64Array, columns: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write some columns, shape (n,), of frames at LSL `times`, shape (n,); all others are NaN."""
    rows = np.full((len(times), len(COLUMNS)), np.nan)
    for name, values in columns.items():
        rows[:, COLUMNS.index(name)] = values
    save_motion(path, Motion(np.arange(len(times)), times, rows, {}))
