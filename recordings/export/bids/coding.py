"""Coded expressions as BIDS events: `trial_type` is `micro-expression` or `macro-expression`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from recordings.annotation.action_units import format_units
from recordings.annotation.formats.held import offset_coded
from recordings.annotation.formats.incoming import Incoming, made
from recordings.annotation.frame_times import FrameTimes
from recordings.annotation.model import MARKS, Event, Mark, Moment
from recordings.errors import RecordingError
from recordings.export.bids.files import write_json
from recordings.export.bids.shared_tables import NOTHING, read_tsv, write_tsv
from recordings.export.excerpts import first_time

CODED_COLUMNS: Final = (
    "camera", "onset_frame", "apex_frame", "offset_frame", "offset_coded", "action_units",
    "emotion", "confidence", "suggestion_used", "note",
)  # fmt: skip
ABOUT: Final = {
    "trial_type": {"Description": "micro-expression or macro-expression, or expression"},
    "camera": {"Description": "Camera that the expression was coded on"},
    **{
        f"{mark}_frame": {"Description": f"Stored frame of the {mark}, from 0; n/a = there is none"}
        for mark in MARKS
    },
    "offset_coded": {
        "Description": "Whether the offset was coded",
        "Levels": {"yes": "it was", "no": "it cannot be", "unset": "not yet"},
    },
    "action_units": {"Description": "FACS action units with side and intensity, as L12B+25"},
    "emotion": {"Description": "Emotion that the coder saw"},
    "confidence": {"Description": "The coder's confidence, 1 to 5"},
    "suggestion_used": {"Description": "yes = begun from a suggestion of `unisono motion`"},
    "note": {"Description": "The coder's note"},
}


def event_row(event: Event, at: Callable[[float], float]) -> dict[str, object]:
    """Return an event as a row of events.tsv; `at` puts an LSL time on the file's axis, s."""
    marks = event.marks
    begin = at(first_time(event))
    end = at(max(moment.time for moment in marks.values()))
    row: dict[str, object] = {
        "onset": f"{begin:.6f}",
        "duration": f"{end - begin:.6f}" if event.offset is not None else None,
        "trial_type": f"{event.kind}-expression" if event.kind else "expression",
        "camera": event.camera,
        "action_units": format_units(event.units),
        "emotion": event.emotion,
        "confidence": event.confidence,
        "suggestion_used": "yes" if event.suggestion_used else None,
        "note": event.note,
        "offset_coded": offset_coded(event),
    }
    for mark in MARKS:
        row[f"{mark}_frame"] = marks[mark].frame if mark in marks else None
    return row


def write_bids(path: Path, events: Iterable[Event], start: float) -> None:
    """Write events.tsv and its JSON; onsets are seconds since `start`, LSL.

    Raises:
        OSError: they cannot be written.
    """
    rows = [event_row(event, lambda time: time - start) for event in events]
    write_tsv(path, ["onset", "duration", "trial_type", *CODED_COLUMNS], rows)
    write_json(path.with_suffix(".json"), ABOUT)


def read_bids(path: Path, frames: FrameTimes, start: float) -> Incoming:
    """Read the expressions of an events.tsv; rows of anything else are passed over.

    Raises:
        RecordingError: it cannot be read.
    """
    try:
        columns, rows = read_tsv(path)
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(f"{path}: cannot be read as events ({error})") from error
    if missing := {"onset", "trial_type"} - set(columns):
        raise RecordingError(f"{path}: has no column {', '.join(sorted(missing))}")
    incoming = Incoming()
    for number, row in enumerate(rows, 2):
        given = {k: v for k, v in row.items() if v not in (None, "", NOTHING)}
        if str(given.get("trial_type", "")).endswith("expression"):
            where = f"line {number}"
            incoming.add(where, partial(_event, given, frames, start, incoming, where))
    return incoming


def _event(
    row: Mapping[str, str], frames: FrameTimes, start: float, incoming: Incoming, where: str
) -> Event:
    if row.get("camera", frames.camera) != frames.camera:
        raise ValueError(f"is of camera {row['camera']}")
    marks: dict[Mark, Moment] = {
        mark: frames.moment(_whole(row[f"{mark}_frame"], mark))
        for mark in MARKS
        if f"{mark}_frame" in row
    }
    if not marks:
        onset = _seconds(row, "onset")
        marks["onset"] = frames.nearest(start + onset)
        if "duration" in row:
            marks["offset"] = frames.nearest(start + onset + _seconds(row, "duration"))
    kind = row["trial_type"].partition("-")[0]
    fields: dict[str, Any] = {
        "kind": kind if kind in ("micro", "macro") else None,
        "offset_coded": "offset" in marks or row.get("offset_coded") == "unset",
        "suggestion_used": row.get("suggestion_used") == "yes",
        "emotion": row.get("emotion", ""),
    }
    if "confidence" in row:
        fields["confidence"] = _whole(row["confidence"], "confidence")
    said = [("", row.get("action_units", ""))]
    fields |= incoming.units(where, said, row.get("note", ""))
    return made(frames, marks, fields)


def _seconds(row: Mapping[str, str], name: str) -> float:
    try:
        return float(row[name])
    except KeyError:
        raise ValueError(f"has no {name}") from None
    except ValueError:
        raise ValueError(f"{name} {row[name]!r} is no number of seconds") from None


def _whole(text: str, name: str) -> int:
    whole, _, rest = text.strip().partition(".")  # a table of numbers makes `50.0` of 50
    if not whole.isdecimal() or rest.strip("0"):
        raise ValueError(f"{name} {text!r} is no whole number")
    return int(whole)
