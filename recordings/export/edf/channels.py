"""One channel as EDF holds it: a label and a unit of ASCII, limits of eight characters."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.errors import RecordingError, few
from recordings.read.to_mne import unique
from recordings.units import PREFIXES, Unit, ascii_symbol, parse_unit

MOST_CHANNELS: Final = 9998
"""The header counts signals in four characters; one of them is the annotations."""
MOST_FILL: Final = 1_000_000
"""Zeros of a channel at the end of the last record; more are a rate that nobody samples at."""
_PLAIN: Final = str.maketrans({"µ": "u", "μ": "u", "Ω": "Ohm", "°": "deg"})
_WIDER: Final = 1.02  # how much wider than the data rounded limits may be
_WIDEST: Final = 100.0  # the same where no unit does better: of 65,535 steps 655 are left
_LONGEST_S: Final = 60  # of a record
_NEAR: Final = 1e-6  # of a rate: 4 ms an hour; longer records may do better
_TOO_FAR: Final = 1e-5  # 36 ms an hour
_OFF_S: Final = 1e-4
_LEAST: Final = 1e-4  # a smaller limit has an exponent, which EDF does not know


@dataclass(frozen=True, slots=True)
class Limits:
    """How the values of a channel are written: times `factor`, in `dimension`, from low to high."""

    dimension: str
    factor: float
    low: float
    high: float


def plain(text: str) -> str:
    """Return text in printable ASCII."""
    text = text.translate(_PLAIN).encode("ascii", "replace").decode()
    return "".join(letter if letter.isprintable() else "?" for letter in text)


def edf_labels(labels: Iterable[str]) -> list[str]:
    """Return labels as EDF holds them: 16 characters of ASCII, no two alike."""
    return unique(map(plain, labels), 16)


def label_notes(name: str, labels: Sequence[str]) -> list[str]:
    """Say which channels are called otherwise in an EDF file."""
    own = zip(labels, edf_labels(labels), strict=True)
    cut = [f"{label} is {short}" for label, short in own if label != short]
    if not cut:
        return []
    return [f"{name}: EDF has 16 letters of ASCII for a channel's name: {few(cut)}"]


def fit_limits(unit: str, values: F64Array) -> Limits | None:
    """Find the unit in which the limits of finite values, shape (n,), fit; None if in none.

    The unit that they are in is the first choice, its smaller parts follow: volts of 1e-5 become
    millivolts; then its larger ones: nanovolts of 1e9. Nanovolts, which many readers take for
    volts, come last. A unit without parts gets a power of ten, `1e-6 g`.
    """
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 0.0)
    for scales in _scales(unit):
        found: list[tuple[float, Limits]] = []
        for dimension, factor in scales:
            a, b = low * factor, high * factor
            if a == b:
                a, b = a - 1.0, b + 1.0
            first, last = _eight(a, up=False), _eight(b, up=True)
            if first is None or last is None:
                continue
            wider = (last - first) / (b - a)
            if wider <= _WIDER:
                return Limits(dimension, factor, first, last)
            found.append((wider, Limits(dimension, factor, first, last)))
        wider, best = min(found, key=lambda entry: entry[0], default=(math.inf, None))
        if wider <= _WIDEST:
            return best
    return None


def _scales(unit: str) -> Iterator[list[tuple[str, float]]]:
    """Yield what values may be written as, (dimension, factor), those that serve better first."""
    known = parse_unit(unit)
    own = plain(ascii_symbol(unit))[:8], 1.0
    if known is None:
        powers = [(plain(f"1e-{n} {unit}".strip())[:8], 10.0**n) for n in (3, 6, 9)]
        yield [own, *powers]
        return
    smaller = [p for p in ("m", "µ", "n", "p") if PREFIXES[p] < known.factor]
    larger = [p for p in ("µ", "m", "", "k") if PREFIXES[p] > known.factor]
    scales = {known.prefix: own}
    for prefix in (*smaller, *larger):
        symbol = ascii_symbol(Unit(prefix, known.base).symbol)
        if parse_unit(symbol) == Unit(prefix, known.base):  # else nobody reads it as that
            scales[prefix] = plain(symbol)[:8], known.factor / PREFIXES[prefix]
    rare = () if known.base != "V" else ("n", "p", "k")
    yield [scale for prefix, scale in scales.items() if prefix not in rare]
    yield [scale for prefix, scale in scales.items() if prefix in rare]


def _eight(value: float, up: bool) -> float | None:
    """Round away from the data to what 8 characters hold; None where they hold it not."""
    if 0 < abs(value) < _LEAST and up == (value > 0):
        return math.copysign(_LEAST, value)
    for digits in range(7, -1, -1):
        factor = 10.0**digits
        scaled = value * factor
        if not math.isfinite(scaled):
            continue
        rounded = (math.ceil if up else math.floor)(scaled) / factor
        text = f"{rounded:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{rounded:.0f}"
        if len(text) <= 8 and (rounded == 0 or abs(rounded) >= _LEAST):
            return float(text)
    return None


def check_channels(name: str, channels: int) -> None:
    """Refuse more channels than EDF counts, or none.

    Raises:
        RecordingError: there are more, or none.
    """
    if not channels:
        raise RecordingError(f"{name}: has no channels")
    if channels > MOST_CHANNELS:
        raise RecordingError(
            f"{name}: {channels:,} channels, and EDF holds {MOST_CHANNELS:,}; unisono export csv "
            "keeps them all"
        )


def record_of(name: str, rate_hz: float, samples: int) -> tuple[int, float]:
    """Return how many samples a record of EDF holds, and how long it is, s.

    Whole seconds if some hold whole samples. Else the multiple of 1/64 s that holds most nearly
    whole ones, of 1/32 s where that is far off: it has eight characters, and its multiples, when
    each record begins, are exact in binary, too. `record_notes` says what that costs.

    Raises:
        RecordingError: no record fits, or holds far more than the `samples` there are: refused
            before memory is asked for.
    """
    record, record_s = _whole_record(rate_hz) or _nearest_record(rate_hz)
    if abs(record / record_s / rate_hz - 1) > _TOO_FAR:
        raise RecordingError(
            f"{name}, {rate_hz:g} Hz: EDF needs whole samples in a record; no record up to "
            f"{_LONGEST_S} s has them; unisono export csv takes any rate"
        )
    if -samples % record > MOST_FILL:
        raise RecordingError(
            f"{name}, {rate_hz:g} Hz: a record of EDF, {record_s:g} s, would hold {record:,} "
            f"samples, and there are {samples:,}; unisono export csv takes any rate"
        )
    return record, record_s


def _whole_record(rate_hz: float) -> tuple[int, float] | None:
    for seconds in range(1, _LONGEST_S + 1):
        samples = rate_hz * seconds
        if math.isclose(samples, round(samples), abs_tol=1e-9):
            return round(samples), float(seconds)
    return None


def _nearest_record(rate_hz: float) -> tuple[int, float]:
    # From 10 s on, eight characters hold no 1/64.
    for lengths in (np.arange(64, 640) / 64, np.arange(320, _LONGEST_S * 32) / 32):
        counts = np.maximum(np.round(lengths * rate_hz), 1)
        off = np.abs(counts / (lengths * rate_hz) - 1)
        if float(off.min()) < _NEAR:
            break
    best = int(np.argmin(off))
    return int(counts[best]), float(lengths[best])


def record_notes(name: str, rate_hz: float, samples: int) -> list[str]:
    """Say by how much the times of an EDF file are off at its end, from 0.1 ms on."""
    record, record_s = record_of(name, rate_hz, samples)
    off_s = samples / rate_hz - samples * record_s / record
    if abs(off_s) < _OFF_S:
        return []
    return [
        f"{name}: EDF holds {record:,} samples in {record_s} s, {record / record_s:.6f} Hz of its "
        f"{rate_hz:.6f}: the file's times are {1e3 * abs(off_s):.1f} ms off at its end"
    ]
