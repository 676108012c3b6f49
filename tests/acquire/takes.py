"""Takes without an engine, for tests of what handles them."""

from __future__ import annotations

from pathlib import Path

from acquire.lsl.clock import local_clock
from acquire.take.disk import DiskWatch
from acquire.take.take import Take
from acquire.take.videos import TakeVideos
from acquire.take.xdf_recorder import XdfRecorder
from recordings.layout import free_bytes
from recordings.xdf.file import XdfFile


def made_take(path: Path, number: int = 1, *, continues: bool = False) -> Take:
    """Make a take that writes a bare XDF file."""
    return Take(
        number,
        XdfRecorder(XdfFile(path, 0)),
        TakeVideos(None),
        DiskWatch(local_clock(), free_bytes(path.parent)),
        None,
        None,
        continues=continues,
    )
