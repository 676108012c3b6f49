"""EDF, EDF+, BDF and BDF+ files as streams, with the gaps of those that are discontinuous."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np

from recordings.arrays import F64Array
from recordings.disk.regular import open_file
from recordings.read.foreign.edf_annotations import read_annotations
from recordings.read.foreign.edf_header import EdfHeader, EdfSignal, read_header
from recordings.read.foreign.signals import Column, SignalFile, even_streams, marker_streams
from recordings.units import lsl_word
from recordings.xdf.header import ChannelInfo

_EDF: Final = b"0       "
_BDF: Final = b"\xffBIOSEMI"
_NEAR_S: Final = 1e-3
_ROUNDED_S: Final = 0.02  # so far off may be the times of records, rounded, of a file without gaps


def is_edf(path: Path) -> bool:
    """Whether a file begins as EDF or BDF does, whatever its name is."""
    return _magic(path) in (_EDF, _BDF)


def _magic(path: Path) -> bytes:
    try:
        with open_file(path) as file:
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
    said = read_annotations(path, header, 3 if is_bdf else 2)
    starts, notes = _record_starts(header, said.starts)
    if said.damaged:
        notes.append(f"{said.damaged:,} of its annotations cannot be read; left out")
    # The library knows the annotations of its own form alone; what is left are signals for it.
    own_name = "BDF Annotations" if is_bdf else "EDF Annotations"
    own = [signal for signal in header.signals if signal.label != own_name]
    columns = [
        _column(signal, read, header.record_s, starts)
        for signal, read in zip(own, file.signals, strict=True)
        if not signal.is_text
    ]
    begin = float(said.starts[0]) if np.isfinite(said.starts[0]) else 0.0
    entries = [(onset - begin, text) for onset, text in said.entries]
    streams = [*even_streams(path.stem, "EEG", columns), *marker_streams(path.stem, entries)]
    own_notes = [f"{path.name}: {note}" for note in (*(one.message for one in told), *notes)]
    return SignalFile(streams, [*header.notes, *own_notes])


def _column(signal: EdfSignal, read: Any, record_s: float, starts: F64Array | None) -> Column:
    values = np.asarray(read.digital, np.float64)
    if signal.scale is not None:
        factor, offset = signal.scale
        values = values * factor + offset
    unit = "" if signal.scale is None else lsl_word(signal.unit)
    rate_hz = signal.samples / record_s
    info = ChannelInfo(signal.label.strip(), unit, "")
    return Column(rate_hz, info, values, _times(starts, len(values), rate_hz))


def _times(starts: F64Array | None, count: int, rate_hz: float) -> F64Array | None:
    """Return the times of a signal's samples; None where its records follow each other."""
    if starts is None or not len(starts) or count % len(starts):
        return None
    inside = np.arange(count // len(starts)) / rate_hz
    return np.asarray((starts[:, None] + inside).ravel(), np.float64)


def _record_starts(header: EdfHeader, said: F64Array) -> tuple[F64Array | None, list[str]]:
    """Return when the records of a discontinuous file begin, the first at 0, and what to tell.

    None where they follow each other, or do not say in order when they begin.
    """
    steps = np.diff(said)
    gaps = steps - header.record_s
    if not header.is_discontinuous:
        return None, _contradiction(gaps[gaps > _ROUNDED_S])
    if not np.isfinite(said).all() or (steps <= 0).any():
        return None, [
            "discontinuous, and a record does not say when it begins, or goes back: read as one "
            "stretch, its gaps are lost"
        ]
    notes, wide, narrow = [], gaps[gaps > _NEAR_S], gaps[gaps < -_NEAR_S]
    if len(wide):
        notes.append(f"discontinuous, {len(wide):,} gaps, the longest {wide.max():.6g} s")
    if len(narrow):
        notes.append(
            f"{len(narrow):,} of its records begin up to {-narrow.min():.6g} s before the one "
            "before has ended: their times overlap"
        )
    return said - said[0], notes


def _contradiction(gaps: F64Array) -> list[str]:
    if not len(gaps):
        return []
    return [
        f"{len(gaps):,} of its records begin up to {gaps.max():.6g} s after the one before has "
        "ended, and its header says that there are no gaps: read as one stretch; if there are, "
        "write D for the C of EDF+C or BDF+C, its byte 197"
    ]
