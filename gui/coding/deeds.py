"""What each deed of a coder does, at the cursor or to the event in hand."""

from __future__ import annotations

from collections.abc import Callable

from gui.coding.cursor import Cursor
from gui.coding.desk import Desk, SpanShelf, no_event
from gui.coding.keys import Deed
from gui.coding.lines import EntryLines, no_span
from gui.coding.suggestion_walk import SuggestionWalk
from gui.texts import tr
from recordings.annotation.model import MARKS, Mark, Moment


class Deeds:
    """A table of calls; each returns what there is to say, "" for nothing."""

    def __init__(self, desk: Desk, cursor: Cursor, lines: EntryLines, walk: SuggestionWalk) -> None:
        self._desk, self._cursor, self._lines, self._walk = desk, cursor, lines, walk
        self.table = self._table()

    @property
    def nudges(self) -> bool:
        """Whether `,` and `.` move a boundary of the event, not of the selection."""
        event = self._desk.event
        return event is not None and bool(event.marks) and self._cursor.selection is None

    def _table(self) -> dict[Deed, Callable[[], str]]:
        desk = self._desk
        return {
            **{Deed(mark): self._setter(mark) for mark in MARKS},
            **{Deed(f"to-{mark}"): self._jumper(mark) for mark in MARKS},
            Deed.BEGIN: lambda: self._here(desk.begin),
            Deed.BEGIN_OR_END: lambda: self._here(desk.begin_or_end),
            Deed.NO_OFFSET: desk.toggle_offset,
            Deed.EARLIER: lambda: self._nudge(-1),
            Deed.LATER: lambda: self._nudge(1),
            Deed.DELETE: desk.delete,
            Deed.KIND: desk.next_kind,
            Deed.CONFIDENCE: desk.next_confidence,
            Deed.UNITS: lambda: self._lines.units(""),
            Deed.EMOTION: self._lines.emotion,
            Deed.NOTE: self._lines.note,
            Deed.UNDO: desk.undo,
            Deed.REDO: desk.redo,
            Deed.NEXT: lambda: self._step(1),
            Deed.PREVIOUS: lambda: self._step(-1),
            Deed.SELECT: self._select,
            Deed.LOOKED: self._looked,
            Deed.NOT_LOOKED: lambda: self._clear("looked"),
            Deed.NOT_CODABLE: self._lines.reason,
            Deed.CODABLE: lambda: self._clear("not_codable"),
            Deed.NEXT_UNCODED: self._next_uncoded,
            Deed.NEXT_SUGGESTION: self._walk.next,
            Deed.USE_SUGGESTION: lambda: self._walk.use(self._cursor.stored),
        }

    def _setter(self, mark: Mark) -> Callable[[], str]:
        return lambda: self._here(lambda moment: self._desk.set_mark(mark, moment))

    def _here(self, does: Callable[[Moment], str]) -> str:
        moment = self._cursor.moment
        if moment is None:
            return tr("no stored frame here: a boundary needs a picture")
        return does(moment)

    def _nudge(self, by: int) -> str:
        def nudge(moment: Moment) -> str:
            self._cursor.go_to(self._desk.nudge(moment.frame, by))
            return ""

        return self._here(nudge)

    def _jumper(self, mark: Mark) -> Callable[[], str]:
        def jump() -> str:
            event = self._desk.event
            if event is None:
                return no_event()
            if mark not in event.marks:
                return tr("this boundary is not set")
            self._desk.mark = mark
            self._cursor.go_to(event.marks[mark])
            return ""

        return jump

    def _step(self, by: int) -> str:
        event = self._desk.step(by, self._cursor.frame)
        if event is None:
            return tr("no further event")
        self._cursor.go_to(event.place)
        return ""

    def _select(self) -> str:
        event = self._desk.event
        if event is None:
            return no_event()
        times = [event.marks[mark].time for mark in MARKS if mark in event.marks]
        if len(times) < 2:
            return tr("an event needs two boundaries to be selected")
        self._cursor.select(min(times), max(times))
        return ""

    def _looked(self) -> str:
        frames = self._cursor.frames()
        return self._desk.mark_looked(frames) if frames is not None else no_span()

    def _clear(self, shelf: SpanShelf) -> str:
        return self._here(lambda moment: self._desk.clear(shelf, moment.frame))

    def _next_uncoded(self) -> str:
        frame = self._desk.next_uncoded(self._cursor.frame)
        if frame is None:
            if others := self._desk.left_elsewhere:
                text = tr("all of it was looked at here; not yet of other cameras: {}")
                return text.format(", ".join(others))
            return tr("all of it was looked at")
        self._cursor.go_to_frame(frame)
        return ""
