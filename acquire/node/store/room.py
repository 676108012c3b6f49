"""How much has to be free on a node's disk."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from recordings.errors import RecordingError

FLOOR_BYTES: Final = 256 << 20
FLOOR_SHARE: Final = 0.02
"""Recordings end once less is free than the smaller of the two: of bytes, and of the disk."""


BEGIN_FLOORS: Final = 2
"""Nothing begins below so many of them: what was kept back beside a file is free after its end."""


def floor(total: int) -> float:
    """Say how many bytes must be free on a disk of `total` bytes."""
    return min(FLOOR_BYTES, FLOOR_SHARE * total)


def require_room(folder: Path) -> None:
    """Refuse to begin what would be ended at once.

    Raises:
        RecordingError: too little is free.
    """
    disk = shutil.disk_usage(folder)
    if disk.free < BEGIN_FLOORS * floor(disk.total):
        raise RecordingError(
            f"{folder.name}: the node's disk is full but for {disk.free / 1e6:,.0f} MB; collect "
            "what is there and release it, or name another data folder"
        )
