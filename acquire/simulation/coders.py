"""Simulated coders: what they make of the true expressions of a session, and where they err.

`simulated1`, `simulated2`… look at every frame and code what truly moved, each with errors of their
own, from the seed alone:

- a boundary is at the frame nearest to the truth six times of ten, one frame off three times, two
  frames off once, to either side;
- one expression of twenty is missed;
- one blink of forty is taken for an expression of the lower lids;
- one of ten gets another action unit, of the same region;
- what lasts half a second at most by the coder's own frames is called micro.

What is at an end of the recording and not whole in it, nobody codes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from devices.counter_rng import make_key, uniform
from devices.simulation.shapes import BLINK_SPAN_S
from devices.simulation.world import AMPLITUDES_PX, Region, World
from recordings import open_session
from recordings.annotation.action_units import INTENSITIES, parse_units
from recordings.annotation.coder_file import CoderFile, Paths, Who, annotations_folder, save
from recordings.annotation.frame_times import FrameTimes, frame_times
from recordings.annotation.journal import Change, Entry, History
from recordings.annotation.model import MARKS, Event, Span

SCHEME: Final = "mmme"
OFF_BY_ONE, OFF_BY_TWO = 0.3, 0.1
MISSED: Final = 1 / 20
BLINK_TAKEN: Final = 1 / 40
OTHER_UNIT: Final = 1 / 10
_MICRO_S: Final = 0.5
_ENTRY_S: Final = 20  # from one edit to the next

# What a region's movement is taken for: action unit and emotion, and with what it is mixed up.
_CODED: Final[dict[Region, tuple[tuple[int, str], tuple[int, str]]]] = {
    "inner-brow": ((1, "sad"), (4, "angry")),
    "outer-brow": ((2, "surprise"), (1, "sad")),
    "lower-lid": ((7, "tense"), (6, "happy")),
    "nose": ((9, "disgust"), (10, "disgust")),
    "mouth-corner": ((12, "happy"), (14, "contempt")),
    "lip": ((16, "fear"), (25, "surprise")),
}


def name_of(number: int) -> str:
    """Return the name of simulated coder 1, 2…"""
    return f"simulated{number}"


@dataclass(frozen=True, slots=True)
class _Seen:
    """Something that a coder takes for an expression: true times of its boundaries, LSL seconds."""

    index: int
    times: tuple[float, float, float]
    region: Region
    side: str = ""
    intensity: str = ""


def write_coders(session: Path, seed: int, coders: int) -> None:
    """Write the files of so many coders into a session whose recording is closed.

    Raises:
        RecordingError: they cannot be written.
    """
    with open_session(session) as opened:
        cameras = [frame_times(camera) for camera in opened.cameras.values()]
        pair = opened.manifest.clock[-1] if opened.manifest and opened.manifest.clock else None
    closed = pair.when if pair else datetime.fromtimestamp(0, UTC)
    folder = annotations_folder(session)
    folder.mkdir()
    for number in range(1, coders + 1):
        coder = name_of(number)
        begun = closed + timedelta(hours=number)
        history = History()
        for change in _changes(coder, World(seed), cameras):
            at = begun + timedelta(seconds=_ENTRY_S * history.n)
            text = at.isoformat(timespec="milliseconds")
            history = history.after(Entry(n=history.n + 1, at=text, changes=(change,)))
        file = CoderFile(coder=coder, session=session.name, scheme=SCHEME).at(history)
        save(Paths(folder, Who(coder)), file)


def _changes(coder: str, world: World, cameras: list[FrameTimes]) -> Iterator[Change]:
    """Yield a coder's edits, in the order of the video."""
    for frames in (frames for frames in cameras if len(frames)):
        for event in coded(coder, world, frames):
            yield Change(shelf="events", after=event)
        span = Span(
            id=f"looked-{frames.camera}", camera=frames.camera, first=0, last=len(frames) - 1
        )
        yield Change(shelf="looked", after=span)


def coded(coder: str, world: World, frames: FrameTimes) -> Iterator[Event]:
    """Yield what a coder makes of the expressions before one camera, by onset."""
    start, stop = float(frames.times[0]), float(frames.times[-1])
    seen = [*_true(coder, world, start, stop), *_mistaken(coder, world, start, stop)]
    whole = [one for one in seen if start <= one.times[0] and one.times[2] <= stop]
    for number, one in enumerate(sorted(whole, key=lambda one: one.times), 1):
        yield _event(f"{coder}-{number:04d}", one, world.seed, coder, frames)


def _true(coder: str, world: World, start: float, stop: float) -> Iterator[_Seen]:
    """Yield the true expressions that a coder does not miss."""
    missed = make_key(world.seed, coder, "missed")
    for movement in world.movements(start, stop):
        if uniform(missed, movement.index) >= MISSED:
            yield _Seen(
                movement.index,
                (movement.onset, movement.apex, movement.offset),
                movement.region,
                movement.side[0].upper(),
                INTENSITIES[AMPLITUDES_PX.index(movement.amplitude_px)],
            )


def _mistaken(coder: str, world: World, start: float, stop: float) -> Iterator[_Seen]:
    """Yield the blinks that a coder takes for an expression."""
    taken = make_key(world.seed, coder, "blink taken")
    before, after = BLINK_SPAN_S
    for blink in world.events("blink", start, stop):
        if uniform(taken, blink.index) < BLINK_TAKEN:
            times = blink.time - before, blink.time, blink.time + after
            yield _Seen(-1 - blink.index, times, "lower-lid")


def _event(id_: str, seen: _Seen, seed: int, coder: str, frames: FrameTimes) -> Event:
    places = [
        _near(frames, time, uniform(make_key(seed, coder, mark), seen.index))
        for mark, time in zip(MARKS, seen.times, strict=True)
    ]
    onset, apex, offset = (frames.moment(frame) for frame in sorted(places))
    other = uniform(make_key(seed, coder, "unit"), seen.index) < OTHER_UNIT
    unit, emotion = _CODED[seen.region][other]
    return Event(
        id=id_,
        camera=frames.camera,
        onset=onset,
        apex=apex,
        offset=offset,
        kind="micro" if offset.time - onset.time <= _MICRO_S else "macro",
        units=parse_units(f"{seen.side}{unit}{seen.intensity}"),
        emotion=emotion,
        note="simulated",
    )


def _near(frames: FrameTimes, time: float, draw: float) -> int:
    """Return the frame that a coder takes for the one of `time`; `draw` lies in 0…1."""
    signed = 2 * draw - 1  # how far off in its size, to which side in its sign
    far = abs(signed)
    off = 2 if far < OFF_BY_TWO else 1 if far < OFF_BY_TWO + OFF_BY_ONE else 0
    frame = frames.nearest(time).frame + (off if signed > 0 else -off)
    return min(max(frame, 0), len(frames) - 1)
