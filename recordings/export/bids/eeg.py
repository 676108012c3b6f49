"""The EEG of a BIDS dataset, through mne-bids, and its side file."""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from recordings.errors import RecordingError, few, one_line
from recordings.export.bids.files import Names, write_json
from recordings.export.bids.shared_tables import NOTHING
from recordings.export.edf.channels import edf_labels
from recordings.export.edf.file import EdfFile, Form
from recordings.extras import of_extra
from recordings.read.fill import rate_notes, stamp_notes
from recordings.read.grid import Grid
from recordings.read.session import Session
from recordings.read.stream import Stream
from recordings.read.to_mne import (
    OF_VOLTS,
    channel_kinds,
    no_electrodes,
    raw_of,
    si_scales,
    taken_units,
)
from recordings.units import parse_unit

_VOLT: Final = 107
"""FIFF's number for the unit volt."""
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
    with of_extra("bids", "mne-bids"):
        import mne_bids
    manifest = session.manifest
    power = manifest.powerline_hz if manifest else None
    notes = [*stamp_notes(stream), *rate_notes(stream), *no_electrodes(stream)]
    notes += taken_units(stream)[1]
    start = session.utc(grid.first)
    if start is not None:
        start -= timedelta(days=place.days_back)
    edf = _as_edf(stream, grid) if place.format == "EDF" else None
    stream.forget()  # the grid has what is needed of its times
    # Some zeros, for header and side files; the samples follow, for mne-bids takes them all at once
    # as doubles, and MNE has records of EDF that EDFlib refuses where the rate is no whole number.
    # It wants one of its records full.
    length = 1 if edf is None or stream.rate_hz.is_integer() else math.floor(stream.rate_hz)
    raw = raw_of(stream, np.zeros((len(stream.labels), length)), start, power)
    if edf is not None:
        _as_in(edf, raw)
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
        other = "; --format BrainVision takes it" if place.format == "EDF" else ""
        raise RecordingError(
            f"{stream.shown}: cannot be written as {place.format} ({one_line(error)}){other}"
        ) from error
    if edf is not None:
        notes += edf.write(place.names.path(place.folder, "eeg.edf"), start)
        _write_units(edf, place.names.path(place.folder, "channels.tsv"))
    else:
        notes += _write_samples(stream, grid, raw, place)
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


def _write_samples(stream: Stream, grid: Grid, raw: Any, place: Place) -> list[str]:
    """Write all samples into the data file of BrainVision, in the form of pybv.

    pybv takes the whole recording at once, in eight bytes a value, and copies it: nine times the
    file. What it does with each value is done here: volts to microvolts, in tenths, as float32.
    Returns what a person should know: values that float32 does not hold are endless there.
    """
    si = si_scales(stream)
    volts = np.array([channel["unit"] == _VOLT for channel in raw.info["chs"]])
    scales = np.where(volts, 1e6, 1.0) * (1 / _RESOLUTION)
    too_large = np.zeros(len(scales), np.int64)
    path = place.names.path(place.folder, "eeg.eeg")
    with path.open("wb") as file, np.errstate(over="ignore"):
        for rows, _ in grid.pieces(stream.xdf.read, _PIECE):
            values = (rows.astype(np.float64) * si * scales).astype("<f4")
            too_large += np.count_nonzero(np.isinf(values) & np.isfinite(rows), axis=0)
            file.write(values.tobytes())
    if not too_large.any():
        return []
    names = [raw.ch_names[n] for n in np.flatnonzero(too_large)]
    return [
        f"{stream.shown}: {int(too_large.sum()):,} values are larger than the float32 of "
        f"BrainVision holds, in {few(names)}: inf in the file; unisono export csv keeps them"
    ]


def _as_edf(stream: Stream, grid: Grid) -> EdfFile:
    """Return the EEG as EDF has it: voltages in µV, where they fit, as channels.tsv calls them.

    Raises:
        RecordingError: it does not fit into EDF, or MNE cannot write its rate.
    """
    if stream.rate_hz < 1:
        raise RecordingError(
            f"{stream.shown}, {stream.rate_hz:g} Hz: less than a sample a second, which MNE cannot "
            "write as EDF; --format BrainVision takes it"
        )
    volts = [kind in OF_VOLTS for kind in channel_kinds(stream)]
    units = ["uV" if v else unit for v, unit in zip(volts, stream.units, strict=True)]
    si = si_scales(stream).tolist()
    factors = [1e6 * scale if v else 1.0 for v, scale in zip(volts, si, strict=True)]
    other = "--format BrainVision"
    return EdfFile(stream, grid, Form("edf", units, factors, other, f"{other} has none"))


def _as_in(edf: EdfFile, raw: Any) -> None:
    """Take from a recording the channels that the file has not, and name the others as it does."""
    raw.rename_channels(dict(zip(raw.ch_names, edf_labels(raw.ch_names), strict=True)))
    raw.drop_channels([raw.ch_names[number] for number in edf.left_out])


def _write_units(edf: EdfFile, path: Path) -> None:
    """Write into channels.tsv the units that the file has."""
    head, *rows = path.read_text(encoding="utf-8-sig").splitlines()
    at = head.split("\t").index("units")
    lines = [head]
    for row, unit in zip(rows, edf.units.values(), strict=True):
        cells = row.split("\t")
        known = parse_unit(unit)
        cells[at] = (known.symbol if known else unit).replace("°", "o") or "n/a"
        lines.append("\t".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
