"""The stored frames of one camera as coders need them: number to moment, time to number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from recordings.annotation.model import MARKS, Coding, Event, Moment
from recordings.arrays import F64Array, I64Array
from recordings.said import said

if TYPE_CHECKING:
    from recordings.manifest_entries import VideoEntry
    from recordings.read.camera import Camera


SAME_S: Final = 1e-3
"""Times of one frame that are further apart are two."""
GAP_S: Final = 0.25
"""A time that is further from any frame is of none of them, however slow a camera was."""


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """LSL times of the stored frames, shape (n,), rising, and the camera's own numbers, −1 = none.

    `rate_hz` is the nominal rate; `begin` the frame with which the video begins that another
    program's times are of, as of a clip.
    """

    camera: str
    times: F64Array
    device_frames: I64Array
    rate_hz: float
    begin: int = 0

    def __len__(self) -> int:
        return len(self.times)

    @property
    def zero(self) -> float:
        """LSL time of the first frame of the video."""
        return float(self.times[self.begin])

    def of_video(self, names: Iterable[str], begins: Mapping[str, int]) -> FrameTimes:
        """Return the same with the begin of the first video that is known; else of the whole.

        `begins` are first frames by the video's name without suffix.
        """
        return replace(self, begin=next((begins[name] for name in names if name in begins), 0))

    def moment(self, frame: int) -> Moment:
        """Return a stored frame.

        Raises:
            ValueError: there is no such frame.
        """
        if not 0 <= frame < len(self):
            last = len(self) - 1
            raise ValueError(said("{} has no frame {}; its last is {}", self.camera, frame, last))
        own = int(self.device_frames[frame])
        time = float(self.times[frame])
        return Moment(time=time, frame=frame, device_frame=own if own >= 0 else None)

    def span(self, start: float, stop: float) -> tuple[int, int] | None:
        """Return first and last of the frames exposed from `start` to `stop` s, both included."""
        first = int(np.searchsorted(self.times, start, "left"))
        last = int(np.searchsorted(self.times, stop, "right")) - 1
        return (first, last) if first <= last else None

    def nearest(self, time: float) -> Moment:
        """Return the frame exposed nearest to an LSL time.

        Raises:
            ValueError: the time is no number, over an interval before the first or after the last
                frame, or in a gap, over `GAP_S` from either end.
        """
        spare = 1.0 / self.rate_hz if self.rate_hz > 0 else 1.0
        # Other programs have whole milliseconds, also for the end of the video.
        edge = spare + 1e-3
        if not len(self) or not self.times[0] - edge <= time <= self.times[-1] + edge:
            raise ValueError(f"{self.camera} has no frame at this time")
        after = int(np.searchsorted(self.times, time))
        near = [k for k in (after - 1, after) if 0 <= k < len(self)]
        found = self.moment(min(near, key=lambda k: abs(float(self.times[k]) - time)))
        if abs(found.time - time) > max(spare, GAP_S):
            raise ValueError(f"{self.camera} has no frame at this time: it is in a gap")
        return found


def frame_times(camera: Camera) -> FrameTimes:
    """Read the frames of an open camera."""
    return FrameTimes(camera.name, camera.times, camera.device_frames, camera.entry.rate_hz)


def nominal_times(video: VideoEntry) -> FrameTimes:
    """Number the frames of a video that has no index; its times are those of the nominal rate."""
    numbers = np.arange(video.frames)
    rate_hz = video.rate_hz if video.rate_hz > 0 else 25.0
    times = video.lsl_start + numbers / rate_hz
    return FrameTimes(video.name, times, np.full_like(numbers, -1), video.rate_hz)


def placed(event: Event, frames: FrameTimes) -> tuple[Event, tuple[str, ...]]:
    """Return an event with the times that its frames have now, and where those were others.

    The frames win: a repaired session may have other times. A frame that the camera does not have
    stays as it was coded, and is told.
    """
    spare = 0.5 / frames.rate_hz if frames.rate_hz > 0 else 0.0
    notes: list[str] = []
    now: dict[str, Moment] = {}
    for name in MARKS:
        moment = event.marks.get(name)
        if moment is None:
            continue
        try:
            now[name] = frames.moment(moment.frame)
        except ValueError as error:
            notes.append(said("{}: {}", said(name), error.args[0]))
            continue
        off_ms = 1e3 * (now[name].time - moment.time)
        if abs(off_ms) > 1e3 * spare:
            away, frame = f"{off_ms:+.1f}", moment.frame
            notes.append(said("{}: frame {} is {} ms from its coded time", said(name), frame, away))
        own, before = now[name].device_frame, moment.device_frame
        if None not in (own, before) and own != before:
            were = said(name), moment.frame, before, own
            notes.append(said("{}: frame {} was the camera's {}, is its {}", *were))
    return event.model_copy(update=now), tuple(notes)


def placed_all(coding: Coding, frames: Mapping[str, FrameTimes]) -> tuple[Coding, int]:
    """Return a coding with the times that its frames have now, and how many events had others."""
    there = {
        e.id: placed(e, frames[e.camera]) for e in coding.events.values() if e.camera in frames
    }
    events = {id_: there[id_][0] if id_ in there else e for id_, e in coding.events.items()}
    odd = sum(bool(notes) for _, notes in there.values())
    return coding.model_copy(update={"events": events}), odd


def outside(coding: Coding, start: float, stop: float) -> int:
    """Return how many events lie over a second outside of a recording, LSL s, by their times."""
    places = (event.place for event in coding.events.values())
    return sum(not start - 1.0 <= place.time <= stop + 1.0 for place in places if place)


def contradict(codings: Iterable[Coding]) -> bool:
    """Whether coders had other times for the same frames, as of a session that was repaired since.

    Seen without the frames themselves: a later frame has the earlier time, or a frame has two.
    """
    marks = sorted(
        (event.camera, moment.frame, moment.time)
        for coding in codings
        for event in coding.events.values()
        for moment in event.marks.values()
    )
    return any(
        camera == next_camera and (after < before or (a == b and after - before > SAME_S))
        for (camera, a, before), (next_camera, b, after) in pairwise(marks)
    )
