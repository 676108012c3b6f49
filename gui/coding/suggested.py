"""Suggestions of `unisono motion` for one camera, as a coder meets them. Knows no window."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gui.coding.shot import Shot
from gui.texts import tr
from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.motion.anatomy import PLACES
from recordings.motion.spotting import Suggestion, distances, spot
from recordings.motion.table import Motion, load_motion, motion_path

AROUND_S = 3.0
"""Of the trace before and after a suggestion's apex."""


@dataclass(frozen=True, slots=True)
class Suggested:
    """One suggestion: its rank from 1, its stored frames, how far which place moves."""

    rank: int
    onset: int
    apex: int
    offset: int
    place: str
    height_px: float


@dataclass(frozen=True, slots=True)
class Curve:
    """A trace around a suggestion: LSL times and px, shape (n,), and the limits it lies between."""

    times: F64Array
    sizes: F64Array
    onset: float
    apex: float
    offset: float


class Suggestions:
    """All of one camera, by rank."""

    def __init__(self, motion: Motion) -> None:
        self._motion = motion
        self._sizes = distances(motion)
        self._found: list[Suggestion] = spot(motion, self._sizes)
        frames = motion.frames
        self.marks = tuple(
            Suggested(
                rank,
                int(frames[one.onset]),
                int(frames[one.apex]),
                int(frames[one.offset]),
                one.place,
                one.height_px,
            )
            for rank, one in enumerate(self._found, 1)
        )
        self.by = motion.by

    def at(self, frame: int) -> Suggested | None:
        """Return the suggestion that holds a stored frame, the first by rank."""
        return next((one for one in self.marks if one.onset <= frame <= one.offset), None)

    def after(self, one: Suggested | None) -> Suggested | None:
        """Return the next by rank; the first after none."""
        at = 0 if one is None else one.rank
        return self.marks[at] if at < len(self.marks) else None

    def curve(self, one: Suggested) -> Curve:
        """Return the trace that a suggestion was found in."""
        found, times = self._found[one.rank - 1], self._motion.times
        apex = times[found.apex]
        first, stop = np.searchsorted(times, (apex - AROUND_S, apex + AROUND_S))
        sizes = self._sizes[first:stop, PLACES.index(found.place)]
        onset, offset = times[[found.onset, found.offset]].tolist()
        return Curve(times[first:stop], sizes, onset, float(apex), offset)


def suggestions_of(folder: Path, camera: str, shot: Shot) -> tuple[Suggestions | None, str]:
    """Read the suggestions for a camera, if its motion was measured; and what is wrong with them.

    `folder` is the one with the files of `unisono motion`.
    """
    path = motion_path(folder, camera)
    if not path.is_file():
        return None, ""
    try:
        motion = load_motion(path)
    except RecordingError as error:
        return None, str(error).replace(f"{folder}{os.sep}", "")  # which tells the participant
    if not _is_of(motion, shot):
        return None, tr("{}: is of another state of the session; run unisono motion again").format(
            path.name
        )
    return Suggestions(motion), ""


def _is_of(motion: Motion, shot: Shot) -> bool:
    times, frames = shot.frames.times, motion.frames
    if not len(frames) or frames.min() < 0 or frames.max() >= len(times):
        return False
    return bool(np.array_equal(times[frames], motion.times))
