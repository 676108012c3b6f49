"""Which event of one coder is which of the other's.

Frames are inclusive: an event from frame 10 to 19 has ten. The IoU of two events is their common
frames over all of theirs. Events with onset and offset are paired by falling IoU, each once, where
it is at least 0.5. What has no such interval, its offset not coded for one, is paired by apex: the
nearest within 250 ms, with any event that is still free. Where one of the two has no apex either,
the nearest onset decides, as near and after the apexes (docs/adr/0031).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from recordings.annotation.model import Coding, Event, Moment
from recordings.annotation.ranges import Ranges, common, contains, union, without

IOU: Final = 0.5
NEAR_S: Final = 0.25
"""Apexes, or onsets, that are further apart are of two events."""
PairedBy = Literal["interval", "apex", "onset"]
WAYS: Final[tuple[PairedBy, ...]] = ("interval", "apex", "onset")
"""From the surest to the least."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two events that are one, and what they were paired by."""

    first: Event
    second: Event
    by: PairedBy = "interval"


@dataclass(frozen=True, slots=True)
class Paired:
    """Two coders' events of one camera: pairs, those by interval first, and who is alone."""

    pairs: tuple[Pair, ...] = ()
    only_first: tuple[Event, ...] = ()
    only_second: tuple[Event, ...] = ()

    def by(self, way: PairedBy) -> tuple[Pair, ...]:
        """Return the pairs that were made one way."""
        return tuple(pair for pair in self.pairs if pair.by == way)


def way_of(event: Event) -> PairedBy:
    """Return the surest way in which an event can be paired."""
    if event.interval is not None:
        return "interval"
    return "apex" if event.apex is not None else "onset"


def iou(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Return common frames over all frames of two intervals; both ends belong to them."""
    shared = min(a[1], b[1]) - max(a[0], b[0]) + 1
    if shared <= 0:
        return 0.0
    return shared / (a[1] - a[0] + 1 + b[1] - b[0] + 1 - shared)


def pair_events(first: Sequence[Event], second: Sequence[Event]) -> Paired:
    """Pair two coders' events of one camera."""
    pairs: list[Pair] = []
    for way in WAYS:
        found = _greedy(first, second, way)
        pairs += found
        first = _free(first, (pair.first for pair in found))
        second = _free(second, (pair.second for pair in found))
    return Paired(tuple(pairs), tuple(first), tuple(second))


def _misfit(a: Event, b: Event, way: PairedBy) -> float | None:
    """Return how badly two events fit, less is better; None where they are not one this way."""
    if a.interval is not None and b.interval is not None:
        value = iou(a.interval, b.interval)
        return -value if way == "interval" and value >= IOU else None
    apexes = a.apex is not None and b.apex is not None
    if way == "apex":
        return _apart(a.apex, b.apex)
    return _apart(a.onset, b.onset) if way == "onset" and not apexes else None


def _apart(a: Moment | None, b: Moment | None) -> float | None:
    """Return how far two moments are apart, s; None where one is not set, or they are too far."""
    if a is None or b is None:
        return None
    apart = abs(a.time - b.time)
    return apart if apart <= NEAR_S + 1e-9 else None


def _greedy(first: Sequence[Event], second: Sequence[Event], way: PairedBy) -> list[Pair]:
    """Pair what fits best, then the next best, each event once; in the order of the first's.

    Ties go by order.
    """
    found = [
        (misfit, i, j)
        for i, j in _neighbours(first, second)
        if (misfit := _misfit(first[i], second[j], way)) is not None
    ]
    pairs: dict[int, Pair] = {}
    used: set[int] = set()
    for _, i, j in sorted(found):
        if i not in pairs and j not in used:
            used.add(j)
            pairs[i] = Pair(first[i], second[j], way)
    return [pairs[i] for i in sorted(pairs)]


def _neighbours(first: Sequence[Event], second: Sequence[Event]) -> list[list[int]]:
    """Return which events, by their places, come near each other by time or have common frames.

    Of the blinks of an hour few do; each with each would take seconds.
    """
    near = np.zeros((len(first), len(second)), bool)
    for of, spare in (("time", NEAR_S + 1e-9), ("frame", 0.0)):
        a, b = (
            np.array([_ends(event, of) for event in events]).reshape(-1, 2)
            for events in (first, second)
        )
        near |= (a[:, None, 0] <= b[None, :, 1] + spare) & (b[None, :, 0] <= a[:, None, 1] + spare)
    found: list[list[int]] = np.argwhere(near).tolist()
    return found


def _ends(event: Event, of: str) -> tuple[float, float]:
    marks = [getattr(moment, of) for moment in event.marks.values()]
    return (min(marks), max(marks)) if marks else (np.nan, np.nan)


def _free(events: Sequence[Event], taken: Iterable[Event]) -> list[Event]:
    ids = {event.id for event in taken}
    return [event for event in events if event.id not in ids]


def both_looked(first: Coding, second: Coding, camera: str) -> Ranges:
    """Return the frames that both looked at and neither called not codable."""
    seen = common(looked(first, camera), looked(second, camera))
    hidden = [*first.not_codable.values(), *second.not_codable.values()]
    return without(seen, union((s.first, s.last) for s in hidden if s.camera == camera))


def looked(coding: Coding, camera: str) -> Ranges:
    """Return the frames that a coder looked at."""
    return union((s.first, s.last) for s in coding.looked.values() if s.camera == camera)


def judged(coding: Coding, camera: str) -> Ranges:
    """Return the frames that a coder looked at and could code."""
    hidden = (s for s in coding.not_codable.values() if s.camera == camera)
    return without(looked(coding, camera), union((s.first, s.last) for s in hidden))


def counted(paired: Paired, frames: Ranges) -> Paired:
    """Return what counts: events that lie in these frames.

    Of a pair one is enough: an event at the edge of the range is none that the other has missed.
    """

    def inside(event: Event) -> bool:
        return lies_in(event, frames)

    def either(pair: Pair) -> bool:
        return inside(pair.first) or inside(pair.second)

    return Paired(
        tuple(filter(either, paired.pairs)),
        tuple(filter(inside, paired.only_first)),
        tuple(filter(inside, paired.only_second)),
    )


def lies_in(event: Event, frames: Ranges) -> bool:
    """Whether an event lies in these frames: its apex does, else its onset, else its offset."""
    return event.place is not None and contains(frames, event.place.frame)
