"""A coding sheet as people save it: by any spreadsheet, in any of its encodings and decimals."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recordings.annotation.formats.workbook import read_workbook
from recordings.errors import RecordingError

COLUMNS: Final = ("Subject", "Filename", "Marker", "OnsetTime", "ApexTime", "OffsetTime")
_NEEDED: Final = frozenset({"Marker", "OnsetTime"})
SUBJECTS: Final = frozenset(
    {"subject", "sub", "subid", "subjectid", "participant", "participantid"}
)
"""What the column of subjects is called: one that nobody knows would make all rows anybody's."""
_NOTHING: Final = frozenset(
    {"", "/", "n/a", "n.a.", "na", "nan", "-", "--", "–", "—", "none", "null", "#n/a"}
)
_ERROR: Final = re.compile(
    r"#(REF!|VALUE!|DIV/0!|NUM!|NAME\?|NULL!|SPILL!|CALC!|#+)", re.IGNORECASE
)
_HEAD: Final = 40  # lines in which the header stands
_DELIMITERS: Final = (",", ";", "\t", "|")
_SAID: Final = re.compile(r"sep=([,;\t|])\r?\n", re.IGNORECASE)
_GB_2312: Final = re.compile(rb"([\xa1-\xf7][\xa1-\xfe])+")
_GROUPED: Final = re.compile(r"[+-]?\d{1,3}([.,]\d{3})+")
_NUMBER: Final = re.compile(r"[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row: its line in the file, its cells by column, and whether it has more than columns."""

    line: int
    cells: Mapping[str, str]
    has_more: bool = False

    def is_empty(self, column: str) -> bool:
        """Whether nobody has filled a cell in."""
        return self.cells.get(column, "").strip().casefold() in _NOTHING

    def is_error(self, column: str) -> bool:
        """Whether a spreadsheet says that it could not work a cell out, or had no room for it."""
        return _ERROR.fullmatch(self.cells.get(column, "").strip()) is not None

    def is_grouped(self, column: str) -> bool:
        """Whether a cell may have a mark for thousands: `1,000` is 1 or 1000, nobody can tell."""
        return _GROUPED.fullmatch(self.cells.get(column, "").strip()) is not None

    def number(self, column: str) -> float | None:
        """Return a number, decimal point or comma; None where the cell is empty.

        Raises:
            ValueError: it is no number; the message names column and cell.
        """
        if self.is_empty(column):
            return None
        text = self.cells[column].strip().replace("\u2212", "-").replace("\u00a0", "")
        if not _NUMBER.fullmatch(text) or not math.isfinite(found := float(text.replace(",", "."))):
            raise ValueError(f"{column} {self.cells[column]!r} is no number")
        return found

    def is_of(self, participant: str) -> bool:
        """Whether the row is of this participant; a sheet without subjects is of anybody.

        Spreadsheets make 1 of 01: where both are numbers, they are compared as such.
        """
        return "Subject" not in self.cells or is_participant(self.cells["Subject"], participant)


def is_participant(cell: str, participant: str) -> bool:
    """Whether a cell names a participant, also as `sub-01` or `sub01`; numbers as such."""
    own = re.sub(r"^sub(ject)?[-_ ]?", "", cell.strip(), flags=re.IGNORECASE)
    if participant in (own, cell.strip()):
        return True
    number = re.sub(r"[.,]0*$", "", own)
    same = number.isdecimal() and participant.isdecimal()
    return same and int(number) == int(participant)


def read_sheet(path: Path, told: list[str] | None = None) -> list[SheetRow]:
    """Read a table: UTF-8, UTF-16, cp1252 or GB 2312, cells parted by comma, semicolon, tab or bar.

    Columns are known whatever their case. Rows that are empty, and those above the header, are left
    out. `told` takes what is to be said of the file.

    Raises:
        RecordingError: it cannot be read as a table, or has no column Marker or OnsetTime.
    """
    filled = read_lines(path, _is_header, told)
    start = next((at for at, (_, row) in enumerate(filled) if _is_header(row)), None)
    if start is None:
        first = [_column(cell) for cell in filled[0][1]] if filled else []
        missing, known = sorted(_NEEDED - set(first)), ", ".join(first) or "nothing"
        raise RecordingError(f"{path}: has no column {', '.join(missing)}; its first row: {known}")
    head = [_column(cell) for cell in filled[start][1]]
    return [sheet_row(number, head, row) for number, row in filled[start + 1 :]]


def _is_header(row: Sequence[str]) -> bool:
    return set(map(_column, row)) >= _NEEDED


def sheet_row(number: int, head: Sequence[str], row: Sequence[str]) -> SheetRow:
    """Return a line as a row under these columns; cells that are short are empty."""
    cells: dict[str, str] = {}
    for column, cell in zip(head, [*row, *[""] * len(head)], strict=False):
        if not cells.get(column, "").strip():  # of two columns of one name, what is filled in
            cells[column] = cell
    return SheetRow(number, cells, any(cell.strip() for cell in row[len(head) :]))


def read_lines(
    path: Path,
    is_header: Callable[[Sequence[str]], bool] = any,
    told: list[str] | None = None,
) -> list[tuple[int, list[str]]]:
    """Return the lines of a table that are not empty, each with its number in the file, from 1.

    A text as `read_sheet` says, or the first sheet with a header of a workbook (`.xlsx`); `told`
    takes which further ones have one.

    Raises:
        RecordingError: it cannot be read as a table.
    """
    if path.suffix.casefold() in (".xlsx", ".xlsm"):
        lines, further = read_workbook(path, is_header)
        if told is not None:
            told += [
                f"sheet {name!r} is not read; save it as a file of its own" for name in further
            ]
    elif path.suffix.casefold() == ".xls":
        raise RecordingError(f"{path}: an .xls of before 2007; save it as .xlsx or as CSV")
    else:
        lines = _read_text(path)
    return [(number, row) for number, row in lines if any(cell.strip() for cell in row)]


def _read_text(path: Path) -> list[tuple[int, list[str]]]:
    try:
        text = _decoded(path.read_bytes())
        said = _SAID.match(text)  # what parts the cells, as Excel writes it itself
        # A quote that nobody closes would swallow all rows after it.
        is_open = text.count('"') % 2 == 1
        reader = csv.reader(
            io.StringIO(text, newline=""),
            delimiter=said[1] if said else _delimiter(text),
            quoting=csv.QUOTE_NONE if is_open else csv.QUOTE_MINIMAL,
        )
        lines = [(reader.line_num, row) for row in reader]
        if is_open:
            lines = [(number, [cell.strip('"') for cell in row]) for number, row in lines]
        return lines[1:] if said else lines
    except (OSError, UnicodeError, csv.Error) as error:
        raise RecordingError(f"{path}: cannot be read as a table ({error})") from error


def _column(text: str) -> str:
    """Return the name of a column, in the case that it is known in."""
    text = text.strip().lstrip("\ufeff")
    known = {name.casefold(): name for name in COLUMNS} | dict.fromkeys(SUBJECTS, "Subject")
    return known.get(text.casefold().replace(" ", "").replace("_", ""), text)


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16")
    if raw[1:2] == b"\0" or raw[:1] == b"\0":  # without its mark
        return raw.decode("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("gb18030" if _is_chinese(raw) else "cp1252", "replace")


def _is_chinese(raw: bytes) -> bool:
    """Whether a text is GB 2312, as Excel writes CSV in China: each character is two high bytes.

    No word of a Western language has four high bytes in a row.
    """
    runs = re.findall(rb"[\x80-\xff]+", raw)
    return any(len(run) >= 4 for run in runs) and all(map(_GB_2312.fullmatch, runs))


def _delimiter(text: str) -> str:
    """Return what parts the cells: what each line has as often, else by the first line with three.

    Text may stand above the header, and commas in the cells of a table with semicolons.
    """
    # Not what stands in quotes: a title may hold a comma.
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.splitlines()[:_HEAD] if line.strip()]
    even = [mark for mark in _DELIMITERS if len({line.count(mark) for line in lines}) == 1]
    if len(there := [mark for mark in even if lines and mark in lines[0]]) == 1:
        return there[0]
    table = (line for line in lines if max(map(line.count, _DELIMITERS)) >= 2)
    first = next(table, lines[0] if lines else "")
    return max(_DELIMITERS, key=first.count)
