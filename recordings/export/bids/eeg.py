"""The EEG of a BIDS dataset, through mne-bids, and its side file."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.export.bids.files import Names, write_json
from recordings.export.bids.shared_tables import NOTHING
from recordings.export.edf_channels import (
    check_channels,
    edf_labels,
    fit_limits,
    label_notes,
    not_finite,
    record_notes,
    record_of,
)
from recordings.read.fill import rate_notes, stamp_notes
from recordings.read.grid import SKIP, Grid
from recordings.read.session import Session
from recordings.read.stream import Stream
from recordings.read.to_mne import no_electrodes, raw_of, si_scales, to_mne

_VOLT: Final = 107
"""FIFF's number for the unit volt."""
_MOST_UV: Final = 1e7
"""Of eight characters one is the sign."""
_PIECE: Final = 1 << 12
"""Samples at a time: of 69 channels as doubles, 2 MB."""
_RESOLUTION: Final = 0.1
"""What mne-bids has pybv write: tenths of a microvolt."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the EEG goes, and how; `days_back` shifts its date."""

    folder: Path
    names: Names
    format: Literal["BrainVision", "EDF"]
    days_back: int


def write_eeg(session: Session, stream: Stream, grid: Grid, place: Place) -> list[str]:
    """Write the EEG, which lies on `grid`; return what a person should know.

    Raises:
        RecordingError: mne-bids is missing, or the format cannot hold the EEG.
    """
    try:
        import mne_bids
    except ImportError:
        raise RecordingError(
            "mne-bids is not installed; install it with: pip install 'unisono[bids]'"
        ) from None
    manifest = session.manifest
    power = manifest.powerline_hz if manifest else None
    notes = [*stamp_notes(stream), *rate_notes(stream), *no_electrodes(stream)]
    stream.forget()  # the grid has what is needed of its times
    start = session.utc(grid.first)
    if start is not None:
        start -= timedelta(days=place.days_back)
    if place.format == "EDF":
        notes += record_notes(stream.name, stream.rate_hz, len(grid))
        check_channels(stream.name, len(stream.labels))
        raw = to_mne(stream, grid, (), start, power)
        raw.set_annotations(None)  # events.tsv is written from the markers themselves
        notes += _as_edf_holds(stream.name, raw)
        raw = _filled(stream.name, raw)
    else:
        # One sample, for header and side files; the others follow, some at a time.
        raw = raw_of(stream, np.zeros((len(stream.labels), 1)), start, power)
    with raw.info._unlock():
        raw.info["device_info"] = None
    path = mne_bids.BIDSPath(**place.names.entities, datatype="eeg", root=place.folder)
    try:
        # What pybv warns of, channels that are no voltage, `no_electrodes` has said.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            mne_bids.write_raw_bids(
                raw, path, format=place.format, allow_preload=True, overwrite=True, verbose="error"
            )
    except (ValueError, RuntimeError) as error:
        text = " ".join(str(error).split())
        other = "; --format BrainVision takes it" if place.format == "EDF" else ""
        raise RecordingError(
            f"{stream.name}: cannot be written as {place.format} ({text}){other}"
        ) from error
    if place.format == "EDF" and not float(stream.rate_hz).is_integer():
        record, record_s = record_of(stream.name, stream.rate_hz, len(grid))
        _in_records(place.names.path(place.folder, "eeg.edf"), len(grid), record, record_s)
    if place.format == "BrainVision":
        _write_samples(stream, grid, raw, place)
    _write_sidecar(session, stream, grid, place)
    return notes


def _write_sidecar(session: Session, stream: Stream, grid: Grid, place: Place) -> None:
    """Add to eeg.json what mne-bids cannot know."""
    manifest = session.manifest
    montage = ((manifest.rig if manifest else None) or {}).get("eeg") or {}
    power = manifest.powerline_hz if manifest else None
    info = stream.xdf.info
    write_json(
        place.names.path(place.folder, "eeg.json"),
        {
            "RecordingDuration": (len(grid) - 1) / stream.rate_hz,
            "PowerLineFrequency": power or NOTHING,
            "EEGReference": str(
                montage.get("reference") or info.text("desc/reference/label") or NOTHING
            ),
            "EEGGround": str(montage.get("ground") or NOTHING),
            "CapManufacturersModelName": str(
                montage.get("cap") or info.text("desc/cap/name") or NOTHING
            ),
            "Manufacturer": info.text("desc/acquisition/manufacturer") or NOTHING,
            "ManufacturersModelName": info.text("desc/acquisition/model") or NOTHING,
            "SoftwareFilters": NOTHING,
            "RecordingType": "continuous",
        },
        update=True,
    )


def _write_samples(stream: Stream, grid: Grid, raw: Any, place: Place) -> None:
    """Write all samples into the data file of BrainVision, in the form of pybv.

    pybv takes the whole recording at once, in eight bytes a value, and copies it: nine times the
    file. What it does with each value is done here: volts to microvolts, in tenths, as float32.

    Raises:
        RecordingError: a value is larger than float32 holds.
    """
    si = si_scales(stream)
    volts = np.array([channel["unit"] == _VOLT for channel in raw.info["chs"]])
    scales = np.where(volts, 1e6, 1.0) * (1 / _RESOLUTION)
    largest = float(np.finfo(np.float32).max)
    path = place.names.path(place.folder, "eeg.eeg")
    with path.open("wb") as file:
        for rows, _ in grid.pieces(stream.xdf.read, _PIECE):
            values = rows.astype(np.float64) * si * scales
            if values.min() <= -largest or values.max() >= largest:
                raise RecordingError(
                    f"{stream.name}: cannot be written as BrainVision (values beyond "
                    f"{largest:.3g}, which float32 does not hold); unisono export csv keeps them"
                )
            file.write(values.astype("<f4").tobytes())


def _as_edf_holds(name: str, raw: Any) -> list[str]:
    """Change what EDF cannot hold: values that are no numbers, channels beyond its limits."""
    values = raw.get_data()
    unfit = [
        label
        for label, kind, row in zip(raw.ch_names, raw.get_channel_types(), values, strict=True)
        if not (_fits(row) if kind == "misc" else _fits_microvolts(row))
    ]
    notes = []
    if len(unfit) == len(values):
        raise RecordingError(
            f"{name}: no channel fits into the 8 characters that EDF has for its limits; "
            "--format BrainVision takes it"
        )
    if unfit:
        raw.drop_channels(unfit)
        notes.append(
            f"{name}: {', '.join(unfit[:5])}: beyond the 8 characters that EDF has for a "
            "channel's limits; left out; --format BrainVision keeps it"
        )
    unknown = sum(map(not_finite, raw.get_data()))
    if unknown:
        raw.apply_function(_zero_for_unknown, picks="all")
        notes.append(
            f"{name}: {unknown:,} values are no numbers or endless: 0 in the file, for EDF has "
            "no word for them; --format BrainVision keeps them"
        )
    notes += label_notes(name, raw.ch_names)
    raw.rename_channels(dict(zip(raw.ch_names, edf_labels(raw.ch_names), strict=True)))
    return notes


def _filled(name: str, raw: Any) -> Any:
    """Return a recording whose rate is no whole number, with the last of MNE's records full.

    MNE refuses to write it otherwise; its records are of as many samples as are in a second.

    Raises:
        RecordingError: less than a sample a second.
    """
    import mne

    rate_hz = float(raw.info["sfreq"])
    if rate_hz.is_integer():
        return raw
    if rate_hz < 1:
        raise RecordingError(
            f"{name}, {rate_hz:g} Hz: less than a sample a second, which MNE cannot write as EDF; "
            "--format BrainVision takes it"
        )
    more = -raw.n_times % math.floor(rate_hz)
    values = np.pad(raw.get_data(), ((0, 0), (0, more)), "edge")
    return mne.io.RawArray(values, raw.info, verbose="error")


def _in_records(path: Path, samples: int, record: int, record_s: float) -> None:
    """Write an EDF file of MNE's anew, in records whose times are exact.

    MNE's are a little less than a second long, and `edfio` writes when each begins with the noise
    of binary fractions, 6.237507000000001 s: EDFlib, and EDFbrowser with it, refuses the file.
    """
    import edfio

    made = edfio.read_edf(path)
    rate_hz, missing = record / record_s, -samples % record
    signals = [
        edfio.EdfSignal.from_digital(
            np.pad(signal.digital[:samples], (0, missing), "edge"),
            rate_hz,
            label=signal.label,
            transducer_type=signal.transducer_type,
            physical_dimension=signal.physical_dimension,
            physical_range=signal.physical_range,
            digital_range=signal.digital_range,
            prefiltering=signal.prefiltering,
        )
        for signal in made.signals
    ]
    end = [edfio.EdfAnnotation(samples / rate_hz, missing / rate_hz, SKIP)] if missing else []
    edfio.Edf(
        signals,
        patient=made.patient,
        recording=made.recording,
        starttime=made.starttime,
        data_record_duration=record_s,
        annotations=end,
    ).write(path)


def _fits(row: F64Array) -> bool:
    limits = fit_limits("", _zero_for_unknown(row))
    return limits is not None and limits.factor == 1.0


def _fits_microvolts(row: F64Array) -> bool:
    """Whether limits of volts fit, which MNE writes in µV."""
    return float(np.abs(_zero_for_unknown(row)).max(initial=0.0)) < _MOST_UV * 1e-6


def _zero_for_unknown(row: F64Array) -> F64Array:
    return np.nan_to_num(row, nan=0.0, posinf=0.0, neginf=0.0)
