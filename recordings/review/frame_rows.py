"""Which frame there is at a moment: the row with the greatest stamp not after it decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import F64Array, I64Array
from recordings.read.camera import Camera
from recordings.stream_kinds import Fate

UNKNOWN: Final = -1
"""In place of a number that there is not: of a stored frame, a device frame, a fate."""


@dataclass(frozen=True, slots=True)
class FrameRows:
    """The rows of a camera's index in order of time, arrays of shape (n,).

    `times` are LSL seconds, rising; `numbers` the rows of the index stream; `fates` codes of
    `Fate`; `stored` counts the stored frames from 0 through all files; `devices` are the camera's
    own numbers. `are_stamps`: the times were recorded, not computed from a nominal rate.
    """

    times: F64Array
    numbers: I64Array
    fates: I64Array
    stored: I64Array
    devices: I64Array
    are_stamps: bool = True

    def __len__(self) -> int:
        return len(self.times)

    def at(self, time: float) -> int:
        """Give the position of the row that decides at LSL time `time`; −1 before the first."""
        return int(np.searchsorted(self.times, time, "right")) - 1

    def fate(self, at: int) -> Fate | None:
        """Say what became of the frame at a position; None where the index says nothing known."""
        code = int(self.fates[at])
        known = list(Fate)
        return known[code] if 0 <= code < len(known) else None

    def is_stored(self, at: int) -> bool:
        """Say whether there is a picture at a position."""
        return at >= 0 and self.stored[at] >= 0

    def last_stored(self, at: int) -> int:
        """Give the position of the last row up to `at` that has a picture; −1 where none has."""
        before = int(np.searchsorted(self._with_picture(), at, "right"))
        return int(self._with_picture()[before - 1]) if before else -1

    def _with_picture(self) -> I64Array:
        return np.flatnonzero(self.stored >= 0)


def rows_of(camera: Camera) -> FrameRows:
    """Read the rows of a camera's index; a stamp that is no number counts for nothing.

    Frames that the encoder took back are `encoder_error`, as in the certificate.
    """
    times, values = camera.index
    index, device, fate = values.T
    stored = np.full(len(times), UNKNOWN, np.int64)
    stored[camera.rows] = np.arange(len(camera.rows))
    fates = np.nan_to_num(fate, nan=UNKNOWN).astype(np.int64)
    taken_back = (fates == Fate.STORED.code) & (index >= 0) & (stored == UNKNOWN)
    fates[taken_back] = Fate.ENCODER_ERROR.code
    devices = np.nan_to_num(device, nan=UNKNOWN).astype(np.int64)
    good = np.flatnonzero(np.isfinite(times))
    order = good[np.argsort(times[good], kind="stable")]
    return FrameRows(times[order], order, fates[order], stored[order], devices[order])


def rows_without_index(count: int, rate_hz: float, start: float) -> FrameRows:
    """Number the frames of a video that has no index; its times are those of the nominal rate."""
    numbers = np.arange(count, dtype=np.int64)
    return FrameRows(
        start + numbers / (rate_hz if rate_hz > 0 else 25.0),
        numbers,
        np.zeros(count, np.int64),
        numbers,
        np.full(count, UNKNOWN, np.int64),
        are_stamps=False,
    )
