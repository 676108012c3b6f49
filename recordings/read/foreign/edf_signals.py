"""EDF, EDF+, BDF and BDF+ files as streams, with the gaps of those that are discontinuous."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np

from recordings.arrays import F64Array
from recordings.read.foreign.edf_header import EdfHeader, labels_of, read_header, samples_of
from recordings.read.foreign.signals import Column, SignalFile, even_streams, marker_streams
from recordings.units import lsl_word
from recordings.xdf.header import ChannelInfo

_EDF: Final = b"0       "
_BDF: Final = b"\xffBIOSEMI"
_END: Final = b"\x14"  # of a time in an annotation


def is_edf(path: Path) -> bool:
    """Whether a file begins as EDF or BDF does, whatever its name is."""
    return _magic(path) in (_EDF, _BDF)


def _magic(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(8)
    except OSError:
        return b""


def read_edf(path: Path) -> SignalFile:
    """Read a file by what its header says that it is.

    Raises:
        ImportError: edfio is missing.
        RecordingError: its header cannot be read by.
        Exception: whatever edfio raises.
    """
    import edfio

    is_bdf = _magic(path) == _BDF
    header = read_header(path, 3 if is_bdf else 2)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        file: Any = edfio.read_bdf(path) if is_bdf else edfio.read_edf(path)
    notes = [*header.notes, *(f"{path.name}: {one.message}" for one in told)]
    starts = record_starts(path, header, 3 if is_bdf else 2)
    if starts is None and _is_discontinuous(header.head):
        notes.append(
            f"{path.name}: discontinuous, and a record does not say when it begins: read as one "
            "stretch, its gaps are lost"
        )
    columns = []
    for place, signal in enumerate(file.signals):
        raw = place in header.uncalibrated
        values = np.asarray(signal.digital if raw else signal.data, np.float64)
        rate = float(signal.sampling_frequency)
        unit = "" if raw else lsl_word(signal.physical_dimension)
        info = ChannelInfo(signal.label, unit, "")
        columns.append(Column(rate, info, values, _times(starts, len(values), rate)))
    entries = _annotations(path, file, notes)
    streams = [*even_streams(path.stem, "EEG", columns), *marker_streams(path.stem, entries)]
    return SignalFile(streams, notes + _gap_note(path, starts, float(file.data_record_duration)))


def _annotations(path: Path, file: Any, notes: list[str]) -> list[tuple[float, str]]:
    """Return (onset, text) of the annotations; damaged ones cost no signal, and are told."""
    try:
        return [(float(a.onset), a.text) for a in file.annotations]
    except (ValueError, AssertionError, IndexError):  # what edfio raises of bytes that are none
        notes.append(f"{path.name}: its annotations are damaged: none is read")
        return []


def _times(starts: F64Array | None, count: int, rate_hz: float) -> F64Array | None:
    """Return the times of a signal's samples; None where its records follow each other."""
    if starts is None or not len(starts) or count % len(starts):
        return None
    inside = np.arange(count // len(starts)) / rate_hz
    return np.asarray((starts[:, None] + inside).ravel(), np.float64)


def _gap_note(path: Path, starts: F64Array | None, record_s: float) -> list[str]:
    pauses = np.diff(starts) - record_s if starts is not None else np.zeros(0)
    if not (pauses > 1e-3).any():
        return []
    count = int(np.sum(pauses > 1e-3))
    return [f"{path.name}: discontinuous, {count} gaps, the longest {pauses.max():.6g} s"]


def record_starts(path: Path, header: EdfHeader, sample_bytes: int) -> F64Array | None:
    """Return when each record of a discontinuous file (EDF+D, BDF+D) begins, seconds, shape (n,).

    The first is at 0. None for any other file, and where the times cannot be read.
    """
    head, table = header.head, header.table
    if not _is_discontinuous(head):
        return None
    sizes = [count * sample_bytes for count in samples_of(path, table)]
    kept = (n for n, label in enumerate(labels_of(table)) if label.endswith(b"Annotations"))
    times = next(kept, None)
    if times is None:
        return None
    body = np.memmap(path, np.uint8, "r", int(head[184:192]))
    rows = body[: len(body) // sum(sizes) * sum(sizes)].reshape(-1, sum(sizes))
    first = sum(sizes[:times])
    found = [bytes(row[first : first + sizes[times]]).partition(_END) for row in rows]
    if any(not end for _, end, _ in found):
        return None
    try:
        starts = [float(text) for text, _, _ in found]
    except ValueError:
        return None
    return np.array([start - starts[0] for start in starts], np.float64)


def _is_discontinuous(head: bytes) -> bool:
    return head[192:197] in (b"EDF+D", b"BDF+D")
