"""Recordings of other programs as streams: BrainVision, EDF, BDF, AcqKnowledge, XDF and sessions.

A stream's times are seconds from the first sample of the file; values are in the unit that the file
names. Signals of different rates are streams of their own, as in LSL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np

from recordings.arrays import Array
from recordings.disk.regular import check_regular
from recordings.errors import RecordingError
from recordings.lateness.decision import filled
from recordings.read.fill import stamp_notes
from recordings.read.foreign.acq_signals import read_acq
from recordings.read.foreign.brainvision_signals import read_brainvision
from recordings.read.foreign.edf_signals import is_edf, read_edf
from recordings.read.foreign.signals import SignalFile, SignalStream
from recordings.read.session import Session
from recordings.read.stream import Stream


def open_signals(path: Path) -> SignalFile | None:
    """Return the content of a file of another program; None where it is to be tried as XDF.

    What an EDF or BDF file is says its header, not its name.

    Raises:
        RecordingError: it cannot be read, or what reads it is not installed.
    """
    if path.is_dir():
        return None
    suffix = path.suffix.lower()
    if suffix in READERS:
        try:
            check_regular(path)
        except OSError as error:
            raise RecordingError(f"{path}: {error.strerror}") from None
    reader = read_edf if is_edf(path) else READERS.get(suffix)
    if reader is None:
        return None
    try:
        return reader(path)
    except ImportError as error:
        package = "acq" if suffix == ".acq" else "bids"
        raise RecordingError(
            f"{path}: {error.name} is not installed; install it with: pip install "
            f"'unisono[{package}]'"
        ) from None
    except RecordingError:
        raise
    except Exception as error:  # two libraries, each with errors of its own
        raise RecordingError(f"{path}: {_foreign_words(suffix, error)}") from error


def _foreign_words(suffix: str, error: Exception) -> str:
    """Say that a library failed, and what to do; what it says itself is of its own insides."""
    library, program = _LIBRARIES.get(suffix, ("this program", "the one that it is from"))
    if isinstance(error, FileNotFoundError):
        return f"names {error.filename}, which is not there; put it beside this file"
    if isinstance(error, PermissionError):
        return f"cannot be read ({error.strerror})"
    return (
        f"is no {suffix} file, or a damaged one, as {library} cannot read it; copy it again, or "
        f"save it anew in {program}"
    )


_LIBRARIES: Final = {
    ".vhdr": ("MNE", "BrainVision Recorder or Analyzer"),
    ".acq": ("bioread", "AcqKnowledge"),
}
MOST_CHANNELS: Final = 65_536
LONGEST_NAME: Final = 256
"""Letters: LSL's streams are played by this program, which takes no longer name."""
READERS: Final[dict[str, Callable[[Path], SignalFile]]] = {
    ".vhdr": read_brainvision,
    ".edf": read_edf,
    ".bdf": read_edf,
    ".acq": read_acq,
}


def session_streams(session: Session, without: Iterable[str] = ()) -> SignalFile:
    """Return the streams of an open session, clock offsets applied; `without` names streams."""
    skipped = frozenset(without)
    all_named = [s for s in session if s.name not in skipped]
    named = [s for s in all_named if 0 < s.xdf.info.channel_count <= MOST_CHANNELS]
    chosen = [s for s in named if s.tells_time]
    notes = [
        f"{s.name}: its stamps do not go on, or none is a number: they tell no time; left out"
        for s in named
        if not s.tells_time
    ]
    notes += [
        f"{s.name}: {s.xdf.info.channel_count:,} channels; a stream has 1 to {MOST_CHANNELS:,}; "
        "left out"
        for s in all_named
        if s not in named
    ]
    notes += [note for stream in chosen for note in stamp_notes(stream)]
    if session.recording.damage:
        notes.append(f"{session.recording.path.name}: {session.recording.damage_text}; left out")
    return SignalFile([_of_session(stream) for stream in chosen], notes)


def _of_session(stream: Stream) -> SignalStream:
    info = stream.xdf.info
    order = None
    if stream.rate_hz > 0:
        # A step back in time cannot be waited for: what is late comes with what came before.
        times = np.maximum.accumulate(stream.mended) if len(stream) else np.zeros(0)
    else:
        times = filled(stream.times(), 0.0)
        if np.any(np.diff(times) < 0):  # each sample has a time of its own, whenever it was sent
            order = np.argsort(times, kind="stable")
            times = times[order]

    def read(start: int, stop: int) -> Array:
        if order is not None:
            return whole()[order[start:stop]]
        return in_file(start, stop)

    @cache
    def whole() -> Array:
        return in_file(0, len(stream))

    def in_file(start: int, stop: int) -> Array:
        if not stream.is_text:
            return stream.xdf.read(start, stop)
        rows = stream.strings[start:stop]
        return np.array(rows, dtype=object).reshape(len(rows), info.channel_count)

    return SignalStream(
        name=stream.name[:LONGEST_NAME] or f"stream-{stream.xdf.id}",
        type=stream.type,
        channels=info.channels,
        rate_hz=stream.rate_hz,
        dtype="string" if info.dtype is None else info.dtype.name,
        times=times,
        read=read,
        can_drop_samples=info.can_drop_samples,
        source_id=info.source_id,
        manufacturer=info.text("desc/acquisition/manufacturer"),
        model=info.text("desc/acquisition/model"),
        number=stream.xdf.id,
    )
