"""Which file of a camera or microphone holds the frame of each row of its index stream.

The rows say which frame of its file each one is, and not of which: with each file it begins again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from recordings.arrays import BoolArray, F64Array, I64Array
from recordings.stream_kinds import INDEX_CHANNELS, Fate

_INDEX: Final = INDEX_CHANNELS.index("file_index")
_FATE: Final = INDEX_CHANNELS.index("fate")


def say_stored(index: F64Array, fate: F64Array) -> BoolArray:
    """Say which rows say stored, shape (m,), by their file indices and fates."""
    return np.asarray((fate == Fate.STORED.code) & (index >= 0), np.bool_)


def said_stored(rows: F64Array) -> I64Array:
    """Give the file indices of the rows that say stored, shape (n,), of rows (m, channels)."""
    index = rows[:, _INDEX]
    return np.asarray(index[say_stored(index, rows[:, _FATE])], np.int64)


def runs_of(index: I64Array) -> I64Array:
    """Number the runs in which the index rises, shape (n,): also one of one frame is a run."""
    return np.cumsum(np.r_[0, np.diff(index) <= 0])[: len(index)].astype(np.int64)


def files_of(index: I64Array, frames: Sequence[int]) -> I64Array:
    """Number the file of each stored row, shape (n,).

    A file that was begun and never had a frame, as of a device that came back and failed again, has
    no row: where there are more files than runs, such files are passed over.

    Args:
        index: of the rows that say stored, in their order.
        frames: how many each file has; files that nobody knows of may follow.
    """
    runs = runs_of(index)
    spare = len(frames) - (int(runs[-1]) + 1 if len(runs) else 0)
    files: list[int] = []
    for number, count in enumerate(frames):
        if not count and spare > 0:
            spare -= 1
        else:
            files.append(number)
    files += range(len(frames), len(frames) + len(runs))
    return np.array(files, np.int64)[runs]


def is_in_file(index: I64Array, files: I64Array, frames: Sequence[int]) -> BoolArray:
    """Say which rows' frames are in their files: what an encoder that died held is not, shape (n,).

    Those of a file that nobody has counted are.
    """
    unknown = np.iinfo(np.int64).max
    counts = np.array([*frames, unknown], np.int64)
    return np.asarray(index < counts[np.minimum(files, len(frames))], np.bool_)
