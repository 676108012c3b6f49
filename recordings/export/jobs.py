"""How many sessions are exported at a time: as many as there are cores, and memory for."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from recordings import layout

# Memory of a task, in times the size of the recording: signals as doubles, and copies of them.
# BIDS, tables and videos are made piece by piece; of BIDS the stamps of one stream stay.
_TIMES: Final[Mapping[str, float]] = {"bids": 0.2, "edf": 3, "csv": 3, "mmme": 4, "features": 4}
_BIDS_AS_EDF: Final = 6.0
"""MNE-BIDS holds all of the EEG for this format."""
LIBRARIES: Final = 150 << 20
"""What a task takes before it has read anything, bytes."""


def jobs_that_fit(
    kind: str, sessions: Sequence[Path], settings: object = None, memory: int | None = None
) -> int:
    """Return how many tasks may run at a time.

    Where the system does not tell its memory (Windows), there is one task a core.

    Args:
        kind: of the tasks.
        sessions: what they are done with.
        settings: theirs, where they have some.
        memory: the computer's, bytes, found if None.
    """
    cores = os.cpu_count() or 1
    memory = _memory() if memory is None else memory
    largest = max((_size(session) for session in sessions), default=0)
    whole = kind == "bids" and getattr(settings, "format", "") == "EDF"
    times = _BIDS_AS_EDF if whole else _TIMES.get(kind, 1)
    if not memory or not largest:
        return cores
    return max(1, min(cores, int(0.75 * memory / (LIBRARIES + largest * times))))


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
