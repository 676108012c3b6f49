"""What the header of an EDF or BDF file says, looked at before any library: in words of ours."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, NoReturn

from recordings.disk.regular import open_file
from recordings.errors import RecordingError
from recordings.marker_codes import text_of

FASTEST_HZ: Final = 1e6
_HEAD: Final = 256
_LIMITS: Final = ("physical minimum", "physical maximum", "digital minimum", "digital maximum")
_WIDEST: Final = 2.0**31  # of a digital limit; no format has more bits
_TEXTS: Final = ("EDF Annotations", "BDF Annotations")
"""What signals are called that hold annotations; some programs write either name in both forms."""


@dataclass(frozen=True, slots=True)
class EdfSignal:
    """One signal: `samples` in a record; `scale` is (factor, offset), None where limits give none.

    `label` and `unit` are as they stand, bytes beyond ASCII read as UTF-8 or Windows' western page.
    """

    label: str
    unit: str
    samples: int
    scale: tuple[float, float] | None

    @property
    def is_text(self) -> bool:
        """Whether it holds annotations."""
        return self.label in _TEXTS


@dataclass(frozen=True, slots=True)
class EdfHeader:
    """A header that can be read by; `size` in bytes, `record_s` how long a record lasts.

    `records` is how many there are by it, -1 where it does not know, as while it is written.
    """

    size: int
    records: int
    record_s: float
    is_discontinuous: bool
    signals: tuple[EdfSignal, ...]
    notes: tuple[str, ...]


def read_header(path: Path, sample_bytes: int) -> EdfHeader:
    """Read and check a header.

    Raises:
        RecordingError: nothing can be read by it; the message names the field and the remedy.
    """
    with open_file(path) as file:
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
    notes = [*_date_note(path, head)]
    signals = tuple(_signal(path, table, count, n, notes) for n in range(count))
    record_s = _check_records(path, head, signals, sample_bytes)
    is_discontinuous = head[192:197] in (b"EDF+D", b"BDF+D")
    return EdfHeader(size, int(head[236:244]), record_s, is_discontinuous, signals, tuple(notes))


def _signal(path: Path, table: bytes, count: int, n: int, notes: list[str]) -> EdfSignal:
    def field(at: int, width: int) -> bytes:
        return table[at * count + width * n :][:width]

    label, unit = text_of(field(0, 16)).rstrip(), text_of(field(96, 8)).strip()
    samples = _whole(path, "number of samples in a record", field(216, 8))
    texts = [field(104 + 8 * k, 8) for k in range(4)]
    scale, odd = _scale([_number(text) for text in texts])
    if odd is not None and label not in _TEXTS:
        notes.append(
            f"{path.name}: {label.strip()}: its {_LIMITS[odd]} is {_shown(texts[odd])}: its values "
            "are the file's integers, without unit"
        )
    return EdfSignal(label, unit, samples, scale)


def _scale(limits: list[float]) -> tuple[tuple[float, float] | None, int | None]:
    """Return (factor, offset) of a signal's limits; or None, and which limit gives no scale."""
    low, high, digital_low, digital_high = limits
    for k, value in enumerate(limits):
        if not math.isfinite(value) or (k > 1 and not (abs(value) <= _WIDEST and value % 1 == 0)):
            return None, k
    if low == high or digital_low == digital_high:
        return None, 1 if low == high else 3
    factor = (high - low) / (digital_high - digital_low)
    return (factor, low - factor * digital_low), None


def _check_records(
    path: Path, head: bytes, signals: tuple[EdfSignal, ...], sample_bytes: int
) -> float:
    """Return how long a record lasts, s."""
    if re.fullmatch(rb"\s*-?\d+\s*", head[236:244]) is None:
        _refuse(path, f"its number of records is {_shown(head[236:244])}")
    kept = [signal.samples for signal in signals if not signal.is_text]
    if not kept:
        _refuse(path, "it holds annotations alone")
    duration = _number(head[244:252])
    if not (0 < duration < math.inf) or max(kept) / duration > FASTEST_HZ:
        _refuse(path, f"its records last {_shown(head[244:252])} s, with {max(kept)} samples")
    record = sum(signal.samples for signal in signals) * sample_bytes
    if path.stat().st_size - _HEAD * (len(signals) + 1) < record:
        _refuse(path, "it holds no whole record of samples")
    return duration


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
