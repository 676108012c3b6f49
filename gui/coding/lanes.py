"""What a coder has marked, as lanes below those of the session."""

from __future__ import annotations

from collections.abc import Iterable

from gui.coding.desk import Desk
from gui.coding.suggested import Suggested, Suggestions
from gui.coding.words import kind_text
from gui.texts import tr
from recordings.annotation.action_units import format_units
from recordings.annotation.model import Span
from recordings.review.lanes import Lane, Mark, Tone


def lanes_of(desk: Desk, suggestions: Suggestions | None = None) -> tuple[Lane, ...]:
    """Return events, what was looked at and what cannot be coded, of the desk's camera.

    Where there are suggestions they come last, and dim.
    """
    coding = desk.coding
    own = (
        Lane(tr("coded"), _events(desk)),
        Lane(tr("looked at"), _spans(desk, coding.looked.values(), "muted")),
        Lane(tr("not codable"), _spans(desk, coding.not_codable.values(), "warning")),
    )
    if suggestions is None:
        return own
    return (*own, Lane(tr("suggested"), _suggested(desk, suggestions.marks)))


def _events(desk: Desk) -> tuple[Mark, ...]:
    marks = []
    for event in desk.events:
        times = [moment.time for moment in event.marks.values()]
        if times:
            text = " ".join(filter(None, (kind_text(event), format_units(event.units))))
            tone: Tone = "accent" if event.id == desk.current else "text"
            marks.append(Mark(min(times), max(times), text, tone))
    return tuple(sorted(marks, key=lambda mark: (mark.start, mark.stop)))


def _suggested(desk: Desk, suggested: Iterable[Suggested]) -> tuple[Mark, ...]:
    times = desk.shot.frames.times
    marks = [
        Mark(float(times[s.onset]), float(times[s.offset]), f"{s.rank} {s.place}", "muted")
        for s in suggested
    ]
    return tuple(sorted(marks, key=lambda mark: (mark.start, mark.stop)))


def _spans(desk: Desk, spans: Iterable[Span], tone: Tone) -> tuple[Mark, ...]:
    times = desk.shot.frames.times
    marks = [
        Mark(float(times[s.first]), float(times[min(s.last, len(times) - 1)]), s.reason, tone)
        for s in spans
        if s.camera == desk.camera and s.first < len(times)
    ]
    return tuple(sorted(marks, key=lambda mark: (mark.start, mark.stop)))
