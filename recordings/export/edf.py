"""`unisono export edf`: signals as EDF+ (16 bits) or BDF+ (24 bits), markers as annotations.

One file a stream, continuous, at the nominal rate; where samples are missing, zeros stand under an
annotation `BAD_ACQ_SKIP`. The physical range of a channel is that of its data, so a step is the
range over 65,535 (EDF) or 16,777,215 (BDF): `notes` says where that is coarser than 0.1 µV.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from recordings.arrays import Array
from recordings.errors import RecordingError
from recordings.export.edf_channels import (
    check_channels,
    edf_labels,
    fit_limits,
    label_notes,
    not_finite,
    record_notes,
    record_of,
)
from recordings.export.file_names import file_stems
from recordings.export.records import session_name
from recordings.read.fill import rate_notes, stamp_notes
from recordings.read.grid import SKIP, annotations_on, grid_of
from recordings.read.outside import outside_notes, timeless_notes
from recordings.read.session import Session
from recordings.read.stream import Stream
from recordings.read.to_mne import unique_labels
from recordings.stream_kinds import INDEX_TYPES
from recordings.units import to_volts

_SEPARATORS: Final = str.maketrans("\x00\x14\x15", "   ")  # of EDF's own, between annotations
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
    notes += timeless_notes(session)
    unfit: list[RecordingError] = []
    for stream, stem in zip(chosen, file_stems(s.name for s in chosen), strict=True):
        path = folder / f"{session_name(session.path)}_{stem}.{settings.format}"
        try:
            notes += _guarded(session, stream, path, settings.format)
        except RecordingError as error:
            unfit.append(error)
            if settings.streams or len(unfit) == len(chosen):
                raise
    return [*notes, *(f"{error}; left out" for error in unfit)]


def _guarded(session: Session, stream: Stream, path: Path, format_: str) -> list[str]:
    """Write a stream; what the library refuses is this stream's fault alone."""
    try:
        return _write(session, stream, path, format_)
    except ValueError as error:
        path.unlink(missing_ok=True)
        raise RecordingError(f"{stream.name}: does not fit into EDF ({error})") from error


def left_out(session: Session) -> list[str]:
    """Name the streams that have no file: no signal, nor markers, nor a camera's frames."""
    signals = session.signals
    others = [s for s in session if s not in signals and s.type not in INDEX_TYPES and len(s)]
    notes = [
        f"{s.name}: text, of type {s.type}; its samples are taken as markers"
        for s in others
        if s.is_text and s.type.upper() == "EEG"
    ]
    notes += [f"{s.name}: no samples" for s in session if _is_empty(s)]
    return notes + [
        f"{s.name}: {len(s.labels)} channels without a rate, no signal; left out"
        for s in others
        if not s.is_markers
    ]


def _is_empty(stream: Stream) -> bool:
    return stream.rate_hz > 0 and not len(stream) and stream.type not in INDEX_TYPES


def _write(session: Session, stream: Stream, path: Path, format_: str) -> list[str]:
    try:
        import edfio
    except ImportError:
        raise RecordingError(
            "edfio is not installed; install it with: pip install 'unisono[bids]'"
        ) from None
    check_channels(stream.name, len(stream.labels))
    grid = grid_of(stream)
    # A file holds whole records: the rest of the last one is zeros.
    record, record_s = record_of(stream.name, stream.rate_hz, len(grid))
    data = grid.spread(stream.xdf.read())
    missing = -len(data) % record
    fitted = _Channels(stream, format_, record / record_s)
    for n in range(data.shape[1]):
        fitted.add(n, data[:, n], missing, len(grid) > len(stream))
    if not fitted.signals:
        raise RecordingError(fitted.notes()[0].removesuffix("; left out"))
    start = session.utc(grid.first)
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
    whole(fitted.signals, **keywords).write(path)
    return [
        *stamp_notes(stream),
        *rate_notes(stream),
        *record_notes(stream.name, stream.rate_hz, len(grid)),
        *outside_notes(stream.name, grid, markers),
        *label_notes(stream.name, unique_labels(stream)),
        *fitted.notes(),
    ]


def _order(entry: tuple[float, float | None, str]) -> tuple[float, str]:
    return entry[0], entry[2]  # a marker has no duration to compare with that of a gap


class _Channels:
    """The channels of a stream as signals of EDF, and what is to be said of them."""

    def __init__(self, stream: Stream, format_: str, rate_hz: float) -> None:
        import edfio

        self.signals: list[Any] = []
        self._stream = stream
        self._format = format_
        self._rate_hz = rate_hz  # as the file says it: samples a record over its length
        self._kind: Any = edfio.EdfSignal if format_ == "edf" else edfio.BdfSignal
        self._labels = edf_labels(stream.labels)
        self._unknown: dict[str, int] = {}  # values that EDF has no word for, by channel
        self._unfit: dict[str, float] = {}  # a value that has no room, by channel
        self._step_uv = 0.0

    def add(self, number: int, data: Array, missing: int, has_gaps: bool) -> None:
        """Take a channel, shape (n,), with `missing` zeros after it; leave out what fits not."""
        label, unit = self._labels[number], self._stream.units[number]
        # One channel at a time: all as doubles would be gigabytes.
        values = np.zeros(len(data) + missing)
        values[: len(data)] = data
        unknown = not_finite(values)
        if unknown:
            self._unknown[label] = unknown
            values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        written = values if unknown or missing or has_gaps else values[: len(data)]
        limits = fit_limits(unit, written)
        if limits is None:
            self._unfit[label] = max(float(written.min()), float(written.max()), key=abs)
            return
        self.signals.append(
            self._kind(
                np.clip(values * limits.factor, limits.low, limits.high),
                self._rate_hz,
                label=label,
                physical_dimension=limits.dimension,
                physical_range=(limits.low, limits.high),
            )
        )
        step = (limits.high - limits.low) / limits.factor / _STEPS[self._format]
        if self._stream.type.upper() == "EEG":
            self._step_uv = max(self._step_uv, 1e6 * step * (to_volts(unit) or 0.0))

    def notes(self) -> list[str]:
        """Say what was left out, what is 0 and should not be, and what is coarse."""
        name, found = self._stream.name, []
        if self._unfit:
            value = max(self._unfit.values(), key=abs)
            found.append(
                f"{name}, {_few(list(self._unfit))}: {value:g} is beyond the 8 characters that EDF "
                "has for a channel's limits; unisono export csv keeps it; left out"
            )
        if self._unknown:
            total = sum(self._unknown.values())
            which = _few([f"{label} ({count:,})" for label, count in self._unknown.items()])
            found.append(
                f"{name}: {total:,} values are no numbers or endless, in {which}: 0 in the file, "
                "for EDF has no word for them"
            )
        if self._step_uv > _COARSE_UV:
            remedy = "use --format bdf" if self._format == "edf" else "unisono export csv has none"
            found.append(f"{name}: steps of up to {self._step_uv:.2g} µV; {remedy}")
        return found


def _few(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more
