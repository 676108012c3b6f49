"""One signal of a session in a window: values, times to the window's zero, and what is known."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Protocol

import cv2
import numpy as np

from recordings.arrays import Array, BoolArray, F64Array
from recordings.dataset.resampling import reach, resampled
from recordings.errors import RecordingError
from recordings.features.channels import body_channels, eeg_columns, units_of
from recordings.features.event_flow import MAPS, as_gray, check_size, event_flow
from recordings.features.physiology import KINDS
from recordings.features.trace import Place, Trace, bridged
from recordings.features.windows import Window
from recordings.read.camera import Camera
from recordings.read.grid import grid_of
from recordings.read.session import Session, camera_of
from recordings.read.stream import Stream
from recordings.read.to_mne import unique_labels

Wanted = float | str
"""Of a stream a rate, Hz; of a camera `gray64`, its pictures, gray, so many pixels square, or
`flow28` or `flow256`, flow and strain of the face from an event's onset to its apex."""
BRIDGE_S: Final = 0.02
_PICTURES: Final = re.compile(r"(gray|flow)([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Cut:
    """One signal in one window.

    `values`, shape (n, …): NaN where unknown (pictures have no unknown). `times`, shape (n,):
    seconds to the window's zero. `mask`, shape (n,): where all of it is known.
    """

    values: Array
    times: F64Array
    mask: BoolArray


class Reader(Protocol):
    """Reads one signal of one session.

    `shown` has what must be the same in all sessions: each channel's label, with its unit.
    """

    labels: tuple[str, ...]
    shown: tuple[str, ...]

    def read(self, window: Window) -> Cut:
        """Return what lies in a window."""


def readers(session: Session, signals: Mapping[str, Wanted]) -> dict[str, Reader]:
    """Return what reads each signal.

    Args:
        session: open.
        signals: by name (`eeg`, `ecg`, `ppg`, `eda`, `rsp`, `skt`, `emg`, a stream's or a camera's)
            the rate, or what to make of pictures.

    Raises:
        RecordingError: the session has no such signal, or it cannot be given so.
    """
    return {name: _reader(session, name, wanted) for name, wanted in signals.items()}


def _reader(session: Session, name: str, wanted: Wanted) -> Reader:
    if isinstance(wanted, str):
        form = _PICTURES.fullmatch(wanted)
        if form is None:
            raise RecordingError(
                f"{name}: {wanted!r} is no form of pictures; write gray64 or flow28"
            )
        reader = Pictures if form[1] == "gray" else OnsetApex
        camera = camera_of(session, name)
        _check_files(session, camera)
        return reader(camera, int(form[2]))
    if not 0 < wanted < np.inf:
        raise RecordingError(f"{name}: {wanted} is no rate; give Hz, more than 0")
    stream, channels = _channels(session, name)
    return Samples(stream, channels, float(wanted))


def _amplifier(session: Session) -> tuple[Stream, list[int]] | None:
    """Return the EEG and its electrodes: of several the first by name, as in features.

    Their order in a file is that in which they were found. One that has no second of samples, or
    tells no time, comes after the others.
    """
    found = [(stream, numbers) for stream, numbers, _ in eeg_columns(session.signals)]
    if len(found) > 1:
        sound = [s.tells_time and len(s) >= s.rate_hz for s, _ in found]
        return found[sound.index(True) if any(sound) else 0]
    return found[0] if found else None


def _check_files(session: Session, camera: Camera) -> None:
    """Refuse a video that is gone or cut off before its windows are counted on."""
    entries = session.manifest.files if session.manifest is not None else ()
    sizes = {entry.path: entry.bytes for entry in entries}
    for name in camera.entry.files:
        file = session.path / name
        if not file.is_file():
            raise RecordingError(f"{name} is gone; copy it back from where it was recorded")
        if sizes.get(name) not in (None, file.stat().st_size):
            raise RecordingError(f"{name} is not as large as it was; run unisono repair on it")


def _channels(session: Session, name: str) -> tuple[Stream, list[int]]:
    """Return the stream that a name means, and its channels that are that."""
    kind = name.upper()
    if kind == "EEG" and (amplifier := _amplifier(session)):
        return amplifier
    if kind in KINDS:
        found = [c for c in body_channels(session.signals) if c.kind == kind]
        if found:
            own = [c.number for c in found if c.stream is found[0].stream]
            return found[0].stream, own
    if name in session:
        stream = session[name]
        return stream, list(range(len(stream.labels)))
    known = ", ".join(s.name for s in session.signals) or "none"
    raise RecordingError(f"{session.path.name}: no signal {name!r}; streams there are: {known}")


class Samples:
    """Channels of a stream, at another rate; times are true ones, zero among them."""

    def __init__(self, stream: Stream, channels: list[int], rate_hz: float) -> None:
        labels, units = unique_labels(stream), units_of(stream)
        self.labels = tuple(labels[n] for n in channels)
        self.shown = tuple(f"{labels[n]} ({units[n][1] or 'no unit'})" for n in channels)
        self._grid = grid_of(stream, filled=False)
        self._trace = Trace(stream, self._grid, channels, [scale for scale, _ in units])
        self._own_hz, self._rate_hz = stream.pace.rate_hz, rate_hz

    def read(self, window: Window) -> Cut:
        """See `Reader`."""
        own, rate = self._own_hz, self._rate_hz
        first = math.ceil((window.start - window.zero) * rate - 1e-6)
        after = math.ceil((window.stop - window.zero) * rate - 1e-6)
        times = np.arange(first, after) / rate
        if not len(times):
            return Cut(np.zeros((0, len(self.labels)), np.float32), times, np.zeros(0, np.bool_))
        positions = self._grid.positions(times + window.zero)
        bridge = round(BRIDGE_S * own)
        wide = reach(own, rate) + 1 + bridge  # what is crossed is whole
        low, high = int(np.floor(positions[0])) - wide, int(np.ceil(positions[-1])) + wide + 1
        values = bridged(self._trace.read(Place(low, high, 0)), bridge)
        found = resampled(values, positions - low, own, rate)
        known = np.asarray(np.isfinite(found).all(axis=1))
        return Cut(found.astype(np.float32), times, known)


class Pictures:
    """The stored frames of a camera in gray, `size` pixels square, uint8, shape (n, size, size)."""

    labels: tuple[str, ...] = ("gray",)
    shown = labels

    def __init__(self, camera: Camera, size: int) -> None:
        self._camera, self._size = camera, size

    def read(self, window: Window) -> Cut:
        """See `Reader`."""
        camera = self._camera
        first, after = np.searchsorted(camera.times, (window.start, window.stop)).tolist()
        shape, fmt = (self._size, self._size), camera.entry.pixel_format
        pictures = [
            cv2.resize(as_gray(picture, fmt), shape, interpolation=cv2.INTER_AREA)
            for picture in camera.run(first, after)
        ]
        values = np.array(pictures, np.uint8).reshape(-1, *shape)
        times = camera.times[first:after] - window.zero
        return Cut(values, times, np.ones(len(times), np.bool_))


class OnsetApex:
    """u, v and strain from an event's onset to its apex, float32, shape (1, 3, size, size).

    Unknown where no face is found at the onset, or onset or apex were not coded. Time is the apex.
    """

    labels: tuple[str, ...] = MAPS
    shown = labels

    def __init__(self, camera: Camera, size: int) -> None:
        check_size(camera.name, size)
        self._camera, self._size = camera, size

    def read(self, window: Window) -> Cut:
        """See `Reader`.

        Raises:
            RecordingError: the window is no event's.
        """
        found = event_flow(self._camera, window.about, self._size)
        known = found is not None
        values = found if found is not None else np.full((3, self._size, self._size), np.nan)
        apex = window.about["apex_time"]
        time = float(apex) - window.zero if apex is not None else np.nan
        return Cut(values[None].astype(np.float32), np.array([time]), np.array([known]))
