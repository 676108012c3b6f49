"""A stream as an MNE `Raw`, markers as annotations: `session.to_mne()`.

MNE knows one rate and no gaps. So the samples keep the nominal rate, and where samples are missing
zeros stand under an annotation `BAD_ACQ_SKIP`, which MNE leaves out. A marker is put at the sample
that was taken when the marker came (samples dejittered, clocks corrected), not at its time counted
from the start: nothing drifts apart, however long the recording.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from recordings.errors import RecordingError
from recordings.read.grid import Grid, grid_of
from recordings.read.markers import describe
from recordings.read.stream import Stream
from recordings.stream_kinds import EVENTS_STREAM

if TYPE_CHECKING:
    import mne

    from recordings.read.session import Session

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


def to_mne(session: Session, name: str | Stream | None = None) -> mne.io.BaseRaw:
    """Return a stream as an MNE `Raw`; see `Session.to_mne`."""
    try:
        import mne
    except ImportError:
        raise RecordingError(
            "MNE is not installed; install it with: pip install 'unisono[bids]'"
        ) from None
    stream = name if isinstance(name, Stream) else session[name] if name else _first_eeg(session)
    grid = grid_of(stream)
    kinds = channel_kinds(stream)
    labels = unique_labels(stream)
    info = mne.create_info(labels, stream.rate_hz, kinds)
    data = grid.spread(stream.xdf.read()).T.astype(np.float64)
    data *= np.array(
        [scale(c.unit, k) for c, k in zip(stream.xdf.info.channels, kinds, strict=True)]
    )[:, None]
    raw = mne.io.RawArray(data, info, verbose="error")
    raw.set_meas_date(session.utc(float(grid.times[0])))
    line = (session.manifest.rig or {}).get("rig", {}) if session.manifest else {}
    if isinstance(line, dict) and line.get("powerline_hz"):
        with raw.info._unlock():
            raw.info["line_freq"] = float(line["powerline_hz"])
    raw.set_annotations(_annotations(session, grid, raw.info["meas_date"]))
    return raw


def _annotations(session: Session, grid: Grid, start: datetime | None) -> mne.Annotations:
    import mne

    onsets, durations, texts = [], [], []
    for first, after in grid.skips:
        onsets.append(first / grid.rate_hz)
        durations.append((after - first) / grid.rate_hz)
        texts.append("BAD_ACQ_SKIP")
    for one in session.markers():
        if one.stream == EVENTS_STREAM:
            continue
        at = grid.position(one.time)
        if -0.5 <= at <= len(grid) - 0.5:
            onsets.append(max(at, 0.0) / grid.rate_hz)
            durations.append(0.0)
            texts.append(describe(one))
    return mne.Annotations(onsets, durations, texts, orig_time=start)


def channel_kinds(stream: Stream) -> list[str]:
    """Return MNE's channel types; without any, those of an EEG stream are EEG."""
    default = "eeg" if stream.type.upper() == "EEG" else "misc"
    return [
        KINDS.get(c.kind.upper(), "misc") if c.kind else default for c in stream.xdf.info.channels
    ]


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


def _first_eeg(session: Session) -> Stream:
    found = [s for s in session.streams if s.type.upper() == "EEG" and len(s)]
    if not found:
        known = ", ".join(f"{s.name} ({s.type})" for s in session.streams) or "none"
        raise RecordingError(
            f"{session.path}: no stream of type EEG with samples; name one of: {known}"
        )
    return found[0]
