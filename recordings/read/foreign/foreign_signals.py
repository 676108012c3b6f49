"""BrainVision and AcqKnowledge files as streams."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Final

import numpy as np

from recordings.read.foreign.signals import Column, SignalFile, even_streams, marker_streams
from recordings.units import lsl_word
from recordings.xdf.header import ChannelInfo

_CHANNEL: Final = re.compile(r"^Ch(\d+)=[^,\n]*,[^,\n]*,[^,\n]*(?:,([^,\r\n]*))?", re.MULTILINE)


def read_brainvision(path: Path) -> SignalFile:
    """Read a .vhdr with its files; what MNE warns of, a missing .vmrk for one, is told.

    Raises:
        ImportError: MNE is missing.
        Exception: whatever MNE raises.
    """
    import mne

    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        raw = mne.io.read_raw_brainvision(path, verbose="warning")
    units = brainvision_units(path)
    columns = []
    for number, (label, row) in enumerate(zip(raw.ch_names, raw.get_data(), strict=True)):
        # MNE multiplies by what the unit is to a volt, also where it is none.
        own = np.asarray(row / raw.info["chs"][number]["range"], np.float64)
        unit = lsl_word(units.get(number, ""))
        columns.append(Column(float(raw.info["sfreq"]), ChannelInfo(label, unit, ""), own))
    entries = [(float(a["onset"]), str(a["description"])) for a in raw.annotations]
    notes = list(dict.fromkeys(f"{path.name}: {one.message}" for one in told))
    streams = [*even_streams(path.stem, "EEG", columns), *marker_streams(path.stem, entries)]
    return SignalFile(streams, notes)


def brainvision_units(path: Path) -> dict[int, str]:
    """Return the unit of each channel, counted from 0, as the header spells it; none is µV."""
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    infos = text.partition("[Channel Infos]")[2].partition("\n[")[0]
    found = _CHANNEL.findall(infos)
    return {int(number) - 1: unit.strip() or "µV" for number, unit in found}


def read_acq(path: Path) -> SignalFile:
    """Read an AcqKnowledge file; markers beyond its end are left out and told.

    Raises:
        ImportError: bioread is missing.
        Exception: whatever bioread raises.
    """
    import bioread

    with warnings.catch_warnings():
        # What it does not know of a newer NumPy yet is nobody's business who reads a file.
        warnings.simplefilter("ignore", DeprecationWarning)
        file = bioread.read_file(str(path))
        columns = [
            Column(
                float(c.samples_per_second),
                ChannelInfo(c.name, lsl_word(c.units), ""),
                np.asarray(c.data, np.float64),
            )
            for c in file.channels
        ]
    base = float(file.samples_per_second)
    entries = [(m.sample_index / base, str(m.text)) for m in file.event_markers]
    end = max((len(c.values) / c.rate_hz for c in columns), default=0.0)
    # A place before the start is a very large one where the file counts without a sign.
    inside = [entry for entry in entries if 0 <= entry[0] <= end]
    notes = []
    if len(inside) < len(entries):
        notes.append(
            f"{path.name}: {len(entries) - len(inside)} of {len(entries)} event markers lie beyond "
            "the ends of the recording; left out"
        )
    streams = [*even_streams(path.stem, "Physio", columns), *marker_streams(path.stem, inside)]
    return SignalFile(streams, notes)
