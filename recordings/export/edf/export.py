"""`unisono export edf`: signals as EDF+ (16 bits) or BDF+ (24 bits), markers as annotations.

One file a stream, continuous, at the nominal rate; where samples are missing, zeros stand under an
annotation `BAD_ACQ_SKIP`. The physical range of a channel is that of its data, so a step is the
range over 65,535 (EDF) or 16,777,215 (BDF): `notes` says where that is coarser than 0.1 µV.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from recordings.errors import RecordingError
from recordings.export.edf.file import EdfFile, Form
from recordings.export.file_names import file_stems
from recordings.export.records import session_name
from recordings.read.fill import rate_notes, stamp_notes
from recordings.read.grid import annotations_on, grid_of
from recordings.read.outside import outside_notes, timeless_notes
from recordings.read.session import Session
from recordings.read.stream import Stream
from recordings.read.to_mne import taken_units


@dataclass(frozen=True, slots=True)
class Settings:
    """`streams`: names, none = all signals."""

    format: Literal["edf", "bdf"] = "bdf"
    streams: tuple[str, ...] = ()


def export(session: Session, folder: Path, settings: Settings) -> list[str]:
    """Write the signals of one session; see `recordings.export.tasks`.

    Raises:
        RecordingError: a stream that was asked for is no signal or does not fit into EDF, no
            stream fits, or edfio is missing.
    """
    chosen = [session[name] for name in settings.streams] or session.signals
    notes = [] if chosen else ["no signal in this session"]
    if not settings.streams:
        notes += left_out(session)
    notes += timeless_notes(session)
    unfit: list[RecordingError] = []
    for stream, stem in zip(chosen, file_stems(s.shown for s in chosen), strict=True):
        path = folder / f"{session_name(session.path)}_{stem}.{settings.format}"
        try:
            notes += _guarded(session, stream, path, settings.format)
        except RecordingError as error:
            unfit.append(error)
            if settings.streams or len(unfit) == len(chosen):
                raise
    return [*notes, *(f"{error}; left out" for error in unfit)]


def _guarded(
    session: Session, stream: Stream, path: Path, format_: Literal["edf", "bdf"]
) -> list[str]:
    """Write a stream; what the library refuses is this stream's fault alone."""
    try:
        return _write(session, stream, path, format_)
    except ValueError as error:
        path.unlink(missing_ok=True)
        raise RecordingError(f"{stream.shown}: does not fit into EDF ({error})") from error


def left_out(session: Session) -> list[str]:
    """Name the streams that have no file: no signal, nor markers, nor a camera's frames."""
    signals = session.signals
    others = [s for s in session if s not in signals and not s.xdf.info.is_index and len(s)]
    notes = [
        f"{s.shown}: text, of type {s.type}; its samples are taken as markers"
        for s in others
        if s.is_text and s.type.upper() == "EEG"
    ]
    notes += [f"{s.shown}: no samples" for s in session if _is_empty(s)]
    return notes + [
        f"{s.shown}: {len(s.labels)} channels without a rate, no signal; left out"
        for s in others
        if not s.is_markers
    ]


def _is_empty(stream: Stream) -> bool:
    return stream.rate_hz > 0 and not len(stream) and not stream.xdf.info.is_index


def _write(
    session: Session, stream: Stream, path: Path, format_: Literal["edf", "bdf"]
) -> list[str]:
    grid = grid_of(stream)
    finer = "use --format bdf" if format_ == "edf" else "unisono export csv has none"
    units, told = taken_units(stream)
    file = EdfFile(
        stream, grid, Form(format_, units, (1.0,) * len(units), "unisono export csv", finer)
    )
    markers = session.markers()
    participant = session.manifest.participant if session.manifest else ""
    notes = file.write(path, session.utc(grid.first), participant, annotations_on(grid, markers))
    return [
        *stamp_notes(stream),
        *rate_notes(stream),
        *outside_notes(stream.shown, grid, markers),
        *told,
        *notes,
    ]
