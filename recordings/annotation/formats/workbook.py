"""Excel workbooks, by openpyxl, which is optional."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from recordings.errors import RecordingError


def read_workbook(
    path: Path, is_header: Callable[[Sequence[str]], bool]
) -> tuple[list[tuple[int, list[str]]], list[str]]:
    """Return the rows of a sheet, each with its number, from 1; whole numbers without `.0`.

    It is the first sheet that has a header, else the first of all; the names of further ones that
    have one come with it. A formula whose result nobody has stored is given as it is written.

    Raises:
        RecordingError: it is no workbook, or openpyxl is not installed.
    """
    openpyxl = _openpyxl(path)
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(path, read_only=True)
    except Exception as error:  # whatever a file that is no workbook makes it trip over
        raise RecordingError(f"{path}: cannot be read as a workbook ({error})") from error
    try:
        sheets = [
            [
                _row(*both)
                for both in zip(*(s.iter_rows(values_only=True) for s in pair), strict=True)
            ]
            for pair in zip(book.worksheets, formulas.worksheets, strict=True)
        ]
        wanted = [n for n, sheet in enumerate(sheets) if any(map(is_header, sheet))]
        chosen = sheets[wanted[0] if wanted else 0] if sheets else []
        return list(enumerate(chosen, 1)), [book.worksheets[n].title for n in wanted[1:]]
    except Exception as error:
        raise RecordingError(f"{path}: cannot be read as a workbook ({error})") from error
    finally:
        book.close()
        formulas.close()


def write_workbook(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write rows as the one sheet of a workbook; text stays text, never a formula.

    Raises:
        RecordingError: it cannot be written, or openpyxl is not installed.
    """
    openpyxl = _openpyxl(path)
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("coding")
    for row in rows:
        sheet.append([_cell(openpyxl, sheet, value) for value in row])
    try:
        book.save(path)
    except OSError as error:
        raise RecordingError(f"{path}: cannot be written ({error.strerror})") from error


def _cell(openpyxl: Any, sheet: Any, value: object) -> Any:
    from_text = openpyxl.cell.WriteOnlyCell(sheet, value=None)
    if isinstance(value, str):
        from_text.value = openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", value)
        from_text.data_type = "s"  # else `=…` would be a formula
    else:
        from_text.value = value
    return from_text


def _row(values: Sequence[object], formulas: Sequence[object]) -> list[str]:
    pairs = zip_longest(values, formulas)
    return [_text(formula if value is None else value) for value, formula in pairs]


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)


def _openpyxl(path: Path) -> Any:
    try:
        import openpyxl
        import openpyxl.cell
    except ModuleNotFoundError as error:
        raise RecordingError(
            f"{path}: a workbook needs openpyxl; pip install 'unisono[tables]', or use CSV"
        ) from error
    return openpyxl
