"""A stream as an MNE `Raw`, markers as annotations: `session.to_mne()`.

MNE knows one rate and no gaps. So the samples keep the nominal rate, and where samples are missing
zeros stand under an annotation `BAD_ACQ_SKIP`, which MNE leaves out. A marker is put at the sample
that was taken when the marker came (samples dejittered, clocks corrected), not at its time counted
from the start: nothing drifts apart, however long the recording.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from recordings.errors import RecordingError
from recordings.read.grid import Grid, annotations_on
from recordings.read.markers import SessionMarker
from recordings.read.outside import outside_notes
from recordings.read.stream import Stream

if TYPE_CHECKING:
    import mne

KINDS: Final = {
    "EEG": "eeg",
    "EOG": "eog",
    "ECG": "ecg",
    "EMG": "emg",
    "EDA": "gsr",
    "GSR": "gsr",
    "RSP": "resp",
    "RESP": "resp",
    "SKT": "temperature",
    "TRIGGER": "stim",
}
_VOLTS: Final = {
    "microvolts": 1e-6, "microvolt": 1e-6, "uv": 1e-6, "µv": 1e-6, "μv": 1e-6,
    "millivolts": 1e-3, "millivolt": 1e-3, "mv": 1e-3,
    "volts": 1.0, "volt": 1.0, "v": 1.0, "nanovolts": 1e-9, "nanovolt": 1e-9, "nv": 1e-9,
    "microsiemens": 1e-6, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "siemens": 1.0,
}  # fmt: skip


def to_mne(
    stream: Stream,
    grid: Grid,
    markers: Iterable[SessionMarker],
    start: datetime | None,
    powerline_hz: float | None,
) -> mne.io.BaseRaw:
    """Return a stream that lies on `grid` as an MNE `Raw`; `start` is UTC of its first sample.

    Markers outside of the stream are left out with a `RuntimeWarning`, as MNE itself does.

    Raises:
        RecordingError: MNE is not installed.
    """
    try:
        import mne
    except ImportError:
        raise RecordingError(
            "MNE is not installed; install it with: pip install 'unisono[bids]'"
        ) from None
    kinds = channel_kinds(stream)
    info = mne.create_info(unique_labels(stream), stream.rate_hz, kinds)
    data = grid.spread(stream.xdf.read()).T.astype(np.float64)
    data *= np.array(
        [scale(c.unit, k) for c, k in zip(stream.xdf.info.channels, kinds, strict=True)]
    )[:, None]
    raw = mne.io.RawArray(data, info, verbose="error")
    raw.set_meas_date(start)
    with raw.info._unlock():
        raw.info["line_freq"] = powerline_hz
    markers = list(markers)
    for note in outside_notes(stream.name, grid, markers):
        warnings.warn(note, RuntimeWarning, stacklevel=3)
    onsets, durations, texts = [], [], []
    for onset, duration, text in annotations_on(grid, markers):
        onsets.append(onset)
        durations.append(duration or 0.0)
        texts.append(text)
    raw.set_annotations(mne.Annotations(onsets, durations, texts, raw.info["meas_date"]))
    return raw


def channel_kinds(stream: Stream) -> list[str]:
    """Return MNE's channel types; without any, those of an EEG stream are EEG."""
    default = "eeg" if stream.type.upper() == "EEG" else "misc"
    return [
        KINDS.get(c.kind.upper(), "misc") if c.kind else default for c in stream.xdf.info.channels
    ]


def has_eeg(stream: Stream) -> bool:
    """Whether a stream has a channel of EEG."""
    return "eeg" in channel_kinds(stream)


def unique_labels(stream: Stream) -> list[str]:
    """Return the channels' labels, the second `Cz` as `Cz-2`."""
    return unique(stream.labels)


def unique(labels: Iterable[str], longest: int | None = None) -> list[str]:
    """Return labels of at most `longest` characters, no two alike and none empty."""
    out: list[str] = []
    for label in labels:
        base = label or "channel"
        name, count = base[:longest], 1
        while name in out:
            count += 1
            end = f"-{count}"
            name = base[: None if longest is None else longest - len(end)] + end
        out.append(name)
    return out


def scale(unit: str, kind: str) -> float:
    """Return what a value is multiplied with to be in SI units, as MNE wants it."""
    if kind == "stim":
        return 1.0
    if not unit and kind in ("eeg", "eog", "ecg", "emg"):
        return 1e-6  # what LSL's meta-data leaves out is microvolts in practice
    return _VOLTS.get(unit.lower(), 1.0)
