"""BrainVision files as streams."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any, Final

import numpy as np

from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.read.foreign.brainvision_header import (
    BYTES,
    channel_lines,
    field,
    form_note,
    read_header,
    read_text,
)
from recordings.read.foreign.brainvision_segments import Pauses, pauses_of
from recordings.read.foreign.signals import SignalFile, SignalStream, marker_streams
from recordings.units import lsl_word
from recordings.xdf.header import ChannelInfo

_MARKER: Final = re.compile(r"([^,]*),([^,]*),(\d+),")  # type, description, place from 1


def read_brainvision(path: Path) -> SignalFile:
    """Read a .vhdr with its files; what MNE warns of, a missing .vmrk for one, is told.

    A marker file that MNE cannot read keeps nobody from the signals: its good rows are taken.

    Raises:
        ImportError: MNE is missing.
        RecordingError: its header cannot be read by.
        Exception: whatever MNE raises.
    """
    header = read_header(path)
    if path.suffix != ".vhdr":
        raise RecordingError(f"{path}: MNE reads it as {path.stem}.vhdr alone; rename it to that")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        raw, bad_markers = _read_raw(path)
    entries = [(float(a["onset"]), str(a["description"])) for a in raw.annotations]
    notes = list(dict.fromkeys(f"{path.name}: {one.message}" for one in told))
    notes += _size_notes(path, header, raw)
    notes += form_note(path, header, Path(raw.filenames[0]))
    if bad_markers is not None:
        entries, taken = _good_markers(path, header, raw)
        why = " ".join(str(bad_markers).split())[:200]
        notes.append(f"{taken}, as the file is damaged: {why}")
    pauses, told_of_them = pauses_of(_marker_file(path, header)[1], _rate_of(raw), raw.n_times)
    if told_of_them:
        notes.append(f"{path.name}: {told_of_them}")
    if pauses is not None:
        at = np.array([onset for onset, _ in entries])
        later = pauses.of(np.rint(at * _rate_of(raw)))
        entries = [(o + x, text) for (o, text), x in zip(entries, later.tolist(), strict=True)]
    signals = _signals(path.stem, raw, brainvision_units(header), pauses)
    return SignalFile([signals, *marker_streams(path.stem, entries)], notes)


def _rate_of(raw: Any) -> float:
    """Return the sampling rate of MNE's recording, Hz."""
    return float(raw.info["sfreq"])


def _signals(name: str, raw: Any, units: dict[int, str], pauses: Pauses | None) -> SignalStream:
    """Return all channels; samples stay in the file until they are asked for."""
    # MNE multiplies by what the unit is to a volt, also where it is none.
    ranges = np.array([channel["range"] for channel in raw.info["chs"]])
    rate_hz, count = _rate_of(raw), int(raw.n_times)
    places = np.arange(count, dtype=np.float64)
    times = places / rate_hz + (0.0 if pauses is None else pauses.of(places))

    def read(start: int, stop: int) -> F64Array:
        stop = min(stop, count)
        if start >= stop:  # which MNE refuses
            return np.empty((0, len(ranges)))
        try:
            return np.asarray(raw.get_data(start=start, stop=stop).T / ranges, np.float64)
        except Exception as error:  # whatever MNE raises of a file that is another by now
            file = Path(raw.filenames[0])
            raise RecordingError(f"{file}: was moved or changed while it was read") from error

    return SignalStream(
        name=name,
        type="EEG",
        channels=tuple(
            ChannelInfo(label, lsl_word(units.get(n, "")), "")
            for n, label in enumerate(raw.ch_names)
        ),
        rate_hz=rate_hz,
        dtype="float64",
        times=times,
        read=read,
    )


def _read_raw(path: Path) -> tuple[Any, Exception | None]:
    """Return MNE's recording, and what kept MNE from reading its marker file, if anything did."""
    import mne

    try:
        return mne.io.read_raw_brainvision(path, verbose="warning"), None
    except Exception as error:
        try:
            without = {"marker_fname": False}
            return mne.io.read_raw_brainvision(path, overrides=without, verbose="warning"), error
        except Exception:  # it was not the markers
            raise error from None


def _size_notes(path: Path, header: str, raw: Any) -> list[str]:
    """Say where the data file has fewer samples than the header says, or a part of one."""
    (file,) = raw.filenames
    size = Path(file).stat().st_size
    said = field(header, "DataPoints")
    notes = []
    if said.isdecimal() and int(said) != raw.n_times:
        notes.append(
            f"{path.name}: {int(said):,} samples by its header, {raw.n_times:,} in its data file"
        )
    if size % (BYTES.get(field(header, "BinaryFormat").upper(), 1) * len(raw.ch_names)):
        notes.append(f"{path.name}: its data file ends amid a sample: it was cut off")
    return notes


def _good_markers(path: Path, header: str, raw: Any) -> tuple[list[tuple[float, str]], str]:
    """Read the rows of a marker file that are rows, as MNE would, and say how many are not."""
    name, text = _marker_file(path, header)
    rows = re.findall(r"^Mk\d+=(.*)$", text, re.MULTILINE)
    found = [match for row in rows if (match := _MARKER.match(row))]
    inside = [match for match in found if 1 <= int(match[3]) <= raw.n_times]
    said = [f"{m[1]}/{m[2]}".replace(r"\1", ",") for m in inside]
    entries = [
        ((int(m[3]) - 1) / _rate_of(raw), text) for m, text in zip(inside, said, strict=True)
    ]
    return entries, f"{name}: {len(inside)} of {len(rows)} markers are taken"


def _marker_file(path: Path, header: str) -> tuple[str, str]:
    """Return name and text of the marker file that MNE takes; no text where there is none."""
    named = field(header, "MarkerFile")
    for file in (path.parent / named, path.with_suffix(".vmrk")) if named else ():
        if file.is_file():
            return file.name, read_text(file)
    return named, ""


def brainvision_units(header: str) -> dict[int, str]:
    """Return the unit of each channel, counted from 0, as the header spells it; none is µV."""
    lines = channel_lines(header)
    return {n - 1: [*line.split(","), "", ""][3].strip() or "µV" for n, line in lines.items()}
