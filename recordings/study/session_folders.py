"""Where sessions are, found again without reading a folder that is as it was."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from recordings.manifest import MANIFEST_NAME

_LEVELS: Final = (("", ""), ("sub-", ""), ("ses-", ""), ("sub-", "_run-"))
"""What the names of study, participant, session and run begin with, and have in them."""
SETTLED_NS: Final = 10_000_000_000
"""Once it was changed so long ago, a folder's date tells it from what it becomes: file systems
count in steps of up to 2 s, and a share's clock is not ours."""


class SessionFolders:
    """Finds the session folders of a data folder, again and again.

    To read a folder costs six calls of the system, to look at its date one; in an engine each call
    may wait for another thread's turn. Safe from several threads: at worst two read the same.
    """

    def __init__(self, data_dir: Path) -> None:
        self._data_dir = data_dir
        self._read: dict[str, tuple[int, list[str]]] = {}  # date, and the folders in it

    def found(self) -> list[Path]:
        """List them, the oldest first, by when their manifests were changed."""
        before, read = self._read, {}
        found = [str(self._data_dir)]
        for begins, has in _LEVELS:  # not by glob: it takes three times as long
            inside = []
            for folder in found:
                if (known := _still(folder, before)) is None:
                    known = _read(folder, begins, has)
                read[folder] = known
                inside += known[1]
            found = inside
        self._read = read
        changed = ((_changed(folder), folder) for folder in found)
        return [Path(folder) for time, folder in sorted(p for p in changed if p[0] is not None)]


def _still(folder: str, before: dict[str, tuple[int, list[str]]]) -> tuple[int, list[str]] | None:
    """Give what was read in a folder, where it has not changed since."""
    known = before.get(folder)
    return known if known is not None and known[0] == _settled(folder) != 0 else None


def _settled(folder: str) -> int:
    """Give when a folder was changed, ns; 0 where that is too new to go by, or not known."""
    try:
        date = os.stat(folder).st_mtime_ns  # noqa: PTH116 - a Path for each costs as much again
    except OSError:
        return 0
    return date if date < time.time_ns() - SETTLED_NS else 0


def _read(folder: str, begins: str, has: str) -> tuple[int, list[str]]:
    """List the folders in a folder whose names are so; none where it cannot be read."""
    date = _settled(folder)  # before it is read: what is made meanwhile changes it again
    try:
        with os.scandir(folder) as entries:
            return date, [
                entry.path
                for entry in entries
                if entry.name.startswith(begins) and has in entry.name and entry.is_dir()
            ]
    except OSError:
        return 0, []


def _changed(folder: str) -> float | None:
    """Give when its manifest was changed, s; None: there is none, or not any more."""
    try:
        return os.stat(f"{folder}{os.sep}{MANIFEST_NAME}").st_mtime  # noqa: PTH116 - as above
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # its row says why it cannot be read
        return 0.0
