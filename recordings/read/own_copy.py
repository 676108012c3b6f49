"""What a node has kept itself of what it sent: how far a camera's files go.

Where the order to stop came late, over a cable that was cut, its files hold frames from after the
stop; where another recording goes on at the stop they stay, for there is no frame in both.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recordings.errors import RecordingError
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.xdf.reader import read_xdf

_COLUMNS = [INDEX_CHANNELS.index(name) for name in ("file_index", "fate")]


def cut_of(copy_xdf: Path) -> float | None:
    """Give the stamp after which what is in a device's own copy and videos is to be cut off.

    None: nothing is, because the stop was heard in time, or another take goes on there.

    Raises:
        RecordingError: the copy cannot be read.
    """
    with read_xdf(copy_xdf) as recording:
        cuts = [s.footer.cut for s in recording.streams if s.footer and s.footer.cut is not None]
    return cuts[0] if cuts else None


def stored_until(copy_xdf: Path, stream: str, lsl_stop: float) -> tuple[int, ...]:
    """Say how many frames of each of a camera's files are stamped at or before a stop.

    Args:
        copy_xdf: the device's own copy of the take; it may be of a process that died.
        stream: the camera's name.
        lsl_stop: in seconds of the clock of the node, by which the copy is stamped.

    Returns:
        A count a file, in the order in which they were begun: `face.nut`, `face+2.nut`…

    Raises:
        RecordingError: the copy cannot be read, or has no such camera.
    """
    with read_xdf(copy_xdf) as recording:
        index_streams = [s for s in recording.streams if s.name == stream and s.info.is_index]
        if not index_streams:
            raise RecordingError(f"{copy_xdf}: has no rows of a camera {stream!r}")
        (rows,) = index_streams
        index, fate = rows.read(channels=_COLUMNS).T
        stored = (fate == Fate.STORED.code) & (index >= 0)
        index, early = index[stored], rows.stamps[stored] <= lsl_stop
    if not len(index):
        return ()
    file = np.cumsum(np.r_[0, np.diff(index) <= 0])
    return tuple(np.bincount(file, early).astype(int).tolist())
