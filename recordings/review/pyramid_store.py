"""Pyramids kept on the disk, so that a session is read through once: beside it, or elsewhere.

Beside the session they lie in `.review`, which no hash covers and `unisono erase` takes along. What
is kept belongs to one state of the file: its length and its time of change.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import math
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from recordings.arrays import F32Array
from recordings.disk.atomic import put_in_place, replace_file
from recordings.disk.file_bytes import FileBytes
from recordings.disk.regular import open_file, read_text
from recordings.review.pyramid import BIN, FACTOR, LEVELS, Level, Pyramid

FOLDER: Final = ".review"
VERSION: Final = 1
KEPT_DAYS: Final = 30.0
"""Pyramids of read-only sessions are deleted after so many days without use."""


class PyramidStore:
    """Keeps pyramids of one XDF file in the first of `folders` that can be written to.

    Nothing here fails: what cannot be read is built again, what cannot be kept is not.
    """

    def __init__(self, xdf: Path, folders: list[Path]) -> None:
        self._folders = folders
        stat = xdf.stat()
        self._key = {
            "version": VERSION,
            "bytes": stat.st_size,
            "changed_ns": stat.st_mtime_ns,
            "bins": [BIN, FACTOR, LEVELS],
        }

    def load(self, stream: int, samples: int, channels: int) -> Pyramid | None:
        """Give the pyramid of a stream as it was kept; None where there is none that fits."""
        for folder in self._folders:
            with contextlib.suppress(OSError, ValueError, KeyError):
                said = json.loads(read_text(folder / f"stream-{stream}.json"))
                if said == self._said(samples, channels):
                    found = Pyramid(samples, channels, list(_levels(folder, stream)))
                    if _fits(found):
                        os.utime(folder)
                        return found
        return None

    def keep(self, stream: int, pyramid: Pyramid) -> Path | None:
        """Write a pyramid, and return the folder; None where none can be written to."""
        for folder in self._folders:
            with contextlib.suppress(OSError):
                folder.mkdir(parents=True, exist_ok=True)
                name = folder / f"stream-{stream}.json"
                name.unlink(missing_ok=True)  # no moment at which it speaks of other arrays
                for number, level in enumerate(pyramid.levels):
                    _save(folder / f"stream-{stream}-{number}-times.npy", level.times)
                    _save(folder / f"stream-{stream}-{number}-ends.npy", level.ends)
                said = self._said(pyramid.samples, pyramid.channels)
                replace_file(name, json.dumps(said).encode())
                return folder
        return None

    def _said(self, samples: int, channels: int) -> dict[str, Any]:
        return self._key | {"samples": samples, "channels": channels}


class StoredEnds:
    """Minima and maxima of a level in a file of NumPy's, read where they are looked at.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is none, or was cut off.
    """

    def __init__(self, path: Path) -> None:
        with open_file(path) as file:
            known = np.lib.format.read_magic(file) == (1, 0)
            self.shape, _, self.dtype = np.lib.format.read_array_header_1_0(file)
            self._start = file.tell()
        self._file = FileBytes(path)
        self._bin = math.prod(self.shape[1:]) * self.dtype.itemsize
        size = self._start + math.prod(self.shape) * self.dtype.itemsize
        if not known or self._file.size != size:
            raise ValueError(path)

    def __getitem__(self, at: slice) -> F32Array:
        """Read some bins, shape (bins, 2, channels).

        Raises:
            RecordingError: they cannot be read any more.
        """
        first, stop, _ = at.indices(self.shape[0])
        stop = max(first, stop)
        raw = self._file.read(self._start + first * self._bin, self._start + stop * self._bin)
        return np.frombuffer(raw, np.float32).reshape(-1, *self.shape[1:])


def folders_for(session: Path, cache: Path | None) -> list[Path]:
    """Say where the pyramids of a session may lie; of a bare file only in the user's `cache`."""
    beside = [session / FOLDER] if session.is_dir() else []
    if cache is None:
        return beside
    name = hashlib.sha256(str(session.resolve()).encode()).hexdigest()[:32]
    return [*beside, cache / name]


def forget_old(cache: Path, now: float | None = None) -> None:
    """Delete what nobody has used for `KEPT_DAYS`."""
    limit = (time.time() if now is None else now) - KEPT_DAYS * 86400
    with contextlib.suppress(OSError):
        for folder in cache.iterdir():
            if folder.is_dir() and folder.stat().st_mtime < limit:
                shutil.rmtree(folder, ignore_errors=True)


def _save(path: Path, array: Any) -> None:
    # A file that somebody has open is replaced, never written into.
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        np.save(file, array)
    put_in_place(part, path)


def _levels(folder: Path, stream: int) -> Iterator[Level]:
    for number in range(LEVELS):
        stem = f"stream-{stream}-{number}"
        times = np.load(folder / f"{stem}-times.npy", allow_pickle=False)
        yield Level(times, StoredEnds(folder / f"{stem}-ends.npy"))


def _fits(pyramid: Pyramid) -> bool:
    for number, level in enumerate(pyramid.levels):
        bins = -(-pyramid.samples // (BIN * FACTOR**number))
        if level.times.shape != (bins,) or level.times.dtype != np.float64:
            return False
        if level.ends.shape != (bins, 2, pyramid.channels) or level.ends.dtype != np.float32:
            return False
    return True
