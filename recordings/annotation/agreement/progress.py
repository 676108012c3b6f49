"""How far a coder is in a session: what is due, what was looked at, and what comes next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recordings.annotation.agreement.measures import Ratio
from recordings.annotation.agreement.pairing import looked
from recordings.annotation.frame_times import FrameTimes, frame_times, nominal_times
from recordings.annotation.model import Coding
from recordings.annotation.ranges import Ranges, common, count, union, without
from recordings.manifest_entries import VideoEntry
from recordings.read.session import open_session
from recordings.read.trials import Trial


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


def trial_frames(frames: FrameTimes, trials: Iterable[Trial]) -> tuple[TrialFrames, ...]:
    """Return the trials that a camera has frames of, in order of time."""
    found = [
        TrialFrames(trial.number, *span)
        for trial in trials
        if trial.end is not None and (span := frames.span(trial.onset, trial.end)) is not None
    ]
    return tuple(sorted(found, key=lambda trial: trial.first))


def due(frames: int, trials: Iterable[TrialFrames]) -> Ranges:
    """Return what a coder has to look at of so many frames: the trials, without any all of it."""
    whole = ((0, frames - 1),) if frames else ()
    return union(trial.frames for trial in trials) or whole


def due_of(session: Path, videos: Iterable[VideoEntry]) -> dict[str, Ranges]:
    """Return what has to be looked at of each of these cameras.

    Raises:
        RecordingError: the session cannot be read.
    """
    found = {}
    with open_session(session) as opened:
        trials = opened.trials()
        for video in videos:
            camera = opened.cameras.get(video.name)
            frames = frame_times(camera) if camera is not None else nominal_times(video)
            found[video.name] = due(len(frames), trial_frames(frames, trials))
    return found


def seen(coding: Coding, camera: str) -> Ranges:
    """Return the frames that a coder is done with: looked at, or said not to be codable."""
    hidden = ((s.first, s.last) for s in coding.not_codable.values() if s.camera == camera)
    return union((*looked(coding, camera), *hidden))


def left(coding: Coding, due: Mapping[str, Ranges]) -> dict[str, Ranges]:
    """Return what is left to be looked at of each camera of which anything is."""
    found = {camera: without(frames, seen(coding, camera)) for camera, frames in due.items()}
    return {camera: frames for camera, frames in found.items() if frames}


def looked_at(coding: Coding, camera: str, frames: Ranges) -> Ratio:
    """Return how many of these frames a coder is done with."""
    return Ratio(count=count(common(seen(coding, camera), frames)), of=count(frames))


def next_uncoded(
    coding: Coding, camera: str, trials: Sequence[tuple[int, int]], after: int = -1
) -> int | None:
    """Return the place of the next trial that is not wholly looked at; after the last, the first.

    `trials` are first and last frames in the coder's order; `after` is the place one is at.
    """
    order: list[int] = [*range(after + 1, len(trials)), *range(after + 1)]
    known = seen(coding, camera)
    return next((place for place in order if without((trials[place],), known)), None)
