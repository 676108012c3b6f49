"""Where sessions are, found again without reading a folder that is as it was."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from recordings.manifest import MANIFEST_NAME
from recordings.read.sessions import Folder, read_folder, session_places

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
        self._read: dict[str, tuple[int, Folder]] = {}  # date, and what is in it

    def found(self) -> list[Path]:
        """List them, the oldest first, by when their manifests were changed.

        Before them, what may hold some and cannot be looked into.
        """
        before, now = self._read, dict[str, tuple[int, Folder]]()

        def read(path: str) -> Folder:
            date = _settled(path)  # before it is read: what is made meanwhile changes it again
            known = before.get(path)
            if known is None or date == 0 or known[0] != date:
                known = date, read_folder(path)
            # Of a link that leads nowhere no date says that what it leads to is there again.
            if not known[1].nowhere:
                now[path] = known
            return known[1]

        found = session_places(self._data_dir, read)
        self._read = now
        changed = ((_changed(folder), folder) for folder in found)
        return [Path(folder) for date, folder in sorted(p for p in changed if p[0] is not None)]


def _settled(folder: str) -> int:
    """Give when a folder was changed, ns; 0 where that is too new to go by, or not known."""
    try:
        date = os.stat(folder).st_mtime_ns  # noqa: PTH116 - a Path for each costs as much again
    except OSError:
        return 0
    return date if date < time.time_ns() - SETTLED_NS else 0


def _changed(folder: str) -> float | None:
    """Give when its manifest was changed, s; None: there is none, or not any more."""
    try:
        return os.stat(f"{folder}{os.sep}{MANIFEST_NAME}").st_mtime  # noqa: PTH116 - as above
    except (FileNotFoundError, NotADirectoryError):
        # One whose manifest is gone is not begun yet, or being deleted; a link leads nowhere, and
        # what is no session's folder could not be looked into.
        is_run = "_run-" in folder.rpartition(os.sep)[2]
        return None if is_run and not os.path.islink(folder) else 0.0  # noqa: PTH114 - as above
    except OSError:  # its row says why it cannot be read
        return 0.0
