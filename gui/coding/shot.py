"""What one camera shot, as a coder needs it: moments of stored frames, trials as frames. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from recordings.annotation.agreement.progress import TrialFrames, due, trial_frames
from recordings.annotation.frame_times import FrameTimes, frame_times
from recordings.annotation.plan import Plan
from recordings.annotation.ranges import Ranges
from recordings.review.session import ReviewSession


@dataclass(frozen=True, slots=True)
class Shot:
    """The stored frames of one camera, and the trials among them in order of time.

    `is_coded`: the study has this camera coded.
    """

    frames: FrameTimes
    trials: tuple[TrialFrames, ...]
    is_coded: bool = True

    @property
    def whole(self) -> tuple[int, int]:
        """First and last stored frame; last is −1 where there is none."""
        return 0, len(self.frames) - 1

    @property
    def due(self) -> Ranges:
        """What has to be looked at: the trials, without any all of it."""
        return due(len(self.frames), self.trials)

    def trial_at(self, frame: int) -> TrialFrames | None:
        """Return the trial that holds a frame, the last begun."""
        held = [trial for trial in self.trials if trial.first <= frame <= trial.last]
        return held[-1] if held else None


def shots_of(session: ReviewSession, plan: Plan | None = None) -> dict[str, Shot]:
    """Read all cameras of a session that have stored frames.

    Raises:
        RecordingError: the plan has none of them coded.
    """
    trials = session.session.trials()
    videos = session.manifest.videos if session.manifest else ()
    rates = {video.name: video.rate_hz for video in videos}
    indexed = session.session.cameras
    found: dict[str, FrameTimes] = {}
    for name, camera in session.cameras.items():
        frames = (
            # Not of rows: one whose stamp is no number is none, but counts as a frame.
            frame_times(indexed[name])
            if name in indexed
            else FrameTimes(name, camera.rows.times, camera.rows.devices, rates.get(name, 0.0))
        )
        if len(frames):
            found[name] = frames
    coded = plan.coded(tuple(found)) if plan is not None else tuple(found)
    return {
        name: Shot(frames, trial_frames(frames, trials), name in coded)
        for name, frames in found.items()
    }
