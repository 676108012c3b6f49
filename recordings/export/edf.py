"""`unisono export edf`: signals as EDF+ (16 bits) or BDF+ (24 bits), markers as annotations.

One file a stream, continuous, at the nominal rate; where samples are missing, zeros stand under an
annotation `BAD_ACQ_SKIP`. The physical range of a channel is that of its data, so a step is the
range over 65,535 (EDF) or 16,777,215 (BDF): `notes` says where that is coarser than 0.1 µV.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from recordings.errors import RecordingError
from recordings.export.file_names import file_stems
from recordings.export.tasks import session_name
from recordings.read.grid import SKIP, annotations_on, grid_of
from recordings.read.outside import outside_notes
from recordings.read.session import Session
from recordings.read.stream import Stream
from recordings.read.to_mne import unique
from recordings.stream_kinds import VIDEO_TYPE

_UNITS: Final = {
    "microvolts": "uV", "millivolts": "mV", "volts": "V", "microsiemens": "uS", "celsius": "degC",
}  # fmt: skip
_PLAIN: Final = str.maketrans({"µ": "u", "μ": "u", "Ω": "Ohm", "°": "deg"})  # EDF is ASCII
_SEPARATORS: Final = str.maketrans("\x00\x14\x15", "   ")  # of EDF's own, between annotations
_MICROVOLTS: Final = {"uV": 1.0, "mV": 1e3, "V": 1e6}
_COARSE_UV: Final = 0.1
_STEPS: Final = {"edf": 65_535, "bdf": 16_777_215}


@dataclass(frozen=True, slots=True)
class Settings:
    """`streams`: names, none = all signals."""

    format: Literal["edf", "bdf"] = "bdf"
    streams: tuple[str, ...] = ()


def export(session: Session, folder: Path, settings: Settings) -> list[str]:
    """Write the signals of one session; see `recordings.export.tasks`.

    Raises:
        RecordingError: a stream that was asked for is no signal or does not fit into EDF, no
            stream fits, or edfio is missing.
    """
    chosen = [session[name] for name in settings.streams] or session.signals
    notes = [] if chosen else ["no signal in this session"]
    if not settings.streams:
        notes += left_out(session)
    unfit: list[RecordingError] = []
    for stream, stem in zip(chosen, file_stems(s.name for s in chosen), strict=True):
        path = folder / f"{session_name(session.path)}_{stem}.{settings.format}"
        try:
            notes += _write(session, stream, path, settings.format)
        except RecordingError as error:
            unfit.append(error)
            if settings.streams or len(unfit) == len(chosen):
                raise
    return [*notes, *(f"{error}; left out" for error in unfit)]


def left_out(session: Session) -> list[str]:
    """Name the streams that are neither a signal nor markers nor a camera's frames."""
    signals = session.signals
    others = [s for s in session if s not in signals and s.type != VIDEO_TYPE and len(s)]
    notes = [
        f"{s.name}: text, of type {s.type}; its samples are taken as markers"
        for s in others
        if s.is_text and s.type.upper() == "EEG"
    ]
    return notes + [
        f"{s.name}: {len(s.labels)} channels without a rate, no signal; left out"
        for s in others
        if not s.is_markers
    ]


def _write(session: Session, stream: Stream, path: Path, format_: str) -> list[str]:
    try:
        import edfio
    except ImportError:
        raise RecordingError(
            "edfio is not installed; install it with: pip install 'unisono[bids]'"
        ) from None
    grid = grid_of(stream)
    data = grid.spread(stream.xdf.read())
    # A file holds whole records of a second: the rest of the last one is zeros.
    record_s = _record_s(stream)
    per_record = round(stream.rate_hz * record_s)
    missing = -len(data) % per_record
    kind: Any = edfio.EdfSignal if format_ == "edf" else edfio.BdfSignal
    signals = []
    for n, (label, unit) in enumerate(zip(_labels(stream), stream.units, strict=True)):
        values = np.zeros(len(data) + missing)  # of one channel: all would be gigabytes
        values[: len(data)] = np.nan_to_num(data[:, n], posinf=0.0, neginf=0.0)
        limits = _range(f"{stream.name}, {label}", values)
        signals.append(
            kind(
                values,
                stream.rate_hz,
                label=label,
                physical_dimension=_unit(unit),
                physical_range=limits,
            )
        )
    ranges = [signal.physical_max - signal.physical_min for signal in signals]
    start = session.utc(float(grid.times[0]))
    whole: Any = edfio.Edf if format_ == "edf" else edfio.Bdf
    keywords: dict[str, Any] = {"data_record_duration": record_s}
    if start is not None:
        start += timedelta(microseconds=50) if start.microsecond % 100 else timedelta()
        keywords["recording"] = edfio.Recording(startdate=start.date())
        keywords["starttime"] = start.time().replace(tzinfo=None)
    if session.manifest is not None:
        keywords["patient"] = edfio.Patient(code=session.manifest.participant)
    markers = session.markers()
    entries = annotations_on(grid, markers)
    if missing:
        entries.append((len(grid) / grid.rate_hz, missing / grid.rate_hz, SKIP))
    keywords["annotations"] = [
        edfio.EdfAnnotation(onset, duration, text.translate(_SEPARATORS))
        for onset, duration, text in sorted(entries, key=_order)
    ]
    whole(signals, **keywords).write(path)
    return [*outside_notes(stream.name, grid, markers), *_coarse(stream, ranges, format_)]


def _order(entry: tuple[float, float | None, str]) -> tuple[float, str]:
    return entry[0], entry[2]  # a marker has no duration to compare with that of a gap


def _ascii(text: str) -> str:
    return text.translate(_PLAIN).encode("ascii", "replace").decode()


def _labels(stream: Stream) -> list[str]:
    """Return labels as EDF holds them: 16 characters of ASCII, no two alike."""
    return unique(map(_ascii, stream.labels), 16)


def _unit(unit: str) -> str:
    return _ascii(_UNITS.get(unit, unit))[:8]


def _record_s(stream: Stream) -> float:
    """Return the shortest whole number of seconds that holds a whole number of samples."""
    rate_hz = stream.rate_hz
    for seconds in range(1, 61):
        if math.isclose(rate_hz * seconds, round(rate_hz * seconds), abs_tol=1e-9):
            return float(seconds)
    raise RecordingError(
        f"{stream.name}, {rate_hz:g} Hz: EDF needs whole samples in a record; no record up to "
        "60 s has them; unisono export csv takes any rate"
    )


def _range(
    name: str, values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
) -> tuple[float, float]:
    """Return limits that fit into EDF's 8 characters and hold the data."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = low - 1.0, high + 1.0
    return _eight(name, low, up=False), _eight(name, high, up=True)


def _eight(name: str, value: float, up: bool) -> float:
    """Round away from the data to what 8 characters hold."""
    for digits in range(7, -1, -1):
        factor = 10.0**digits
        rounded = (math.ceil if up else math.floor)(value * factor) / factor
        text = f"{rounded:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{rounded:.0f}"
        if len(text) <= 8:
            return float(text)
    raise RecordingError(
        f"{name}: {value:g} is beyond the 8 characters that EDF has for a channel's limits; "
        "unisono export csv keeps it"
    )


def _coarse(stream: Stream, ranges: list[float], format_: str) -> list[str]:
    factors = [_MICROVOLTS.get(_unit(unit), 0.0) for unit in stream.units]
    steps = [
        factor * width / _STEPS[format_]
        for factor, width in zip(factors, ranges, strict=True)
        if stream.type.upper() == "EEG"
    ]
    if steps and max(steps) > _COARSE_UV:
        return [f"{stream.name}: steps of up to {max(steps):.2g} µV; use --format bdf"]
    return []
