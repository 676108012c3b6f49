"""How many sessions are exported at a time: as many as there are cores, and memory for."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from recordings import layout

# Memory of a task, in times the size of the recording: signals as doubles, and copies of them.
# MNE-BIDS holds four; tables and videos are made piece by piece.
_TIMES: Final[Mapping[str, int]] = {"bids": 8, "edf": 3, "csv": 3, "mmme": 4, "features": 4}


def jobs_that_fit(kind: str, sessions: Sequence[Path], memory: int | None = None) -> int:
    """Return how many tasks may run at a time; `memory` is the computer's, bytes, found if None.

    Where the system does not tell its memory (Windows), there is one task a core.
    """
    cores = os.cpu_count() or 1
    memory = _memory() if memory is None else memory
    largest = max((_size(session) for session in sessions), default=0)
    needed = largest * _TIMES.get(kind, 1)
    if not memory or not needed:
        return cores
    return max(1, min(cores, memory * 3 // 4 // needed))


def _size(session: Path) -> int:
    """Return the bytes of a session's recording; 0 where it cannot be read: its task will tell."""
    xdf = session / layout.XDF_NAME if session.is_dir() else session
    try:
        return xdf.stat().st_size
    except OSError:
        return 0


def _memory() -> int:
    if sys.platform == "win32":
        return 0
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (ValueError, OSError):
        return 0
