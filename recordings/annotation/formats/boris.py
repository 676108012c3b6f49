"""BORIS projects (.boris): written, and read again to the same frames.

An event is two rows of the state `expression` (its comment has kind, emotion and note), two of
`AU12` for each action unit (its modifier has side and intensity), and one of the point `apex`. A
state of BORIS cannot begin twice: a second event at the same time is `expression 2`, `AU12 2` and
so on. Times are seconds from the first stored frame, in whole ms; the frame index counts from 0.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from recordings.annotation.formats.boris_project import ANY, CODE, Observation, Row, rows_of
from recordings.annotation.formats.eaf import layered, ms_of
from recordings.annotation.formats.event_text import as_text, from_text
from recordings.annotation.formats.incoming import OWN_TIMES, Incoming, made
from recordings.annotation.frame_times import FrameTimes
from recordings.annotation.model import Event, Mark, Moment

_PLAYERS: Final = 8
_SPARE_MS: Final = 0.501
"""A frame index is believed where its frame has the row's time, which is in whole ms."""


def write_boris(
    events: Sequence[Event], frames: FrameTimes, coder: str, session: str, video: str = ""
) -> bytes:
    """Return a BORIS project with one observation; `video` is the MP4's file name."""
    subject = session.partition("_")[0]
    found = [row for layer, event in layered(events, frames) for row in _rows(event, layer, frames)]
    found.sort(key=lambda row: row[0])
    rows = [[time, subject, *rest] for time, *rest in found]
    codes = sorted({str(row[2]) for row in rows} | {"expression", "apex"})
    now = datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    length = float(frames.times[-1] - frames.times[0]) if len(frames) else 0.0
    observation = {
        "file": {str(n): [video] if n == 1 and video else [] for n in range(1, _PLAYERS + 1)},
        "type": "MEDIA",
        "date": now,
        "description": f"coded by {coder}",
        "time offset": 0.0,
        "observation time interval": [0, 0],
        "events": rows,
        "independent_variables": {},
        "visualize_spectrogram": False,
        "visualize_waveform": False,
        "close_behaviors_between_videos": False,
        "scan_sampling_time": 0,
        "media_info": {
            "length": {video: round(length, 3)} if video else {},
            "fps": {video: frames.rate_hz} if video else {},
            "hasVideo": {video: True} if video else {},
            "hasAudio": {video: False} if video else {},
            "offset": {"1": 0.0},
        },
    }
    project = {
        "time_format": "s",
        "project_date": now,
        "project_name": session,
        "project_description": "Coded expressions; frame indices count from 0",
        "project_format_version": "7.0",
        "subjects_conf": {"0": {"key": "", "name": subject, "description": ""}},
        "behaviors_conf": {str(n): _behaviour(code) for n, code in enumerate(codes)},
        "observations": {f"{session} {coder}": observation},
        "behavioral_categories": [],
        "behavioral_categories_config": {},
        "independent_variables": {},
        "coding_map": {},
        "behaviors_coding_map": [],
        "converters": {},
    }
    return json.dumps(project, indent=1, ensure_ascii=False).encode()


def _behaviour(code: str) -> dict[str, str]:
    kind = "Point event" if code.startswith("apex") else "State event"
    empty = dict.fromkeys(
        ("key", "description", "color", "category", "modifiers", "excluded", "coding map"), ""
    )
    return {"type": kind, "code": code, **empty}


def _rows(
    event: Event, layer: int, frames: FrameTimes
) -> Iterator[tuple[float, str, str, str, int]]:
    """Return time, code, modifier, comment and frame of the rows of an event."""
    marks = sorted(event.marks.values(), key=lambda moment: moment.frame)
    suffix = f" {layer}" if layer > 1 else ""
    states = [("expression", "", as_text(event))]
    for number in sorted({unit.number for unit in event.units}):
        line = "+".join(str(unit) for unit in event.units if unit.number == number)
        states.append((f"AU{number}", line, ""))
    for code, modifier, comment in states:
        for moment, said in ((marks[0], comment), (marks[-1], _which(event))):
            yield ms_of(frames, moment) / 1e3, code + suffix, modifier, said, moment.frame
    if event.apex is not None:
        time = ms_of(frames, event.apex) / 1e3
        yield time, f"apex{suffix}", "", "", event.apex.frame


def _which(event: Event) -> str:
    """Return which boundaries an interval stands for, where they are not onset and offset."""
    there = [name for name in event.marks if name != "apex"]
    return "" if there == ["onset", "offset"] else f"only {' '.join(event.marks)}"


def read_boris(path: Path, frames: FrameTimes, which: Observation = ANY) -> Incoming:
    """Read the events of one observation of a BORIS project.

    Units that lie in no expression become events of their own, those of one interval together.

    Raises:
        RecordingError: it cannot be read as one, or it is not known which observation is meant.
    """
    incoming = Incoming()
    rows, videos = rows_of(path, which, incoming.faults)
    frames = frames.of_video(videos, which.videos)
    states = list(_states(rows, incoming.faults))
    points = [row for row in rows if row.code.startswith("apex")]
    whole = [state for state in states if state[0].code.startswith("expression")]
    units: dict[int, list[Row]] = {start.number: [] for start, _ in whole}
    times = {start.number: (start.time, end.time) for start, end in whole}
    loose: dict[tuple[str, float, float], list[tuple[Row, Row]]] = {}
    for start, end in states:
        if not start.code.startswith("AU"):
            continue
        home = _home(start, end, whole)
        if home is None:
            where = (start.subject, start.time, end.time)
            loose.setdefault(where, []).append((start, end))
        else:
            units[home].append(start)
            if (start.time, end.time) != times[home]:
                said = OWN_TIMES.format(f"the expression of row {home}")
                incoming.faults.append(f"row {start.number}: {start.code} {said}")
    for own in loose.values():
        whole.append(own[0])
        units[own[0][0].number] = [start for start, _ in own]
    for start, end in whole:
        make = partial(_event, start, end, units[start.number], points, frames, incoming)
        incoming.add(f"row {start.number}", make)
    incoming.events.sort(key=lambda e: e.place.frame if e.place else -1)
    return incoming


def _home(start: Row, end: Row, whole: Iterable[tuple[Row, Row]]) -> int | None:
    """Return the expression, of the same layer and subject, that a unit shares most with.

    One that it only touches is another's, unless either is an instant.
    """
    shares = {
        a.number: share
        for a, b in whole
        if (_layer(a), a.subject) == (_layer(start), start.subject)
        and (share := min(b.time, end.time) - max(a.time, start.time)) >= 0
        and (share or a.time == b.time or start.time == end.time)
    }
    return max(shares, key=lambda number: shares[number], default=None)


def _layer(row: Row) -> str:
    match = CODE.fullmatch(row.code)
    return (match[2] if match else None) or "1"


def _states(rows: Iterable[Row], faults: list[str]) -> Iterator[tuple[Row, Row]]:
    """Pair the rows of a state: one begins it, the next ends it."""
    running: dict[tuple[str, str], Row] = {}
    for row in rows:
        if row.code.startswith("apex"):
            continue
        begun = running.pop((row.subject, row.code), None)
        if begun is None:
            running[row.subject, row.code] = row
        elif begun.time == row.time and _may_end(begun) and not _may_end(row):
            yield row, begun  # BORIS sorts rows of one moment by their text
        else:
            yield begun, row
    faults += [f"row {row.number}: {row.code} has no end; left out" for row in running.values()]


def _may_end(row: Row) -> bool:
    return not row.comment or row.comment.startswith("only ")


def _event(
    start: Row,
    end: Row,
    units: Sequence[Row],
    points: Iterable[Row],
    frames: FrameTimes,
    incoming: Incoming,
) -> Event:
    fields: dict[str, Any] = from_text(start.comment)
    said = ((unit.code.partition(" ")[0], unit.modifier) for unit in units)
    fields |= incoming.units(f"row {start.number}", said, fields.get("note", ""))
    apexes = [
        row
        for row in points
        if (_layer(row), row.subject) == (_layer(start), start.subject)
        and start.time <= row.time <= end.time
    ]
    only = end.comment.split()[1:] if end.comment.startswith("only ") else ["onset", "offset"]
    marks: dict[Mark, Moment] = {}
    if "onset" in only:
        marks["onset"] = _moment(start, frames)
    if apexes:
        marks["apex"] = _moment(apexes[0], frames)
    if "offset" in only and fields.get("offset_coded", True):
        marks["offset"] = _moment(end, frames)
    return made(frames, marks, fields)


def _moment(row: Row, frames: FrameTimes) -> Moment:
    """Return the frame of a row: by its index where that has the row's time, else the nearest."""
    time = frames.zero + row.time
    if row.frame is not None and 0 <= (frame := frames.begin + row.frame) < len(frames):
        found = frames.moment(frame)
        if 1e3 * abs(found.time - time) <= _SPARE_MS:
            return found
    return frames.nearest(time)
