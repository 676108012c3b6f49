"""EDF, EDF+, BDF and BDF+ files as streams, with the gaps of those that are discontinuous."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.disk.regular import open_file
from recordings.read.foreign.edf_annotations import read_annotations
from recordings.read.foreign.edf_header import EdfHeader, read_header
from recordings.read.foreign.edf_samples import EdfRecords
from recordings.read.foreign.edf_status import LABEL, read_triggers
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
    """Read a file by what its header says that it is; samples stay in it until they are asked for.

    Raises:
        RecordingError: its header cannot be read by.
        OSError: it cannot be read.
    """
    width = 3 if _magic(path) == _BDF else 2
    header = read_header(path, width)
    records = EdfRecords(path, header, width)
    said = read_annotations(header, records)
    starts, notes = _record_starts(header, said.starts)
    if said.damaged:
        notes.append(f"{said.damaged:,} of its annotations cannot be read; left out")
    columns = _columns(header, records, starts)
    begin = float(said.starts[0]) if np.isfinite(said.starts[0]) else 0.0
    entries = [(onset - begin, text) for onset, text in said.entries]
    streams = [*even_streams(path.stem, "EEG", columns), *marker_streams(path.stem, entries)]
    if width == 3:
        triggers = _triggers(header, records, starts)
        streams += marker_streams(f"{path.stem}-status", triggers)
    own_notes = [f"{path.name}: {note}" for note in (*_length_notes(header, records), *notes)]
    return SignalFile(streams, [*header.notes, *own_notes])


def _columns(header: EdfHeader, records: EdfRecords, starts: F64Array | None) -> list[Column]:
    """Return the signals; those of one rate share the times of their samples."""
    times: dict[int, F64Array | None] = {}
    columns = []
    for n, signal in enumerate(header.signals):
        if signal.is_text:
            continue
        count, rate_hz = len(records) * signal.samples, signal.samples / header.record_s
        if count not in times:
            times[count] = _times(starts, signal.samples, rate_hz)
        unit = "" if signal.scale is None else lsl_word(signal.unit)
        info = ChannelInfo(signal.label.strip(), unit, "")
        columns.append(Column(rate_hz, info, count, partial(records.read, n), times[count]))
    return columns


def _triggers(
    header: EdfHeader, records: EdfRecords, starts: F64Array | None
) -> list[tuple[float, str]]:
    """Return what the status channels say, (seconds, code)."""
    entries = []
    for n, signal in enumerate(header.signals):
        if signal.label.strip() != LABEL:
            continue
        rate_hz = signal.samples / header.record_s
        times = _times(starts, signal.samples, rate_hz)
        entries += [
            (at / rate_hz if times is None else float(times[at]), str(code))
            for at, code in read_triggers(records, n, len(records) * signal.samples)
        ]
    return entries


def _length_notes(header: EdfHeader, records: EdfRecords) -> list[str]:
    notes = ["its last record is truncated: it was cut off"] if records.rest else []
    count, said = len(records), header.records
    if said == -1:
        notes.append(f"its header does not say how many records it has: all {count:,} are read")
    elif said != count:
        notes.append(f"{said:,} records by its header, {count:,} in the file: these are read")
    return notes


def _times(starts: F64Array | None, samples: int, rate_hz: float) -> F64Array | None:
    """Return the times of a signal's samples; None where its records follow each other."""
    if starts is None:
        return None
    return np.asarray((starts[:, None] + np.arange(samples) / rate_hz).ravel(), np.float64)


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
