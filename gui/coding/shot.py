"""What one camera shot, as a coder needs it: moments of stored frames, trials as frames. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from recordings.annotation.frame_times import FrameTimes, frame_times
from recordings.read.trials import Trial
from recordings.review.session import ReviewSession


@dataclass(frozen=True, slots=True)
class TrialFrames:
    """A trial and the stored frames in it: first and last, both belonging to it."""

    number: int
    first: int
    last: int

    @property
    def frames(self) -> tuple[int, int]:
        """First and last."""
        return self.first, self.last


@dataclass(frozen=True, slots=True)
class Shot:
    """The stored frames of one camera, and the trials among them in order of time."""

    frames: FrameTimes
    trials: tuple[TrialFrames, ...]

    @property
    def whole(self) -> tuple[int, int]:
        """First and last stored frame; last is −1 where there is none."""
        return 0, len(self.frames) - 1

    def span(self, start: float, stop: float) -> tuple[int, int] | None:
        """Return the stored frames exposed from `start` to `stop` s, both included."""
        times = self.frames.times
        first = int(np.searchsorted(times, start, "left"))
        last = int(np.searchsorted(times, stop, "right")) - 1
        return (first, last) if first <= last else None

    def trial_at(self, frame: int) -> TrialFrames | None:
        """Return the trial that holds a frame, the last begun."""
        held = [trial for trial in self.trials if trial.first <= frame <= trial.last]
        return held[-1] if held else None


def shots_of(session: ReviewSession) -> dict[str, Shot]:
    """Read all cameras of a session."""
    trials = session.session.trials()
    videos = session.manifest.videos if session.manifest else ()
    rates = {video.name: video.rate_hz for video in videos}
    indexed = session.session.cameras
    return {
        name: _shot(
            # Not of rows: one whose stamp is no number is none, but counts as a frame.
            frame_times(indexed[name])
            if name in indexed
            else FrameTimes(name, camera.rows.times, camera.rows.devices, rates.get(name, 0.0)),
            trials,
        )
        for name, camera in session.cameras.items()
    }


def _shot(frames: FrameTimes, trials: Iterable[Trial]) -> Shot:
    bare = Shot(frames, ())
    found = []
    for trial in trials:
        if trial.end is None or not np.isfinite([trial.onset, trial.end]).all():
            continue
        if (span := bare.span(trial.onset, trial.end)) is not None:
            found.append(TrialFrames(trial.number, *span))
    return Shot(frames, tuple(sorted(found, key=lambda trial: trial.first)))
