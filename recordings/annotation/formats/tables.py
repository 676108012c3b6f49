"""Coding tables as the corpora have them: read from CSV or Excel, and written.

Frames of all forms count from 1; in `CodedRow` they count from 0. MMME's table has seconds within
the clip, which decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from recordings.annotation.action_units import Units
from recordings.annotation.formats.coding_sheet import SheetRow, read_lines, sheet_row
from recordings.annotation.formats.corpus_forms import BASE, FORMS, Form, FormName, field_of
from recordings.annotation.formats.incoming import units_or_note
from recordings.annotation.model import MARKS, Kind, Mark, disorder
from recordings.errors import RecordingError

_CODED: Final = (*MARKS, *(f"{mark}_s" for mark in MARKS), "units", "emotion")


@dataclass(frozen=True, slots=True)
class CodedRow:
    """One row: whose, which clip, frames from 0 or seconds within it, and what was seen."""

    line: int
    subject: str
    clip: str
    frames: Mapping[Mark, int] = field(default_factory=dict)
    seconds: Mapping[Mark, float] = field(default_factory=dict)
    marker: int | None = None
    offset_coded: bool = True
    kind: Kind | None = None
    units: Units = ()
    emotion: str = ""
    note: str = ""


@dataclass(slots=True)
class CodedTable:
    """The rows of a table; `faults` name the lines that were left out or are odd."""

    rows: list[CodedRow] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def read_table(path: Path, name: FormName) -> CodedTable:
    """Read a coding table of a corpus, CSV or Excel.

    Raises:
        RecordingError: it cannot be read, or no line names subject and onset.
    """
    table = CodedTable()
    lines = read_lines(path, _is_header, table.faults)
    start = next((at for at, (_, cells) in enumerate(lines) if _is_header(cells)), None)
    if start is None:
        known = ", ".join(n for n in FORMS[name].columns.values() if n)
        raise RecordingError(f"{path}: no line with the columns of {name}: {known}")
    head = [field_of(cell) for cell in lines[start][1]]
    rows = [sheet_row(number, head, line) for number, line in lines[start + 1 :]]
    has_subjects = any(not cells.is_empty("subject") for cells in rows)
    seen: set[str] = set()
    for cells in rows:
        number = cells.line
        if all(cells.is_empty(name_) for name_ in _CODED):  # a clip that nobody has coded yet
            continue
        try:
            if has_subjects and cells.is_empty("subject"):
                raise ValueError("names no subject, as where cells were merged")
            row, odd = _row(cells, FORMS[name])
            # Not by frames alone: many have a row for each action unit of an expression.
            key = repr(replace(row, line=0))
            if key in seen:
                raise ValueError("the same event again")
        except ValueError as error:
            table.faults.append(f"line {number}: {error}; left out")
            continue
        seen.add(key)
        table.rows.append(row)
        table.faults += [f"line {number}: {text}" for text in odd]
    return table


def _is_header(cells: Sequence[str]) -> bool:
    fields = {field_of(cell) for cell in cells}
    return bool(fields & {"onset", "onset_s"} and fields & {"subject", "clip"})


def _row(cells: SheetRow, form: Form) -> tuple[CodedRow, list[str]]:
    """Return a row and what is odd about it.

    Raises:
        ValueError: it cannot be an event; the message says why.
    """
    if cells.has_more:
        raise ValueError("more cells than columns: a comma too many?")
    text = "" if cells.is_empty("units") else cells.cells["units"]
    units, note, doubt = units_or_note(text, _text(cells, "note"))
    odd = [doubt] if doubt else []
    by_time = "onset_s" in cells.cells
    frames = {} if by_time else _frames(cells)
    seconds = _seconds(cells) if by_time else {}
    coded, marks = _offset(cells, frames, seconds, by_time)
    _in_order(marks)
    row = CodedRow(
        line=cells.line,
        subject=cells.cells.get("subject", "").strip(),
        clip=cells.cells.get("clip", "").strip(),
        frames={name: value for name, value in frames.items() if name in marks},
        seconds={name: value for name, value in seconds.items() if name in marks},
        marker=_marker(cells),
        offset_coded=coded,
        kind=_kind(cells, form),
        units=units,
        emotion=_text(cells, "emotion"),
        note=note,
    )
    odd += [
        f"{column} is {cells.cells[column].strip()}, an error of the spreadsheet; left out"
        for column in ("emotion", "note", "kind")
        if cells.is_error(column)
    ]
    return row, odd


def _text(cells: SheetRow, column: str) -> str:
    missing = cells.is_empty(column) or cells.is_error(column)
    return "" if missing else cells.cells[column].strip()


def _frames(cells: SheetRow) -> dict[Mark, int]:
    found: dict[Mark, int] = {}
    for name in MARKS:
        number = cells.number(name)
        if number is None or (number == 0 and name != "onset"):
            continue
        text = cells.cells[name].strip()
        if cells.is_grouped(name):
            raise ValueError(f"{name} {text} is no frame; write it without a mark for thousands")
        if number != int(number) or number < BASE:
            raise ValueError(f"{name} {text} is no frame; they count from 1")
        found[name] = int(number) - BASE
    return found


def _seconds(cells: SheetRow) -> dict[Mark, float]:
    numbers = {name: cells.number(f"{name}_s") for name in MARKS}
    return {name: number for name, number in numbers.items() if number is not None}


def _offset(
    cells: SheetRow, frames: Mapping[Mark, int], seconds: Mapping[Mark, float], by_time: bool
) -> tuple[bool, dict[Mark, float]]:
    """Return whether the offset was coded, and the marks that are set.

    Where no column tells it, MMME wrote the apex where nobody coded an offset.
    """
    marks: dict[Mark, float] = dict(seconds) if by_time else dict(frames)
    said = cells.cells.get("coded", "").strip().casefold()
    if said == "unset" and "offset" not in marks:  # ours: somebody may still code it
        return True, marks
    coded = "offset" in marks and said not in ("no", "0", "false")
    if by_time and not said and coded and marks.get("apex") == marks["offset"]:
        coded = False
    if not coded:
        marks.pop("offset", None)
    return coded, marks


def _in_order(marks: Mapping[Mark, float]) -> None:
    if "onset" not in marks and "apex" not in marks:
        raise ValueError("has neither onset nor apex")
    if found := disorder(marks):
        raise ValueError(found[0])


def _marker(cells: SheetRow) -> int | None:
    number = cells.number("marker") if not cells.is_grouped("marker") else None
    return int(number) if number is not None and number == int(number) else None


def _kind(cells: SheetRow, form: Form) -> Kind | None:
    text = cells.cells.get("kind", "").strip().casefold()
    if text.startswith("macro"):
        return "macro"
    if text.startswith("micro"):
        return "micro"
    return form.kind if text or "kind" not in cells.cells else None


def lines_of(name: FormName, rows: Sequence[CodedRow]) -> Iterator[list[object]]:
    """Return the lines of a table: text above, header, rows; frames count from 1."""
    form = FORMS[name]
    for number in range(form.lines_above):
        yield [_ABOVE[number]] if number < len(_ABOVE) else [""]
    yield list(form.columns.values())
    for row in rows:
        cells = _cells(row, form)
        yield [cells.get(field_, "") for field_ in form.columns]


_ABOVE: Final = (
    "Expressions coded with Unisono",
    "Frames count from 1, through all files of the camera",
    "Duration: frames from onset to offset, both counted",
    "An offset of 0 was not coded",
)


def _cells(row: CodedRow, form: Form) -> dict[str, object]:
    marks = {name: row.frames[name] + BASE for name in MARKS if name in row.frames}
    length = marks["offset"] - marks["onset"] + 1 if {"onset", "offset"} <= marks.keys() else ""
    kind = {"micro": "Micro - 1/2", "macro": "Macro", None: ""}[row.kind]
    unset = int(form.unset) if form.unset.isdecimal() else form.unset
    return {
        "subject": row.subject,
        "clip": row.clip,
        # No form says that an onset is unset: a 0 there would be an error, in reading and in print.
        **{name: marks.get(name, "" if name == "onset" else unset) for name in MARKS},
        "duration": length,
        "kind": kind if form.lines_above else row.kind or "",
        "units": "+".join(map(str, row.units)),
        "emotion": row.emotion,
        "note": row.note,
    }
