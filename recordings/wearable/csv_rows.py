"""Lines of a table as cells, whatever parts them; a decimal comma becomes a point."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from recordings.disk.regular import open_descriptor
from recordings.errors import RecordingError

MOST_COLUMNS: Final = 256
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d*,\d+([eE][+-]?\d+)?")


def rows_of(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield (number of the line from 1, cells) of lines that hold anything.

    Raises:
        RecordingError: it is no text in UTF-8, no table, or cannot be read.
    """
    try:
        with open(path, encoding="utf-8-sig", newline="", opener=open_descriptor) as file:
            delimiter = _delimiter(file.readline())
            file.seek(0)
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            for cells in reader:
                stripped = [cell.strip() for cell in cells]
                if delimiter != ",":
                    stripped = [_with_point(cell) for cell in stripped]
                if len(cells) > MOST_COLUMNS:
                    raise RecordingError(
                        f"{path}: row {reader.line_num} has {len(cells)} columns; "
                        f"{MOST_COLUMNS} are the most"
                    )
                if any(stripped) and not stripped[0].lower().startswith("sep="):
                    yield reader.line_num, stripped
    except UnicodeDecodeError as error:
        raise RecordingError(f"{path}: is no text in UTF-8; save it as CSV (UTF-8)") from error
    except csv.Error as error:
        raise RecordingError(f"{path}: row {reader.line_num}: {error}") from error
    except OSError as error:
        raise RecordingError(f"{path}: cannot be read ({error.strerror})") from error


def _delimiter(first: str) -> str:
    said = re.match(r'"?sep=(.)', first, re.IGNORECASE)
    if said is not None:
        return said[1]
    return max("\t;,", key=first.count)


def _with_point(cell: str) -> str:
    return cell.replace(",", ".") if _DECIMAL_COMMA.fullmatch(cell) else cell
