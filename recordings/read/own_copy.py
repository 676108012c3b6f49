"""What a node has kept itself of what it sent: how far a camera's files go.

Where the order to stop came late, over a cable that was cut, its files hold frames from after the
stop; where another recording goes on at the stop they stay, for there is no frame in both.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recordings.arrays import BoolArray, F64Array
from recordings.errors import RecordingError
from recordings.frame_files import runs_of, say_stored
from recordings.manifest_entries import Gap, StreamEntry
from recordings.stream_kinds import INDEX_CHANNELS, LOST_FATES
from recordings.xdf.merged import MergedStream, added_in
from recordings.xdf.reader import read_xdf
from recordings.xdf.stream import XdfStream

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
        stored = say_stored(index, fate)
        index, early = index[stored], rows.stamps[stored] <= lsl_stop
    if not len(index):
        return ()
    return tuple(np.bincount(runs_of(index), early).astype(int).tolist())


def completed(entry: StreamEntry | None, stream: XdfStream) -> StreamEntry | None:
    """Give what the manifest says of a stream as it is with what its own copies have added.

    What was counted as lost and is there now is taken off; the frames that a camera itself lost,
    by the rows that were added, are put on.
    """
    added = added_in(stream)
    if entry is None or not isinstance(stream, MergedStream) or not (added.any() or stream.cut_off):
        return entry
    stamps = stream.stamps
    gaps = tuple(left for gap in entry.gaps for left in _left_of(gap, stamps, added, entry.rate_hz))
    found = sum(gap.lost for gap in entry.gaps) - sum(gap.lost for gap in gaps)
    lost = entry.lost - found
    if stream.info.is_index:
        fates = stream.read(channels=_COLUMNS[1:])[added, 0]
        lost += int(np.isin(fates, [fate.code for fate in LOST_FATES]).sum())
    update = {
        "samples": entry.samples + int(added.sum()) - stream.cut_off,
        "lost": max(lost, 0),
        "gaps": gaps,
        "first_stamp": float(stamps[0]) if len(stamps) else None,
        "last_stamp": float(stamps[-1]) if len(stamps) else None,
    }
    return entry.model_copy(update=update)


def _left_of(gap: Gap, stamps: F64Array, added: BoolArray, rate_hz: float) -> list[Gap]:
    """Say what is missing of a gap still, and where: a copy may fill it from both of its ends."""
    edge = 0.25 / rate_hz if rate_hz else 0.0  # the samples around it may be from the copy, too
    came = int(np.sum(added & (gap.start + edge < stamps) & (stamps < gap.end - edge)))
    left = gap.lost - came
    if not came:
        return [gap]
    if left <= 0:
        return []
    there = stamps[(gap.start - edge <= stamps) & (stamps <= gap.end + edge)]
    missing = np.rint(np.diff(there) * rate_hz).astype(int) - 1
    holes = np.flatnonzero(missing > 0)
    if missing[holes].sum() != left:  # where most is missing, then
        holes = np.array([np.argmax(missing)])
        missing[holes] = left
    return [Gap(start=there[k], end=there[k + 1], lost=missing[k]) for k in holes.tolist()]
