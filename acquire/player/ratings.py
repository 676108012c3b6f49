"""`ratings.tsv`: the participant's answers, one a row, on the disk as soon as they are given."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from recordings.layout import RATINGS_NAME

COLUMNS: Final = ("time", "trial", "attempt", "step", "stimulus", "item", "value", "rt_s")


def is_answer(fields: Mapping[str, Any]) -> bool:
    """Whether a marker is a row of the table."""
    return fields.get("event") == "answer"


def rating_row(time: float, fields: Mapping[str, Any]) -> str:
    """Return an answer marker as a line: LSL time, where it was, what was said; n/a = nothing."""
    values = {"attempt": 1, **fields, "time": time}
    cells = ("n/a" if (v := values.get(name)) is None else _cell(v) for name in COLUMNS)
    return "\t".join(cells)


def _cell(value: Any) -> str:
    return repr(value) if isinstance(value, float) else " ".join(str(value).split()) or "n/a"


class RatingsFile:
    """The table of one session; it comes into being with the first answer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @classmethod
    def within(cls, folder: Path) -> RatingsFile:
        """The table of a session folder."""
        return cls(folder / RATINGS_NAME)

    def add(self, time: float, fields: Mapping[str, Any]) -> None:
        """Append an answer.

        Raises:
            OSError: it cannot be written.
        """
        is_new = not self._path.exists()
        with self._path.open("a", encoding="utf-8", newline="\n") as file:
            head = "\t".join(COLUMNS) + "\n" if is_new else ""
            file.write(f"{head}{rating_row(time, fields)}\n")
