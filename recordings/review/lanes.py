"""What happened, in lanes over the time axis: markers, trials, gaps, alarms."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from recordings.annotation.model import Visible
from recordings.manifest_entries import Event
from recordings.read.markers import describe
from recordings.read.session import Session
from recordings.review.frame_rows import FrameRows
from recordings.stamps.clock_offsets import correct
from recordings.stream_kinds import EVENTS_STREAM, INDEX_TYPES, LOST_FATES, Fate

Tone = Literal["text", "muted", "accent", "warning", "failed"]
_TONES: Mapping[str, Tone] = {"warning": "warning", "error": "failed"}


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment (`start` = `stop`) or a span, LSL seconds, with what it is."""

    start: float
    stop: float
    text: str
    tone: Tone = "text"


@dataclass(frozen=True, slots=True)
class Lane:
    """Marks of one kind, in order of their start."""

    name: str
    marks: tuple[Mark, ...]

    def next_start(self, time: float, direction: int) -> float | None:
        """Give the start of the next mark after (1) or before (−1) `time`; None at the end."""
        starts = [mark.start for mark in self.marks]
        at = bisect_right(starts, time) if direction > 0 else bisect_left(starts, time) - 1
        return starts[at] if 0 <= at < len(starts) else None

    def at(self, time: float) -> Mark | None:
        """Give the span that holds `time`, the last begun."""
        held = [m for m in self.marks if m.start <= time < m.stop]
        return held[-1] if held else None


def next_event(lanes: Iterable[Lane], time: float, direction: int) -> float | None:
    """Give where the next mark of any lane begins."""
    found = [lane.next_start(time, direction) for lane in lanes]
    there = (at for at in found if at is not None)
    return (min if direction > 0 else max)(there, default=None)


def lanes_of(session: Session, cameras: Mapping[str, FrameRows]) -> tuple[Lane, ...]:
    """Read the four lanes of a session."""
    every = [m for m in session.markers() if np.isfinite(m.time)]
    markers = [m for m in every if m.stream != EVENTS_STREAM]
    trials = [
        Mark(t.onset, t.onset if t.end is None else t.end, _trial(t.trial, t.stimulus), "accent")
        for t in session.trials()
        if np.isfinite(t.onset)
    ]
    lanes = {
        "markers": [Mark(m.time, m.time, describe(m)) for m in markers],
        "trials": trials,
        "gaps": [*_gaps(session), *_unstored(cameras)],
        "alarms": list(_alarms(session)),
    }
    return tuple(
        Lane(name, tuple(sorted(marks, key=lambda m: (m.start, m.stop))))
        for name, marks in lanes.items()
    )


def blinded(lanes: Iterable[Lane], hidden: Collection[Visible]) -> Iterator[Lane]:
    """Give the lanes without what is hidden.

    Without markers trials have their number alone, and alarms are left out, whose text may tell
    a stimulus; without signals the gaps are those of cameras.
    """
    for lane in lanes:
        if lane.name in ("markers", "alarms") and "markers" in hidden:
            continue
        if lane.name == "trials" and "markers" in hidden:
            marks = (replace(m, text=str(n)) for n, m in enumerate(lane.marks, 1))
            yield Lane(lane.name, tuple(marks))
        elif lane.name == "gaps" and "signals" in hidden:
            yield Lane(lane.name, tuple(m for m in lane.marks if "samples lost" not in m.text))
        else:
            yield lane


def _trial(trial: str, stimulus: str) -> str:
    return " · ".join(filter(None, (trial, stimulus))) or "trial"


def _gaps(session: Session) -> Iterator[Mark]:
    for stream in session.streams:
        if stream.entry is None or stream.type in INDEX_TYPES:
            continue
        for gap in stream.entry.gaps:
            ends = correct(np.array([gap.start, gap.end]), stream.fit)
            text = f"{stream.name}: {gap.lost:,} samples lost"
            yield Mark(float(ends[0]), float(ends[1]), text, "failed")


def _unstored(cameras: Mapping[str, FrameRows]) -> Iterator[Mark]:
    """Give each run of frames of one fate that have no picture."""
    for name, rows in cameras.items():
        if not len(rows):
            continue
        fates = np.where(rows.stored >= 0, Fate.STORED.code, rows.fates)
        starts = np.flatnonzero(np.r_[True, np.diff(fates) != 0])
        stops = np.r_[starts[1:], len(rows)]
        for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
            if rows.stored[start] >= 0:
                continue
            fate = rows.fate(start)
            end = rows.times[min(stop, len(rows) - 1)]
            said = str(fate).replace("_", " ") if fate is not None else "unknown"
            plural = "s" if stop - start != 1 else ""
            text = f"{name}: {stop - start:,} frame{plural} {said}"
            tone: Tone = "failed" if fate is None or fate in LOST_FATES else "muted"
            yield Mark(float(rows.times[start]), float(end), text, tone)


def _alarms(session: Session) -> Iterator[Mark]:
    """Give each alarm once: a session that is still recorded has them in its stream alone."""
    events: Iterable[Event] = session.manifest.events if session.manifest else ()
    told: list[tuple[float, str, str]] = [
        (e.time, e.level, f"{e.source}: {e.text}") for e in events
    ]
    told += [
        (m.time, m.text("level"), f"{m.text('source')}: {m.text('text')}")
        for m in session.markers()
        if m.stream == EVENTS_STREAM and np.isfinite(m.time)
    ]
    seen: set[tuple[int, str]] = set()
    for time, level, text in told:
        if level in _TONES and (key := (round(time * 1e3), text)) not in seen:
            seen.add(key)
            yield Mark(time, time, text, _TONES[level])
