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

from recordings.arrays import F64Array
from recordings.errors import few
from recordings.extras import of_extra
from recordings.read.grid import Grid, annotations_on
from recordings.read.markers import SessionMarker
from recordings.read.outside import outside_notes
from recordings.read.stream import Stream
from recordings.stream_kinds import is_no_electrode
from recordings.units import parse_unit, to_volts
from recordings.xdf.header import ChannelInfo

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
OF_VOLTS: Final = frozenset({"eeg", "eog", "ecg", "emg"})
_BASE_OF: Final = {"gsr": "S", "temperature": "°C"}


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
    with of_extra("bids", "MNE"):
        import mne
    data = grid.spread(stream.xdf.read()).T.astype(np.float64)
    data *= si_scales(stream)[:, None]
    raw = raw_of(stream, data, start, powerline_hz)
    markers = list(markers)
    for note in outside_notes(stream.shown, grid, markers):
        warnings.warn(note, RuntimeWarning, stacklevel=3)
    onsets, durations, texts = [], [], []
    for onset, duration, text in annotations_on(grid, markers):
        onsets.append(onset)
        durations.append(duration or 0.0)
        texts.append(text)
    raw.set_annotations(mne.Annotations(onsets, durations, texts, raw.info["meas_date"]))
    return raw


def si_scales(stream: Stream) -> F64Array:
    """Return what the values of each channel are multiplied with to be as MNE wants them."""
    channels = zip(stream.xdf.info.channels, channel_kinds(stream), strict=True)
    return np.array([scale(channel.unit, kind) for channel, kind in channels])


def raw_of(
    stream: Stream, data: F64Array, start: datetime | None, powerline_hz: float | None
) -> mne.io.BaseRaw:
    """Return data of a stream's channels, shape (channels, n), as a `Raw` without annotations."""
    import mne

    info = mne.create_info(unique_labels(stream), stream.rate_hz, channel_kinds(stream))
    raw = mne.io.RawArray(data, info, verbose="error")
    raw.set_meas_date(start)
    with raw.info._unlock():
        raw.info["line_freq"] = powerline_hz
    return raw


def channel_kinds(stream: Stream) -> list[str]:
    """Return MNE's channel types; without any, those of an EEG stream are EEG.

    A channel whose unit is none of its type is misc: an electrode has volts. So is one without a
    unit whose label is no electrode's, or that stands beside others with volts.
    """
    default = "eeg" if stream.type.upper() == "EEG" else "misc"
    channels = stream.xdf.info.channels
    kinds = [_kind(c.kind) or ("misc" if c.kind else default) for c in channels]
    named = any(to_volts(c.unit) for c, k in zip(channels, kinds, strict=True) if k in OF_VOLTS)
    return [k if _can_be(k, c, named) else "misc" for c, k in zip(channels, kinds, strict=True)]


def _kind(word: str) -> str | None:
    """Return MNE's type for a channel's own word, `EEG` or `EEG electrode`; None for others."""
    return KINDS.get(word.upper().partition(" ")[0])


def _can_be(kind: str, channel: ChannelInfo, units_named: bool) -> bool:
    """Whether the unit and the label of a channel are those of its type."""
    if kind in OF_VOLTS:
        if channel.unit:
            return to_volts(channel.unit) is not None
        return not units_named and not is_no_electrode(channel.label)
    unit = parse_unit(channel.unit)
    base = _BASE_OF.get(kind)
    return base is None or not channel.unit or (unit is not None and unit.base == base)


def no_electrodes(stream: Stream) -> list[str]:
    """Say which channels of an EEG stream are none that could be electrodes, and why."""
    if stream.type.upper() != "EEG":
        return []
    misc = [
        c
        for c, kind in zip(stream.xdf.info.channels, channel_kinds(stream), strict=True)
        if kind == "misc"
    ]
    unfit = [c.label for c in misc if not c.kind or _kind(c.kind) in OF_VOLTS]
    volts = [c for c in misc if c.kind and not _kind(c.kind) and to_volts(c.unit)]
    typed = [f"{c.label} ({c.kind})" for c in volts]
    notes = []
    if unfit:
        notes.append(
            f"{stream.shown}: no electrodes, for their unit is no voltage: {few(unfit, 8)}; of "
            "type misc"
        )
    if typed:
        notes.append(
            f"{stream.shown}: no electrodes, for their header names another type: "
            f"{few(typed, 8)}; of type misc"
        )
    return notes


def taken_units(stream: Stream) -> tuple[list[str], list[str]]:
    """Return each channel's unit, and what to say: where an electrode has none, microvolts."""
    kinds = channel_kinds(stream)
    without = [k in OF_VOLTS and not u for k, u in zip(kinds, stream.units, strict=True)]
    units = ["µV" if taken else u for taken, u in zip(without, stream.units, strict=True)]
    labels = [label for label, taken in zip(stream.labels, without, strict=True) if taken]
    told = f"{stream.shown}: microvolts are taken where no unit is said: {few(labels, 8)}"
    return units, [told] if labels else []


def has_eeg(stream: Stream) -> bool:
    """Whether a stream has a channel of EEG."""
    return "eeg" in channel_kinds(stream)


def unique_labels(stream: Stream) -> list[str]:
    """Return the channels' labels, the second `Cz` as `Cz-2`."""
    return unique(stream.labels)


def unique(labels: Iterable[str], longest: int | None = None) -> list[str]:
    """Return labels of at most `longest` characters, no two alike and none empty."""
    out: dict[str, None] = {}
    counts: dict[str, int] = {}
    for label in labels:
        base = label or "channel"
        name = base[:longest]
        while name in out:
            counts[base] = counts.get(base, 1) + 1
            end = f"-{counts[base]}"
            name = base[: None if longest is None else longest - len(end)] + end
        out[name] = None
    return list(out)


def scale(unit: str, kind: str) -> float:
    """Return what a value is multiplied with to be in SI units, as MNE wants it."""
    if kind == "stim":
        return 1.0
    if not unit and kind in OF_VOLTS:
        return 1e-6  # what LSL's meta-data leaves out is microvolts in practice
    known = parse_unit(unit)
    return known.factor if known and known.base in ("V", "S") else 1.0
