"""The line of a rig file that a complaint is about. No Qt here."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TOML = re.compile(r"\(at line (\d+),")
_DEVICE = re.compile(r"device '([^']*)': ([\w-]*)")
_TABLE = re.compile(r"(rig|eeg|device|expect)(?:\.(\d+))?(?:\.([\w-]+))?")
_HEADER = re.compile(r"\s*\[\[?\s*([\w-]+)[^\]]*\]")


def line_of(text: str, problem: str) -> int | None:
    """Find the line, from 0, that `problem`, a `ConfigError` about the rig `text`, speaks of.

    The line of the key where there is one, else that of its table; None where nothing can be said.
    """
    lines = text.splitlines()
    if found := _TOML.search(problem):
        return min(int(found[1]), max(len(lines), 1)) - 1
    if found := _DEVICE.search(problem):
        name, key = found[1], found[2]
        named = [s for s in _tables(lines, "device") if _value(lines, s, "name") == name]
        if not named:
            return None
        # Of a name that is used twice the second is to be changed.
        line = _line_in(lines, named[-1], key)
        return line if line != named[-1].start else _line_in(lines, named[-1], "name")
    if found := _TABLE.search(problem.partition(": ")[2] or problem):
        tables = _tables(lines, found[1])
        number = int(found[2] or 0)
        return _line_in(lines, tables[number], found[3]) if number < len(tables) else None
    return None


def _tables(lines: Sequence[str], name: str) -> list[range]:
    """The lines of each table of this name, with the tables that are nested in it."""
    starts = [
        (number, found[1]) for number, line in enumerate(lines) if (found := _HEADER.match(line))
    ]
    ends = [number for number, _ in starts[1:]] + [len(lines)]
    tables: list[range] = []
    for (start, header), end in zip(starts, ends, strict=False):  # without a table: no end
        if header == name and "." not in lines[start].partition("]")[0]:
            tables.append(range(start, end))
        elif header == name and tables:
            tables[-1] = range(tables[-1].start, end)
    return tables


def _value(lines: Sequence[str], table: range, key: str) -> str:
    number = _line_in(lines, table, key)
    return lines[number].partition("=")[2].strip().strip("\"'") if number != table.start else ""


def _line_in(lines: Sequence[str], table: range, key: str | None) -> int:
    starts = re.compile(rf"\s*['\"]?{re.escape(key or '')}['\"]?\s*=")
    found = (number for number in table if key and starts.match(lines[number]))
    return next(found, table.start)
