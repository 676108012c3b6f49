"""Which pieces of a session an export of clips or of the MMME layout takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Final

from recordings.annotation.action_units import format_units
from recordings.annotation.formats.coding_sheet import SheetRow, read_sheet
from recordings.annotation.model import MARKS, Event, disorder
from recordings.errors import RecordingError
from recordings.read.session import Session
from recordings.read.to_mne import unique
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


class ClipNames:
    """Finds the clip that a row of MMME's table is about.

    The marker tells it; where one marker begins several clips, so does what exports call each.
    """

    def __init__(self, clips: Sequence[Piece]) -> None:
        self._by_code: dict[float, list[Piece]] = {}
        for clip in clips:
            if clip.code is not None:
                self._by_code.setdefault(clip.code, []).append(clip)
        self._by_name = dict(zip(folders_of(clips), clips, strict=True))
        self._by_name |= {clip.name: clip for clip in clips}

    def find(self, marker: float | None, filename: str) -> Piece:
        """Return the clip of a row's marker and file name.

        Raises:
            ValueError: there is none, or several; the message says which.
        """
        own = [] if marker is None else self._by_code.get(marker, [])
        if not own:
            raise ValueError(f"no clip with marker {'' if marker is None else f'{marker:g}'}")
        if len(own) == 1:
            return own[0]
        named = self._by_name.get(PurePosixPath(filename.strip().replace("\\", "/")).name)
        if named is None or named.code != marker:
            raise ValueError(
                f"marker {marker:g} begins {len(own)} clips, and Filename {filename!r} is none"
            )
        return named


def check_within(clip: Piece, begin_s: float) -> None:
    """See that what begins so many seconds after a clip's onset begins in it; it may end later.

    Raises:
        ValueError: it does not.
    """
    length_s = clip.end - clip.start
    # Seconds may have been rounded to whole milliseconds.
    if not -1e-3 <= begin_s <= length_s + 1e-3:
        raise ValueError(f"begins {begin_s:g} s into its clip, which lasts {length_s:.3f} s")


def folders_of(clips: Sequence[Piece]) -> list[str]:
    """Return the folder of each clip: its code, with a number where it is shown again."""
    return unique(clip.name if clip.code is None else str(clip.code) for clip in clips)


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


def pieces_of(
    session: Session, coded: Iterable[Event], before_s: float, after_s: float
) -> list[Piece]:
    """Return the pieces of coded events, each from its first mark to its last."""
    clips = clips_of(session)
    found = []
    for number, event in enumerate((e for e in coded if e.marks), 1):
        marks: dict[str, float] = {name: moment.time for name, moment in event.marks.items()}
        start, end = first_time(event), max(marks.values())
        clip = clip_at(clips, start)
        coding = {
            "Action Units": format_units(event.units),
            "Estimated Emotion": event.emotion,
            "Type": event.kind or "",
        }
        about = (clip.code, clip.stimulus, clip.trial) if clip else (None, "", "")
        name = f"event-{number:03d}"
        found.append(
            Piece(name, start - before_s, end + after_s, *about, "expression", marks, coding)
        )
    return found


def first_time(event: Event) -> float:
    """Return when an event that has marks begins."""
    return min(moment.time for moment in event.marks.values())


def clip_at(clips: Iterable[Piece], time: float) -> Piece | None:
    """Return the clip that was on at a time."""
    return next((clip for clip in clips if clip.start <= time <= clip.end), None)


def coded_events(
    session: Session, table: Path, before_s: float, after_s: float
) -> tuple[list[Piece], list[str]]:
    """Return the pieces of a coding sheet, and which rows could not be placed, and why.

    Columns as in the sheet that `export mmme` writes: Subject, Marker, OnsetTime, ApexTime and
    OffsetTime in seconds from the clip's onset. Rows of other subjects are left out.

    Raises:
        RecordingError: the table cannot be read or has no such columns.
    """
    told: list[str] = []
    rows = read_sheet(table, told)
    clips = ClipNames(clips_of(session))
    subject = session.manifest.participant if session.manifest else ""
    own = [row for row in rows if session.manifest is None or row.is_of(subject)]
    pieces: list[Piece] = []
    notes = [f"{table.name}: {text}" for text in told]
    if session.manifest is not None and rows and "Subject" not in rows[0].cells:
        notes.append(f"{table.name}: has no column Subject: all rows are taken for {subject!r}")
    if rows and not own:
        subjects = sorted({row.cells["Subject"] for row in rows})[:5]
        notes.append(f"{table.name}: no row of {subject!r}; subjects are {', '.join(subjects)}")
    nameless = [row for row in rows if "Subject" in row.cells and row.is_empty("Subject")]
    notes += [
        f"{table.name}, line {row.line}: names no subject, as where cells were merged; left out"
        for row in nameless
        if session.manifest is not None and not row.is_empty("OnsetTime")
    ]
    for row in own:
        try:
            piece = _coded(row, clips, len(pieces) + 1, before_s, after_s)
        except ValueError as error:
            notes.append(f"{table.name}, line {row.line}: {error}; left out")
            continue
        if piece is not None:
            pieces.append(piece)
    return pieces, notes


def _coded(
    row: SheetRow,
    clips: ClipNames,
    number: int,
    before_s: float,
    after_s: float,
) -> Piece | None:
    """Return the piece of a row; None where nobody has coded it yet.

    Raises:
        ValueError: a cell cannot be read, or there is no such clip; the message says which.
    """
    if row.has_more:
        raise ValueError("more cells than columns: a decimal comma in a table of commas?")
    times = {name: row.number(f"{name.capitalize()}Time") for name in MARKS}
    if times["onset"] is None:
        if times["apex"] is None and times["offset"] is None:
            return None
        raise ValueError("apex or offset without an onset")
    if found := disorder(times):
        raise ValueError(found[0])
    clip = clips.find(row.number("Marker"), row.cells.get("Filename", ""))
    check_within(clip, times["onset"])
    marks: dict[str, float] = {
        name: clip.start + time for name, time in times.items() if time is not None
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
        row.cells,
    )
