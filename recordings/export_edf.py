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
from recordings.export import session_name
from recordings.file_names import file_stems
from recordings.session import Session
from recordings.stream import Stream
from recordings.stream_check import EVENTS_STREAM, VIDEO_TYPE
from recordings.to_mne import Grid, describe, grid_of, unique_labels

_UNITS: Final = {
    "microvolts": "uV", "millivolts": "mV", "volts": "V", "microsiemens": "uS", "celsius": "degC",
}  # fmt: skip
_COARSE_UV: Final = 0.1
_STEPS: Final = {"edf": 65_535, "bdf": 16_777_215}


@dataclass(frozen=True, slots=True)
class Settings:
    """`streams`: names, none = all signals."""

    format: Literal["edf", "bdf"] = "bdf"
    streams: tuple[str, ...] = ()


def export(session: Session, folder: Path, settings: Settings) -> list[str]:
    """Write the signals of one session; see `recordings.export`.

    Raises:
        RecordingError: a stream is no signal, or edfio is missing.
    """
    signals = [s for s in session if s.rate_hz > 0 and not s.is_text and s.type != VIDEO_TYPE]
    chosen = [session[name] for name in settings.streams] or [s for s in signals if len(s)]
    notes = [] if chosen else ["no signal in this session"]
    for stream, stem in zip(chosen, file_stems(s.name for s in chosen), strict=True):
        path = folder / f"{session_name(session.path)}_{stem}.{settings.format}"
        notes += _write(session, stream, path, settings.format)
    return notes


def _write(session: Session, stream: Stream, path: Path, format_: str) -> list[str]:
    try:
        import edfio
    except ImportError:
        raise RecordingError(
            "edfio is not installed; install it with: pip install 'unisono[bids]'"
        ) from None
    grid = grid_of(stream)
    data = grid.spread(np.nan_to_num(stream.xdf.read().astype(np.float64)))
    # A file holds whole records of a second: the rest of the last one is zeros.
    record_s = _record_s(stream.rate_hz)
    per_record = round(stream.rate_hz * record_s)
    missing = -len(data) % per_record
    data = np.concatenate([data, np.zeros((missing, data.shape[1]))])
    signal: Any = edfio.EdfSignal if format_ == "edf" else edfio.BdfSignal
    signals = [
        signal(
            data[:, n],
            stream.rate_hz,
            label=label[:16].encode("ascii", "replace").decode(),
            physical_dimension=_UNITS.get(unit, unit)[:8].encode("ascii", "replace").decode(),
            physical_range=_range(data[:, n]),
        )
        for n, (label, unit) in enumerate(zip(unique_labels(stream), stream.units, strict=True))
    ]
    start = session.utc(float(grid.times[0]))
    whole: Any = edfio.Edf if format_ == "edf" else edfio.Bdf
    keywords: dict[str, Any] = {"data_record_duration": record_s}
    if start is not None:
        start += timedelta(microseconds=50) if start.microsecond % 100 else timedelta()
        keywords["recording"] = edfio.Recording(startdate=start.date())
        keywords["starttime"] = start.time().replace(tzinfo=None)
    if session.manifest is not None:
        keywords["patient"] = edfio.Patient(code=session.manifest.participant)
    notes = _annotations(session, grid)
    if missing:
        notes.append((len(grid) / grid.rate_hz, missing / grid.rate_hz, "BAD_ACQ_SKIP"))
    keywords["annotations"] = [edfio.EdfAnnotation(*entry) for entry in sorted(notes)]
    whole(signals, **keywords).write(path)
    return _coarse(stream, data, format_)


def _record_s(rate_hz: float) -> float:
    """Return the shortest whole number of seconds that holds a whole number of samples."""
    for seconds in range(1, 61):
        if math.isclose(rate_hz * seconds, round(rate_hz * seconds), abs_tol=1e-9):
            return float(seconds)
    raise RecordingError(
        f"{rate_hz:g} Hz: EDF needs whole samples in a record; no record up to 60 s has them"
    )


def _range(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, float]:
    """Return limits that fit into EDF's 8 characters and hold the data."""
    low, high = float(values.min()), float(values.max())
    if low == high:
        low, high = low - 1.0, high + 1.0
    return _eight(low, up=False), _eight(high, up=True)


def _eight(value: float, up: bool) -> float:
    """Round away from the data to what 8 characters hold."""
    for digits in range(7, -1, -1):
        factor = 10.0**digits
        rounded = (math.ceil if up else math.floor)(value * factor) / factor
        text = f"{rounded:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{rounded:.0f}"
        if len(text) <= 8:
            return float(text)
    raise RecordingError(f"{value:g}: EDF has 8 characters for a channel's limits; change its unit")


def _annotations(session: Session, grid: Grid) -> list[tuple[float, float | None, str]]:
    found: list[tuple[float, float | None, str]] = [
        (a / grid.rate_hz, (b - a) / grid.rate_hz, "BAD_ACQ_SKIP") for a, b in grid.skips
    ]
    for marker in session.markers():
        at = grid.position(marker.time)
        if marker.stream != EVENTS_STREAM and 0 <= at <= len(grid) - 1:
            text = describe(marker).replace("\x14", " ").replace("\x15", " ").replace("\x00", " ")
            found.append((at / grid.rate_hz, None, text))
    return found


def _coarse(
    stream: Stream, data: np.ndarray[tuple[int, ...], np.dtype[np.float64]], format_: str
) -> list[str]:
    steps = [
        float(np.ptp(data[:, n])) / _STEPS[format_]
        for n, unit in enumerate(stream.units)
        if unit == "microvolts"
    ]
    if steps and max(steps) > _COARSE_UV:
        return [f"{stream.name}: steps of up to {max(steps):.2g} µV; use --format bdf"]
    return []
