"""How far two coders agree, from their codings alone: compared camera by camera, measured together.

A comparison keeps what the figures are made of, so that any of them can be measured as one: those
of a session, or of a study.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from recordings.annotation.agreement.measures import (
    Differences,
    FourFold,
    Hits,
    Ratio,
    differences,
    facs,
    icc,
    kappa,
    total,
)
from recordings.annotation.agreement.pairing import (
    Pair,
    Paired,
    PairedBy,
    both_looked,
    counted,
    pair_events,
    way_of,
)
from recordings.annotation.model import MARKS, Coding, Event, Mark
from recordings.annotation.ranges import Ranges, common, count, union
from recordings.arrays import F64Array
from recordings.manifest_entries import Frozen

MIN_ICC: Final = 10
"""Fewer pairs say nothing of a correlation."""
NO_UNIT: Final = "none"
Length = Literal["duration", "onset to apex"]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two coders on one camera: their paired events, and frames by action unit. `start`: LSL s."""

    paired: Paired
    frames: int
    units: dict[int, FourFold]
    start: float = 0.0


def compare(first: Coding, second: Coding, camera: str, start: float = 0.0) -> Comparison:
    """Compare two codings where both looked."""
    frames = both_looked(first, second, camera)
    ours, theirs = first.on(camera), second.on(camera)
    paired = counted(pair_events(ours, theirs), frames)
    numbers = sorted({u.number for event in (*ours, *theirs) for u in event.units})
    tables = {number: _by_frame(ours, theirs, number, frames) for number in numbers}
    seen = {number: t for number, t in tables.items() if t.both + t.first + t.second}
    return Comparison(paired, count(frames), seen, start)


def _by_frame(
    first: Sequence[Event], second: Sequence[Event], number: int, frames: Ranges
) -> FourFold:
    a = common(_frames_with(first, number), frames)
    b = common(_frames_with(second, number), frames)
    both, either = count(common(a, b)), count(union((*a, *b)))
    return FourFold(
        both=both, first=count(a) - both, second=count(b) - both, neither=count(frames) - either
    )


def _frames_with(events: Iterable[Event], number: int) -> Ranges:
    """Return the frames of events with a unit; one without offset lasts to its apex, or onset."""
    spans = []
    for event in events:
        end = event.offset or event.apex or event.onset
        start = event.onset or event.apex
        if start and end and any(unit.number == number for unit in event.units):
            spans.append((start.frame, max(start.frame, end.frame)))
    return union(spans)


class UnitsAgree(Frozen):
    """2·|A∩B|/(|A|+|B|) of action units, by number, side and intensity."""

    number: Ratio = Ratio()
    side: Ratio = Ratio()
    intensity: Ratio = Ratio()


class Boundary(Frozen):
    """One boundary over the pairs that were made one way."""

    mark: Mark
    paired_by: PairedBy
    differences: Differences


class Correlation(Frozen):
    """ICC(2,1) of a length; None with fewer than ten pairs, or where nothing varies."""

    of: Length
    n: int
    icc: float | None


class Labels(Frozen):
    """What both called the events that they both have."""

    same: Ratio = Ratio()
    kappa: float | None = None


class UnitAgrees(Frozen):
    """One action unit: events of a pair that have it, and frames."""

    unit: int
    events: Ratio
    frames: FourFold


class Confused(Frozen):
    """How often the first's unit stood where the second had the other; `none` = nothing."""

    first: str
    second: str
    count: int


class Point(Frozen):
    """One boundary of one pair: mean of both times since the start, s, and their difference, ms."""

    mark: Mark
    mean_s: float
    difference_ms: float


class Agreement(Frozen):
    """All figures of two coders."""

    frames: int = 0  # that both looked at
    by_interval: Hits = Hits()
    by_apex: Hits = Hits()
    by_onset: Hits = Hits()
    units_of_pairs: UnitsAgree = UnitsAgree()
    units_of_all: UnitsAgree = UnitsAgree()
    boundaries: tuple[Boundary, ...] = ()
    correlations: tuple[Correlation, ...] = ()
    emotion: Labels = Labels()
    kind: Labels = Labels()
    units: tuple[UnitAgrees, ...] = ()
    confusion: tuple[Confused, ...] = ()
    points: tuple[Point, ...] = ()


def measure(comparisons: Sequence[Comparison]) -> Agreement:
    """Return the figures of comparisons, all together."""
    pairs = [pair for c in comparisons for pair in c.paired.pairs]
    alone = [e for c in comparisons for e in (*c.paired.only_first, *c.paired.only_second)]
    of_pairs = [facs(pair.first.units, pair.second.units) for pair in pairs]
    of_all = [*of_pairs, *(facs(event.units, ()) for event in alone)]
    return Agreement(
        frames=sum(c.frames for c in comparisons),
        by_interval=_hits(comparisons, "interval"),
        by_apex=_hits(comparisons, "apex"),
        by_onset=_hits(comparisons, "onset"),
        units_of_pairs=_units(of_pairs),
        units_of_all=_units(of_all),
        boundaries=_boundaries(comparisons),
        correlations=(
            _correlation("duration", _since_onset(pairs, "offset")),
            _correlation("onset to apex", _since_onset(pairs, "apex")),
        ),
        emotion=_labels((p.first.emotion_word, p.second.emotion_word) for p in pairs),
        kind=_labels((p.first.kind or "", p.second.kind or "") for p in pairs),
        units=_per_unit(comparisons, pairs),
        confusion=_confusion(pairs),
        points=tuple(_points(comparisons)),
    )


def _hits(comparisons: Sequence[Comparison], way: PairedBy) -> Hits:
    """Count events where they were paired, an unpaired one where it would surest be."""
    hits = sum(len(c.paired.by(way)) for c in comparisons)
    first = sum(way_of(event) == way for c in comparisons for event in c.paired.only_first)
    second = sum(way_of(event) == way for c in comparisons for event in c.paired.only_second)
    return Hits(hits=hits, first=hits + first, second=hits + second)


def _units(scores: Sequence[tuple[Ratio, Ratio, Ratio]]) -> UnitsAgree:
    number, side, intensity = (total(score[k] for score in scores) for k in range(3))
    return UnitsAgree(number=number, side=side, intensity=intensity)


_COMPARED: Final[dict[PairedBy, tuple[Mark, ...]]] = {
    "interval": MARKS,
    "apex": ("onset", "apex"),
    "onset": ("onset",),
}
"""Which boundaries pairs have that were made one way."""


def _boundaries(comparisons: Sequence[Comparison]) -> tuple[Boundary, ...]:
    return tuple(
        Boundary(
            mark=mark,
            paired_by=way,
            differences=_of((pair for c in comparisons for pair in c.paired.by(way)), mark),
        )
        for way, marks in _COMPARED.items()
        for mark in marks
    )


def _of(pairs: Iterable[Pair], mark: Mark) -> Differences:
    both = [(p.first.marks[mark], p.second.marks[mark]) for p in pairs if _have(p, mark)]
    frames = [b.frame - a.frame for a, b in both]
    return differences(frames, [1e3 * (b.time - a.time) for a, b in both])


def _have(pair: Pair, *marks: Mark) -> bool:
    return all(m in pair.first.marks and m in pair.second.marks for m in marks)


def _since_onset(pairs: Iterable[Pair], mark: Mark) -> F64Array:
    """Return how long after the onset each coder has the mark, s, shape (n, 2)."""
    found = [
        [event.marks[mark].time - event.marks["onset"].time for event in (pair.first, pair.second)]
        for pair in pairs
        if _have(pair, "onset", mark)
    ]
    return np.array(found, np.float64).reshape(-1, 2)


def _correlation(of: Length, lengths: F64Array) -> Correlation:
    n = len(lengths)
    return Correlation(of=of, n=n, icc=icc(lengths) if n >= MIN_ICC else None)


def _labels(pairs: Iterable[tuple[str, str]]) -> Labels:
    """Compare labels that both gave."""
    given = [pair for pair in pairs if all(pair)]
    return Labels(
        same=Ratio(count=sum(a == b for a, b in given), of=len(given)), kappa=kappa(given)
    )


def _per_unit(comparisons: Sequence[Comparison], pairs: Sequence[Pair]) -> tuple[UnitAgrees, ...]:
    frames: dict[int, FourFold] = {}
    everywhere = sum(c.frames for c in comparisons)
    for c in comparisons:
        for number, table in c.units.items():
            frames[number] = frames.get(number, FourFold()) + table
    events = {number: Ratio() for number in frames}
    for pair in pairs:
        a, b = ({u.number for u in event.units} for event in (pair.first, pair.second))
        for number in a | b:
            both = 2 * (number in a and number in b)
            one = Ratio(count=both, of=(number in a) + (number in b))
            events[number] = events.get(number, Ratio()) + one
    return tuple(
        UnitAgrees(unit=n, events=events[n], frames=_filled(frames.get(n, FourFold()), everywhere))
        for n in sorted(events)
    )


def _filled(table: FourFold, frames: int) -> FourFold:
    """Return a table with the frames of comparisons in which nobody had the unit, too."""
    neither = frames - table.both - table.first - table.second
    return table.model_copy(update={"neither": neither})


def _confusion(pairs: Iterable[Pair]) -> tuple[Confused, ...]:
    counts: Counter[tuple[str, str]] = Counter()
    for pair in pairs:
        a, b = ({u.number for u in event.units} for event in (pair.first, pair.second))
        counts.update((str(n), str(n)) for n in a & b)
        ours, theirs = sorted(a - b), sorted(b - a)
        counts.update((str(x), str(y)) for x in ours for y in theirs)
        counts.update((str(x), NO_UNIT) for x in ours if not theirs)
        counts.update((NO_UNIT, str(y)) for y in theirs if not ours)
    return tuple(Confused(first=a, second=b, count=n) for (a, b), n in sorted(counts.items()))


def _points(comparisons: Sequence[Comparison]) -> Iterable[Point]:
    for c in comparisons:
        for pair in c.paired.pairs:
            for mark in MARKS:
                if _have(pair, mark):
                    a, b = pair.first.marks[mark].time, pair.second.marks[mark].time
                    mean = (a + b) / 2 - c.start
                    yield Point(mark=mark, mean_s=mean, difference_ms=1e3 * (b - a))
