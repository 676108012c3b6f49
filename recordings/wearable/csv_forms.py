"""Tables that wearables store: Empatica's and those with a column of Unix times. Pure.

Empatica's has no header: the Unix time of the first sample in the first line, the rate in the
second, then values. Its `IBI.csv` has the word IBI beside the Unix time, and then a row a beat: s
since that time, and the interval to the beat before in s. The others name their columns in one or
two lines (the second with units), and one column holds Unix times in s, ms, µs or ns, as Shimmer's
does. Where a semicolon or a tab parts the cells, numbers may have a decimal comma.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.errors import RecordingError, few
from recordings.wearable.csv_rows import rows_of

LEAST_UNIX_S: Final = 946_684_800.0  # 2000
MOST_UNIX_S: Final = 4_102_444_800.0  # 2100
MOST_DAYS: Final = 31
"""A recording lasts no longer: its clock was set amid it, and far more would be made of it."""
EVEN: Final = 0.1
"""A table has a rate if 95 % of its intervals are so near to the middle one, as a share of it."""
_TICK_S: Final = 1e-3
"""Or as near as its times tell, which many programs round to this: Muse's, at 256 Hz."""
_HEADER_LINES: Final = 4
_KINDS: Final = {
    "acc": ("Accelerometer", ""),
    "bvp": ("PPG", ""),
    "eda": ("EDA", "microsiemens"),
    "hr": ("HeartRate", "bpm"),
    "temp": ("SKT", "celsius"),
}
"""What Empatica calls its files, and what is in them: type and unit."""


@dataclass(frozen=True, slots=True)
class StoredTable:
    """Samples with Unix times by the wearable's clock.

    `stamps` has shape (n,), seconds, ascending; `values` (n, channels), unknown = NaN.
    """

    type: str
    labels: tuple[str, ...]
    units: tuple[str, ...]
    rate_hz: float  # 0 = irregular
    stamps: F64Array
    values: F64Array


def read_table(path: Path, time_column: str = "") -> StoredTable:
    """Read a table in one of the forms.

    `time_column` names the one with Unix times, else it is found.

    Raises:
        RecordingError: it is none of them; the message names the row.
    """
    rows = list(rows_of(path))
    if not rows:
        raise RecordingError(f"{path}: is empty")
    if not time_column and _numbers(rows[0][1]) is not None:
        table = _empatica(path, rows)
    elif not time_column and [cell.casefold() for cell in rows[0][1][1:]] == ["ibi"]:
        table = _intervals(path, rows)
    else:
        table = _with_times(path, rows, time_column)
    _check_length(path, table.stamps, [row for row, _ in rows[-len(table.stamps) :]])
    return table


def _check_length(path: Path, stamps: F64Array, rows: Sequence[int]) -> None:
    days = float(stamps[-1] - stamps[0]) / 86_400
    if days <= MOST_DAYS:
        return
    steps = np.diff(stamps) / 86_400
    widest = int(np.argmax(steps))
    raise RecordingError(
        f"{path}: lasts {days:,.0f} days by its times; {MOST_DAYS} are the most; "
        f"{steps[widest]:,.3g} of them pass between rows {rows[widest]} and {rows[widest + 1]}: "
        "if its clock was set there, leave out what is before or behind"
    )


def read_events(path: Path) -> F64Array:
    """Read Unix times of events, one a line, as Empatica's `tags.csv` has them; shape (n,), s.

    Raises:
        RecordingError: a row holds anything else.
    """
    times = [_unix(path, row, cells[0], 1.0) for row, cells in rows_of(path)]
    if len(times) < 2:
        raise RecordingError(f"{path}: has {len(times)} events; two are the least")
    return np.sort(np.array(times))


def _numbers(cells: Sequence[str]) -> list[float] | None:
    """Give the cells as numbers, an empty one as NaN; None where any is no number."""
    try:
        return [float(cell) if cell else math.nan for cell in cells]
    except ValueError:
        return None


def _empatica(path: Path, rows: Sequence[tuple[int, list[str]]]) -> StoredTable:
    if len(rows) < 3:
        raise RecordingError(
            f"{path}: has {len(rows)} rows; Unix time of the start, rate and values are the least"
        )
    start = _unix(path, rows[0][0], rows[0][1][0], 1.0)
    rates = _numbers(rows[1][1])
    if rates is None or not 0 < rates[0] <= 100_000:
        raise RecordingError(
            f"{path}: row {rows[1][0]}: {rows[1][1][0]!r} is no rate in Hz; the first row is taken "
            "as the Unix time of the start, so the second has to be the rate"
        )
    for number, cells in rows[:2]:
        if len({float(cell) for cell in cells if cell}) > 1:
            raise RecordingError(
                f"{path}: row {number}: its columns have starts or rates of their own "
                f"({', '.join(cells[:9])}); import them one by one"
            )
    for (before, _), (number, _) in pairwise(rows[2:]):
        if number != before + 1:
            raise RecordingError(
                f"{path}: row {before + 1}: is empty, and each row stands for a sample: what "
                "follows it would be early; fill it with nan, or copy the file again"
            )
    values = _values(path, rows[2:], range(len(rows[0][1])))
    stamps = start + np.arange(len(values)) / rates[0]
    stem = path.stem.lower()
    type_, unit = _KINDS.get(stem, ("Physio", ""))
    axes = ("x", "y", "z") if values.shape[1] == 3 else tuple(map(str, range(values.shape[1])))
    labels = (stem or "value",) if values.shape[1] == 1 else axes
    return StoredTable(type_, labels, (unit,) * len(labels), rates[0], stamps, values)


def _intervals(path: Path, rows: Sequence[tuple[int, list[str]]]) -> StoredTable:
    """Read intervals between beats: they come when the heart beats, so without a rate."""
    if len(rows) < 2:
        raise RecordingError(f"{path}: has no interval after its first row")
    start = _unix(path, rows[0][0], rows[0][1][0], 1.0)
    table = _values(path, rows[1:], (0, 1))
    stamps, intervals = start + table[:, 0], table[:, 1]
    for wrong, words in (
        (~((table[:, 0] >= 0) & (stamps <= MOST_UNIX_S)), "{0!r} is no time in s since the start"),
        (~((intervals > 0) & (intervals < np.inf)), "{1!r} is no interval in s"),
        (np.diff(stamps, prepend=start) < 0, "its time is before that of the row before"),
    ):
        if wrong.any():
            row, cells = rows[1 + int(np.argmax(wrong))]
            raise RecordingError(f"{path}: row {row}: {words.format(*cells)}")
    return StoredTable("RR", ("ibi",), ("seconds",), 0.0, stamps, table[:, 1:])


def _with_times(path: Path, rows: Sequence[tuple[int, list[str]]], time_column: str) -> StoredTable:
    found = (k for k, (_, cells) in enumerate(rows) if _numbers(cells) is not None)
    first = next(found, len(rows))
    if first == len(rows):
        raise RecordingError(
            f"{path}: has no row of numbers after its header; times are to be Unix times, in s, "
            "ms, µs or ns, and no text such as a date"
        )
    if not 0 < first <= _HEADER_LINES:
        raise RecordingError(
            f"{path}: row {rows[0][0]}: no names of columns, and {time_column!r} is to be one"
            if not first
            else f"{path}: row {rows[1][0]}: is no row of numbers, and no line of a header"
        )
    names = rows[0][1]
    units = rows[first - 1][1] if first > 1 else [""] * len(names)
    units = units + [""] * (len(names) - len(units))
    column = _time_column(path, names, time_column)
    data = rows[first:]
    size = abs(_number(path, *data[0], column)) / MOST_UNIX_S
    scale = next((scale for scale in (1.0, 1e-3, 1e-6) if size * scale <= 1), 1e-9)
    stamps = np.array(
        [_unix(path, row, _cell(path, row, cells, column), scale) for row, cells in data]
    )
    falls = np.flatnonzero(np.diff(stamps) < 0)
    if len(falls):
        row = data[int(falls[0]) + 1][0]
        raise RecordingError(
            f"{path}: row {row}: its time is before that of the row before; sort the table, or "
            "import its parts one by one"
        )
    others = [k for k in range(len(names)) if k != column and names[k]]
    if not others:
        raise RecordingError(f"{path}: has no column but {names[column]!r}")
    values = _values(path, data, others)
    return StoredTable(
        "Physio",
        tuple(names[k] for k in others),
        tuple(units[k] for k in others),
        _rate(stamps),
        stamps,
        values,
    )


def _time_column(path: Path, names: Sequence[str], wanted: str) -> int:
    if wanted:
        same = [k for k, name in enumerate(names) if name == wanted]
    else:
        known = [k for k, name in enumerate(names) if re.search("time|unix", name, re.IGNORECASE)]
        same = [k for k in known if re.search("unix", names[k], re.IGNORECASE)] or known
    if len(same) != 1:
        what = f"no column {wanted!r}" if wanted else f"{len(same)} columns may hold the Unix time"
        raise RecordingError(
            f"{path}: {what}; name it with --time-column; there are: {few(names, 20)}"
        )
    return same[0]


def _cell(path: Path, row: int, cells: Sequence[str], column: int) -> str:
    if column >= len(cells):
        raise RecordingError(f"{path}: row {row}: has {len(cells)} cells, none in column {column}")
    return cells[column]


def _number(path: Path, row: int, cells: Sequence[str], column: int) -> float:
    text = _cell(path, row, cells, column)
    try:
        return float(text)
    except ValueError:
        raise RecordingError(f"{path}: row {row}: {text!r} is no number") from None


def _unix(path: Path, row: int, text: str, scale: float) -> float:
    seconds = scale * _number(path, row, [text], 0)
    if not LEAST_UNIX_S <= seconds <= MOST_UNIX_S:
        raise RecordingError(
            f"{path}: row {row}: {text!r} is no Unix time of this century; its clock was never "
            "set, or it is another column"
        )
    return seconds


def _values(path: Path, rows: Sequence[tuple[int, list[str]]], columns: Sequence[int]) -> F64Array:
    table = np.empty((len(rows), len(columns)))
    for k, (row, cells) in enumerate(rows):
        picked = [_cell(path, row, cells, column) for column in columns]
        numbers = _numbers(picked)
        if numbers is None:
            odd = next(cell for cell in picked if _numbers([cell]) is None)
            raise RecordingError(f"{path}: row {row}: {odd!r} is no number")
        table[k] = numbers
    return table


def _rate(stamps: F64Array) -> float:
    """Give the rate of stamps that are about even, to four digits; 0 where they are not."""
    steps = np.diff(stamps)
    middle = float(np.median(steps)) if len(steps) else 0.0
    if len(steps) < 3 or middle <= 0:
        return 0.0
    off = np.percentile(np.abs(steps - middle), 95)
    near = steps[np.abs(steps - middle) <= 0.5 * middle]
    ticks = stamps / _TICK_S
    rounded = middle >= 2 * _TICK_S and np.abs(ticks - np.rint(ticks)).max() < 1e-3
    allowed = max(EVEN * middle, 1.001 * _TICK_S if rounded else 0.0)
    return float(f"{1 / near.mean():.4g}") if off <= allowed else 0.0
