"""The rows of MMME's coding file: a clip's events, in seconds within the clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Final

from recordings.annotation.action_units import format_units
from recordings.annotation.formats.corpus_forms import FORMS
from recordings.annotation.formats.held import offset_coded
from recordings.annotation.model import Event
from recordings.errors import RecordingError
from recordings.export.excerpts import Piece, clip_at, first_time
from recordings.read.session import Session

CODING_COLUMNS: Final = tuple(FORMS["mmme"].columns.values())
"""As in the corpus; `Type` (micro, macro) and `OffsetCoded` (yes, no, unset) are made explicit."""


def stamp(session: Session, time: float) -> str:
    """Return a time as the corpus writes it, UTC: `YYYY-MM-DD-HH-MM-SS-mmm`.

    Raises:
        RecordingError: the manifest does not relate the LSL clock to UTC.
    """
    utc = session.utc(time)
    if utc is None:
        raise RecordingError(
            f"{session.path}: nothing says on which day it was recorded, as of a file imported "
            "without a date, and this layout names pictures and markers by the time of day; "
            "unisono export csv needs none"
        )
    utc += timedelta(microseconds=500)
    return utc.strftime("%Y-%m-%d-%H-%M-%S-") + f"{utc.microsecond // 1000:03d}"


def sheet_rows(
    session: Session, clips: list[Piece], folders: Iterable[str], events: Iterable[Event]
) -> Iterator[list[object]]:
    """Return the rows below the header: one an event, an empty one for a clip without any."""
    coded = list(events)
    for clip, folder in zip(clips, folders, strict=True):
        own = [event for event in coded if clip_at(clips, first_time(event)) is clip]
        head = _clip_cells(session, clip, folder)
        for cells in [_cells(session, clip, event) for event in own] or [{}]:
            yield [(head | cells).get(column, "") for column in CODING_COLUMNS]


def in_no_clip(clips: list[Piece], events: Iterable[Event]) -> list[str]:
    """Say how many events have no place in the sheet."""
    lost = sum(clip_at(clips, first_time(event)) is None for event in events)
    return [f"{lost} events lie in no clip; left out"] if lost else []


def _clip_cells(session: Session, clip: Piece, folder: str) -> dict[str, object]:
    return {
        "Subject": session.manifest.participant if session.manifest else "",
        "Filename": folder,
        "Marker": clip.code,
        "Date": stamp(session, clip.start)[:10],
    }


def _cells(session: Session, clip: Piece, event: Event) -> dict[str, object]:
    cells: dict[str, object] = {
        "Action Units": format_units(event.units),
        "Estimated Emotion": event.emotion,
        "Type": event.kind or "",
        "OffsetCoded": offset_coded(event),
    }
    for name, moment in event.marks.items():
        cells[f"{name.capitalize()}Time"] = f"{moment.time - clip.start:.6f}"
        cells[f"{name.capitalize()}Frame"] = stamp(session, moment.time)[11:]
    if event.onset is not None and event.apex is not None:
        cells["dif"] = event.apex.frame - event.onset.frame
    return cells
