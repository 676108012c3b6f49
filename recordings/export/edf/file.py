"""A stream's signals as one EDF+ or BDF+ file, each channel within limits of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from recordings.arrays import Array
from recordings.errors import RecordingError, few
from recordings.export.edf.channels import (
    check_channels,
    edf_labels,
    fit_limits,
    label_notes,
    record_notes,
    record_of,
)
from recordings.extras import of_extra
from recordings.read.grid import SKIP, Grid
from recordings.read.stream import Stream
from recordings.read.to_mne import unique_labels
from recordings.units import to_volts

_SEPARATORS: Final = str.maketrans("\x00\x14\x15", "   ")  # of EDF's own, between annotations
_COARSE_UV: Final = 0.1
_STEPS: Final = {"edf": 65_535, "bdf": 16_777_215}
_YEARS: Final = range(1985, 2085)  # of which the header's two digits tell


@dataclass(frozen=True, slots=True)
class Form:
    """What a file is to be.

    Args:
        format: 16 bits a value, or 24.
        units: of each channel of the file.
        factors: what each channel of the stream is multiplied with to be in its unit.
        whole: which export keeps what EDF does not hold.
        finer: which has smaller steps.
    """

    format: Literal["edf", "bdf"]
    units: Sequence[str]
    factors: Sequence[float]
    whole: str
    finer: str


class EdfFile:
    """The signals of a stream as they stand in a file, and what is to be said of them.

    `units` are those of the written channels, by their names in the file; `left_out` are the
    numbers of the channels that have none.

    Raises:
        RecordingError: EDF has no place for this rate or so many channels, no channel fits, or
            edfio is missing.
    """

    def __init__(self, stream: Stream, grid: Grid, form: Form) -> None:
        check_channels(stream.shown, len(stream.labels))
        # A file holds whole records: the rest of the last one is zeros.
        self._record, self._record_s = record_of(stream.shown, stream.rate_hz, len(grid))
        self.units: dict[str, str] = {}
        self.left_out: list[int] = []
        self._stream, self._grid, self._form = stream, grid, form
        self._missing = -len(grid) % self._record
        self._labels = edf_labels(unique_labels(stream))
        self._signals: list[Any] = []
        self._unknown: dict[str, int] = {}  # values that EDF has no word for, by channel
        self._unfit: dict[str, float] = {}  # a value that has no room, by channel
        self._step_uv = 0.0
        signal = _kinds(form.format)[1]
        data = grid.spread(stream.xdf.read())
        for number in range(data.shape[1]):
            self._add(signal, number, data[:, number])
        if not self._signals:
            raise RecordingError(self._unfit_notes()[0].removesuffix("; left out"))

    def _add(self, signal: Any, number: int, data: Array) -> None:
        """Take a channel, shape (n,), and zeros to the record's end; leave out what fits not."""
        label, unit = self._labels[number], self._form.units[number]
        # One channel at a time: all as doubles would be gigabytes.
        values = np.zeros(len(data) + self._missing)
        np.multiply(data, self._form.factors[number], out=values[: len(data)])
        if unknown := int(np.count_nonzero(~np.isfinite(values))):
            self._unknown[label] = unknown
            values = np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0)
        limits = fit_limits(unit, values)
        if limits is None:
            self.left_out.append(number)
            self._unfit[label] = max(float(values.min()), float(values.max()), key=abs)
            return
        self.units[label] = limits.dimension
        self._signals.append(
            signal(
                np.clip(values * limits.factor, limits.low, limits.high),
                self._record / self._record_s,  # as the file says it
                label=label,
                physical_dimension=limits.dimension,
                physical_range=(limits.low, limits.high),
            )
        )
        step = (limits.high - limits.low) / limits.factor / _STEPS[self._form.format]
        if self._stream.type.upper() == "EEG":
            self._step_uv = max(self._step_uv, 1e6 * step * (to_volts(unit) or 0.0))

    def write(
        self,
        path: Path,
        start: datetime | None,
        participant: str = "",
        entries: Iterable[tuple[float, float | None, str]] = (),
    ) -> list[str]:
        """Write the file; return what a person should know.

        Args:
            path: the file.
            start: of the first sample, UTC.
            participant: the patient's code, "" for none.
            entries: (onset, duration, text) of annotations, seconds.

        Raises:
            ValueError: the library refuses.
        """
        import edfio

        grid, name = self._grid, self._stream.shown
        said = list(entries)
        if self._missing:
            said.append((len(grid) / grid.rate_hz, self._missing / grid.rate_hz, SKIP))
        keywords: dict[str, Any] = {"data_record_duration": self._record_s}
        dateless = start is not None and start.year not in _YEARS
        if start is not None and not dateless:
            # Edfio cuts to 0.1 ms.
            start += timedelta(microseconds=50) if start.microsecond % 100 else timedelta()
            keywords["recording"] = edfio.Recording(startdate=start.date())
            keywords["starttime"] = start.time().replace(tzinfo=None)
        if participant:
            keywords["patient"] = edfio.Patient(code=participant)
        keywords["annotations"] = [
            edfio.EdfAnnotation(onset, duration, text.translate(_SEPARATORS))
            for onset, duration, text in sorted(said, key=_order)
        ]
        _kinds(self._form.format)[0](self._signals, **keywords).write(path)
        return [
            *([f"{name}: EDF has no year {start.year}: no date"] if start and dateless else []),
            *record_notes(name, self._stream.rate_hz, len(grid)),
            *label_notes(name, unique_labels(self._stream)),
            *self._unfit_notes(),
            *self._value_notes(),
        ]

    def _unfit_notes(self) -> list[str]:
        if not self._unfit:
            return []
        value = max(self._unfit.values(), key=abs)
        return [
            f"{self._stream.shown}, {few(list(self._unfit))}: {value:g} is beyond the 8 "
            f"characters that EDF has for a channel's limits; {self._form.whole} keeps it; left out"
        ]

    def _value_notes(self) -> list[str]:
        """Say what is 0 and should not be, and what is coarse."""
        name, found = self._stream.shown, []
        if self._unknown:
            total = sum(self._unknown.values())
            which = few([f"{label} ({count:,})" for label, count in self._unknown.items()])
            found.append(
                f"{name}: {total:,} values are no numbers or endless, in {which}: 0 in the file, "
                f"for EDF has no word for them; {self._form.whole} keeps them"
            )
        if self._step_uv > _COARSE_UV:
            found.append(f"{name}: steps of up to {self._step_uv:.2g} µV; {self._form.finer}")
        return found


def _kinds(format_: str) -> tuple[Any, Any]:
    """Return the library's classes of a file and of a signal.

    Raises:
        RecordingError: edfio is missing.
    """
    with of_extra("bids", "edfio"):
        import edfio
    if format_ == "edf":
        return edfio.Edf, edfio.EdfSignal
    return edfio.Bdf, edfio.BdfSignal


def _order(entry: tuple[float, float | None, str]) -> tuple[float, str]:
    return entry[0], entry[2]  # a marker has no duration to compare with that of a gap
