"""The file that motion is kept in: Parquet, a row a used frame, what it is of in its metadata."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from recordings.arrays import F64Array, I64Array
from recordings.disk.regular import check_regular
from recordings.errors import RecordingError
from recordings.extras import need_parquet
from recordings.motion.tracing import COLUMNS

_KEY: Final = b"unisono-motion"


@dataclass(frozen=True, slots=True)
class Motion:
    """What was measured of one camera.

    `frames` are numbers of stored frames, `times` their LSL seconds, shape (n,); `rows` has the
    `COLUMNS` of `recordings.motion.tracing`, shape (n, columns); `said` tells what it is of.
    """

    frames: I64Array
    times: F64Array
    rows: F64Array
    said: Mapping[str, Any]

    def column(self, name: str) -> F64Array:
        """Give one column, shape (n,)."""
        return np.asarray(self.rows[:, COLUMNS.index(name)])

    def place(self, name: str) -> F64Array:
        """Give where a place is, right and down, px of the crop, shape (n, 2)."""
        first = COLUMNS.index(f"{name}-right")
        return np.asarray(self.rows[:, first : first + 2])

    @property
    def by(self) -> str:
        """What the regions come from: landmarks, or the face box."""
        return str(self.said.get("by", ""))


def motion_path(folder: Path, camera: str) -> Path:
    """Return the file of a camera in a folder of motion."""
    return folder / f"{camera}.parquet"


def save_motion(path: Path, motion: Motion) -> None:
    """Write the file, whole or not at all.

    Raises:
        OSError: it cannot be written.
        RecordingError: pyarrow is not installed.
    """
    pa, pq = need_parquet()
    columns = {"frame": motion.frames, "time": motion.times}
    columns |= {name: motion.column(name).astype(np.float32) for name in COLUMNS}
    table = pa.table(columns).replace_schema_metadata(
        {_KEY: json.dumps(dict(motion.said)).encode()}
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    pq.write_table(table, part)
    part.replace(path)


def load_motion(path: Path) -> Motion:
    """Read a file.

    Raises:
        RecordingError: there is none, or it is not one of this program, or pyarrow is missing.
    """
    pa, pq = need_parquet()
    try:
        check_regular(path)
        table = pq.read_table(path)
        said = json.loads(table.schema.metadata[_KEY])
        frames = table["frame"].to_numpy().astype(np.int64)
        times = table["time"].to_numpy().astype(np.float64)
        rows = np.column_stack([table[name].to_numpy() for name in COLUMNS]).astype(np.float64)
    except (OSError, KeyError, TypeError, ValueError, pa.ArrowException) as error:
        raise RecordingError(
            f"{path}: is no motion that this program wrote ({' '.join(str(error).split())}); "
            "run unisono motion again"
        ) from error
    return Motion(frames, times, rows, said)


def said_of(path: Path) -> Mapping[str, Any] | None:
    """Return what a file is of; None where there is none that can be read."""
    if not path.is_file():
        return None
    try:
        return load_motion(path).said
    except RecordingError:
        return None
