"""Which event of one coder is which of the other's.

Frames are inclusive: an event from frame 10 to 19 has ten. The IoU of two events is their common
frames over all of theirs. Events with onset and offset are paired by falling IoU, each once, where
it is at least 0.5. What has no such interval, its offset not coded for one, is paired by apex: the
nearest within 250 ms, with any event that is still free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from recordings.annotation.model import Coding, Event
from recordings.annotation.ranges import Ranges, common, contains, union, without

IOU: Final = 0.5
APEX_S: Final = 0.25


@dataclass(frozen=True, slots=True)
class Pair:
    """Two events that are one; `iou` is None where they were paired by apex."""

    first: Event
    second: Event
    iou: float | None = None


@dataclass(frozen=True, slots=True)
class Paired:
    """Two coders' events of one camera: pairs by interval, pairs by apex, and who is alone."""

    hits: tuple[Pair, ...] = ()
    by_apex: tuple[Pair, ...] = ()
    only_first: tuple[Event, ...] = ()
    only_second: tuple[Event, ...] = ()

    @property
    def pairs(self) -> tuple[Pair, ...]:
        """All pairs."""
        return self.hits + self.by_apex


def iou(a: tuple[int, int], b: tuple[int, int]) -> float:
    """Return common frames over all frames of two intervals; both ends belong to them."""
    shared = min(a[1], b[1]) - max(a[0], b[0]) + 1
    if shared <= 0:
        return 0.0
    return shared / (a[1] - a[0] + 1 + b[1] - b[0] + 1 - shared)


def pair_events(first: Sequence[Event], second: Sequence[Event]) -> Paired:
    """Pair two coders' events of one camera."""
    hits = _greedy(first, second, _by_interval)
    left = _free(first, (pair.first for pair in hits)), _free(second, (p.second for p in hits))
    by_apex = _greedy(*left, _by_apex)
    return Paired(
        tuple(hits),
        tuple(by_apex),
        tuple(_free(left[0], (pair.first for pair in by_apex))),
        tuple(_free(left[1], (pair.second for pair in by_apex))),
    )


Fit = tuple[float, float | None]
"""How badly two events fit (less is better), and their IoU."""


def _by_interval(a: Event, b: Event) -> Fit | None:
    if a.interval is None or b.interval is None:
        return None
    value = iou(a.interval, b.interval)
    return (-value, value) if value >= IOU else None


def _by_apex(a: Event, b: Event) -> Fit | None:
    if a.apex is None or b.apex is None or (a.interval and b.interval):
        return None
    apart = abs(a.apex.time - b.apex.time)
    return (apart, None) if apart <= APEX_S + 1e-9 else None


def _greedy(
    first: Sequence[Event], second: Sequence[Event], fit: Callable[[Event, Event], Fit | None]
) -> list[Pair]:
    """Pair what fits best, then the next best, each event once; in the order of the first's.

    Ties go by order.
    """
    found = [
        (value[0], i, j, value[1])
        for i, a in enumerate(first)
        for j, b in enumerate(second)
        if (value := fit(a, b)) is not None
    ]
    pairs: dict[int, Pair] = {}
    used: set[int] = set()
    for _, i, j, overlap in sorted(found, key=lambda f: f[:3]):
        if i not in pairs and j not in used:
            used.add(j)
            pairs[i] = Pair(first[i], second[j], overlap)
    return [pairs[i] for i in sorted(pairs)]


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
    """Return what counts: events whose apex (else onset) lies in these frames.

    Of a pair one is enough: an event at the edge of the range is none that the other has missed.
    """

    def inside(event: Event) -> bool:
        return event.place is not None and contains(frames, event.place.frame)

    def either(pair: Pair) -> bool:
        return inside(pair.first) or inside(pair.second)

    return Paired(
        tuple(filter(either, paired.hits)),
        tuple(filter(either, paired.by_apex)),
        tuple(filter(inside, paired.only_first)),
        tuple(filter(inside, paired.only_second)),
    )
