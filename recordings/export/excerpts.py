"""Which pieces of a session an export of clips or of the MMME layout takes."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from recordings.errors import RecordingError
from recordings.read.session import Session
from recordings.stream_kinds import EVENTS_STREAM

CLIP_END: Final = 100
"""The code at the end of a clip where codes are all there is, as in MMME; onsets are above it."""
LAST_CLIP: Final = 199


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a session, LSL seconds; `marks` are its onset, apex and offset, where coded."""

    name: str
    start: float
    end: float
    code: int | None
    stimulus: str = ""
    trial: str = ""
    event: str = ""
    marks: Mapping[str, float] = field(default_factory=dict)
    coding: Mapping[str, str] = field(default_factory=dict)  # the row of the coding sheet


def clips_of(session: Session) -> list[Piece]:
    """Return the stimuli that have an end: of JSON markers, or of plain codes as MMME's.

    Plain codes: 101 to 199 begin a clip, 100 ends it; every other code is no clip's.
    """
    found = [
        Piece(f"trial-{t.number:03d}", t.onset, t.end, t.code, t.stimulus, t.trial, "trial")
        for t in session.trials()
        if t.end is not None and (t.stimulus or t.code is not None)
    ]
    return found or _plain_clips(session)


def _plain_clips(session: Session) -> list[Piece]:
    found: list[Piece] = []
    running: tuple[int, float] | None = None
    for marker in session.markers():
        code = marker.code
        if marker.event or code is None or marker.stream == EVENTS_STREAM:
            continue
        if code == CLIP_END and running is not None:
            name = f"trial-{len(found) + 1:03d}"
            found.append(Piece(name, running[1], marker.time, running[0], event="trial"))
            running = None
        elif CLIP_END < code <= LAST_CLIP:
            running = code, marker.time
    return found


def around_events(session: Session, event: str, before_s: float, after_s: float) -> list[Piece]:
    """Return the stretch around each marker of this event.

    Raises:
        RecordingError: no marker has this event.
    """
    markers = [m for m in session.markers() if m.stream != EVENTS_STREAM]
    chosen = [m for m in markers if m.event == event]
    if not chosen:
        known = ", ".join(sorted({m.event for m in markers if m.event})) or "none"
        raise RecordingError(f"{session.path}: no marker with event {event!r}; there are: {known}")
    return [
        Piece(
            f"{event}-{number:03d}",
            m.time - before_s,
            m.time + after_s,
            m.code,
            m.text("stimulus"),
            m.text("trial"),
            event,
            {"onset": m.time},
        )
        for number, m in enumerate(chosen, 1)
    ]


def coded_events(
    session: Session, table: Path, before_s: float, after_s: float
) -> tuple[list[Piece], list[str]]:
    """Return the pieces of a coding sheet, CSV or TSV, and which rows could not be placed.

    Columns as in the sheet that `export mmme` writes: Subject, Marker, OnsetTime, ApexTime and
    OffsetTime in seconds from the clip's onset. Rows of other subjects are left out.

    Raises:
        RecordingError: the table cannot be read or has no such columns.
    """
    try:
        with table.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t" if table.suffix == ".tsv" else ","))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RecordingError(f"{table}: cannot be read as a table ({error})") from error
    missing = {"Marker", "OnsetTime"} - set(rows[0] if rows else ())
    if missing:
        raise RecordingError(f"{table}: has no column {', '.join(sorted(missing))}")
    clips = {clip.code: clip for clip in reversed(clips_of(session))}
    subject = session.manifest.participant if session.manifest else ""
    pieces: list[Piece] = []
    notes: list[str] = []
    for number, row in enumerate(rows, 2):
        if row.get("Subject", subject).removeprefix("sub-") != subject:
            continue
        if not (row["OnsetTime"] or "").strip():
            continue  # a row that nobody has coded yet
        try:
            piece = _coded(row, clips, len(pieces) + 1, before_s, after_s)
        except (ValueError, KeyError):
            notes.append(f"{table.name}, line {number}: no clip or no times; left out")
            continue
        pieces.append(piece)
    return pieces, notes


def _coded(
    row: Mapping[str, str],
    clips: Mapping[int | None, Piece],
    number: int,
    before_s: float,
    after_s: float,
) -> Piece:
    clip = clips[int(float(row["Marker"]))]
    marks = {
        name: clip.start + float(row[column])
        for name, column in (("onset", "OnsetTime"), ("apex", "ApexTime"), ("offset", "OffsetTime"))
        if (row.get(column) or "").strip()
    }
    return Piece(
        f"event-{number:03d}",
        marks["onset"] - before_s,
        max(marks.values()) + after_s,
        clip.code,
        clip.stimulus,
        clip.trial,
        "expression",
        marks,
        row,
    )
