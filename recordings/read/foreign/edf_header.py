"""What the header of an EDF or BDF file says, looked at before any library: in words of ours."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NoReturn

from recordings.errors import RecordingError

FASTEST_HZ: Final = 1e6
_HEAD: Final = 256
_LIMITS: Final = ("physical minimum", "physical maximum", "digital minimum", "digital maximum")


@dataclass(frozen=True, slots=True)
class EdfHeader:
    """The two parts of a header, both whole; `uncalibrated` counts signals that hold samples."""

    head: bytes
    table: bytes
    uncalibrated: frozenset[int]
    notes: tuple[str, ...]


def read_header(path: Path, sample_bytes: int) -> EdfHeader:
    """Read and check a header.

    Raises:
        RecordingError: nothing can be read by it; the message names the field and the remedy.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
        if len(head) < _HEAD:
            _refuse(path, f"it ends after {len(head)} bytes, within its header")
        count = _whole(path, "number of signals", head[252:256])
        table = file.read(_HEAD * count)
    if len(table) < _HEAD * count:
        got = _HEAD + len(table)
        _refuse(path, f"it ends after {got} bytes, within the header of its {count} signals")
    size = _whole(path, "size of the header", head[184:192])
    if size != _HEAD * (count + 1):
        _refuse(path, f"its header says that it has {size} bytes, for {count} signals")
    _check_records(path, head, table, sample_bytes)
    bad = list(_bad_limits(table, count))
    notes = [
        f"{path.name}: {label}: its {field} is {text!r}: its values are the file's integers, "
        "without unit"
        for _, label, field, text in bad
    ]
    return EdfHeader(
        head, table, frozenset(one[0] for one in bad), (*_date_note(path, head), *notes)
    )


def labels_of(table: bytes) -> list[bytes]:
    """Return the label of each signal."""
    return [table[16 * n : 16 * n + 16].strip() for n in range(len(table) // _HEAD)]


def samples_of(path: Path, table: bytes) -> list[int]:
    """Return how many samples of each signal a record has."""
    count = len(table) // _HEAD
    fields = (table[216 * count + 8 * n :][:8] for n in range(count))
    return [_whole(path, "number of samples in a record", field) for field in fields]


def _check_records(path: Path, head: bytes, table: bytes, sample_bytes: int) -> None:
    if re.fullmatch(rb"\s*-?\d+\s*", head[236:244]) is None:
        _refuse(path, f"its number of records is {_shown(head[236:244])}")
    duration = _number(head[244:252])
    sizes = samples_of(path, table)
    kept = [n for n, label in zip(sizes, labels_of(table), strict=True) if not _is_text(label)]
    if not kept:
        _refuse(path, "it holds annotations alone")
    if not (0 < duration < math.inf) or max(kept) / duration > FASTEST_HZ:
        _refuse(path, f"its records last {_shown(head[244:252])} s, with {max(kept)} samples")
    if path.stat().st_size - _HEAD - len(table) < sum(sizes) * sample_bytes:
        _refuse(path, "it holds no whole record of samples")


def _bad_limits(table: bytes, count: int) -> list[tuple[int, str, str, str]]:
    """List the first limit of each signal that gives no scale: place, label, field, text."""
    found = []
    signals = [n for n, label in enumerate(labels_of(table)) if not _is_text(label)]
    for place, n in enumerate(signals):
        texts = [table[(104 + 8 * k) * count + 8 * n :][:8] for k in range(4)]
        values = [_number(text) for text in texts]
        odd = [k for k in range(4) if not math.isfinite(values[k])]
        odd += [k + 1 for k in (0, 2) if values[k] == values[k + 1]]
        if odd:
            label = labels_of(table)[n].decode("latin-1")
            text = texts[odd[0]].decode("latin-1").strip()
            found.append((place, label, _LIMITS[odd[0]], text))
    return found


def _date_note(path: Path, head: bytes) -> list[str]:
    day, clock = (head[k : k + 8].decode("latin-1") for k in (168, 176))
    found = re.fullmatch(r"(\d\d)\D(\d\d)\D(\d\d)\D?(\d\d)\D(\d\d)\D(\d\d)", f"{day}{clock}")
    try:
        if found is not None:
            d, m, y, hour, minute, second = map(int, found.groups())
            datetime(2000 + y, m, d, hour, minute, second)
            return []
    except ValueError:
        pass
    said = f"{day.strip()!r} {clock.strip()!r}"
    return [f"{path.name}: its start, {said}, is no date: when it was recorded is not known"]


def _is_text(label: bytes) -> bool:
    return label.endswith(b"Annotations")


def _number(field: bytes) -> float:
    try:
        return float(field)
    except ValueError:
        return math.nan


def _whole(path: Path, name: str, field: bytes) -> int:
    """Read a count of at least 1."""
    text = field.strip()
    if not text.isdigit() or int(text) == 0:
        _refuse(path, f"its {name} is {_shown(field)}")
    return int(text)


def _shown(field: bytes) -> str:
    return repr(field.decode("latin-1").strip())


def _refuse(path: Path, what: str) -> NoReturn:
    raise RecordingError(
        f"{path}: is no whole EDF or BDF file: {what}; copy it again from where it was recorded, "
        "or correct the field"
    )
