"""The coding pane beside the review: events, the one in hand, what was looked at; by keys."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui.coding.desk import Desk, no_event
from gui.coding.keys import Deed, KeyTable, bound, digit
from gui.coding.lanes import lanes_of
from gui.coding.lines import EntryLines, no_span
from gui.coding.shot import moment_of
from gui.coding.suggested import Suggestions
from gui.coding.suggestion_walk import SuggestionWalk
from gui.coding.view import CodingView
from gui.review.keys import Command
from gui.review.pane import Position
from gui.review.window import ReviewWindow
from gui.texts import tr
from recordings.annotation.model import MARKS, Event, Mark, Moment
from recordings.errors import RecordingError

_MARK_DEEDS: dict[Deed, Mark] = {
    Deed.ONSET: "onset",
    Deed.APEX: "apex",
    Deed.OFFSET: "offset",
}
_JUMPS: dict[Deed, Mark] = {
    Deed.TO_ONSET: "onset",
    Deed.TO_APEX: "apex",
    Deed.TO_OFFSET: "offset",
}


class Arbiter(Protocol):
    """What decides about two coders' events: it stands above the list and sees keys first."""

    @property
    def widget(self) -> QWidget:
        """What is shown."""

    def take_key(self, event: QKeyEvent) -> Callable[[], str] | None:
        """Return what a key does, None where it does nothing here."""

    def renew(self) -> None:
        """Show what the file says now."""


class CodingPane:
    """A `Pane` of the review window."""

    def __init__(
        self,
        window: ReviewWindow,
        desk: Desk,
        coder: str,
        keys: KeyTable,
        folder: Path,
        suggestions: Mapping[str, Suggestions] | None = None,
    ) -> None:
        """Show what a coder's file says.

        `folder` is where it lies, which is never shown; `suggestions` are those of each camera
        that has some, None where there are to be none.
        """
        self._window, self._desk, self._keys, self._folder = window, desk, keys, folder
        self._position: Position = window.position
        self._arbiter: Arbiter | None = None
        self.view = CodingView(coder, desk.scheme.name)
        self.view.list.clicked.connect(self._on_clicked)
        self.view.entry.left.connect(self._to_pictures)
        self._show_notes()
        self._walk = SuggestionWalk(desk, suggestions or {}, self.view.suggestion, self.go_to_frame)
        self._lines = EntryLines(desk, self.view.entry, self._do, self._frames)
        self._deeds = self._table()
        self.renew()

    # The seam of the review window.

    @property
    def widget(self) -> QWidget:
        """What is shown."""
        return self.view

    def take_key(self, event: QKeyEvent) -> bool:
        """Use a key, or leave it to the review."""
        if self.view.entry.is_open:  # somebody clicked elsewhere: the letters are still the line's
            self.view.entry.take_focus()
            QApplication.sendEvent(self.view.entry.line, event)
            return True
        if self._arbiter is not None and (does := self._arbiter.take_key(event)) is not None:
            self._do(does)
            return True
        found = bound(event, self._keys)
        if isinstance(found, Command):
            self._window.run(found)
        elif isinstance(found, Deed):
            if found in (Deed.EARLIER, Deed.LATER) and not self._nudges():
                return False
            self._do(self._deeds[found])
        elif typed := digit(event, self._keys):
            self._do(lambda: self._lines.units(typed))
        else:
            return False
        return True

    def moved(self, position: Position) -> None:
        """Learn where the cursor is now."""
        self._position = position
        if position.camera != self._desk.camera:
            self._desk.use(position.camera)
            self._walk.begin_again()
            self.renew()
        self._show_place()

    def selected(self, selection: tuple[float, float] | None) -> None:
        """Learn what is selected: nothing is shown of it here."""

    def closing(self) -> None:
        """Keep what stands in an open line: nobody has left it by Esc."""
        if self.view.entry.is_open:
            self.view.entry.commit()

    # What others ask.

    def arbitrate(self, arbiter: Arbiter) -> None:
        """Put an arbiter above the list."""
        self._arbiter = arbiter
        self.view.put_above(arbiter.widget)
        self._show_notes()  # it may have had something to say
        self.renew()

    def take_up(self, event: Event) -> None:
        """Take an event in hand, and go to where it is."""
        self._desk.current = event.id
        self._go_to(event.place)
        self.renew()

    def go_to_frame(self, frame: int) -> None:
        """Put the cursor on a stored frame."""
        times = self._desk.shot.frames.times
        if 0 <= frame < len(times):
            self._window.go_to(float(times[frame]))

    def renew(self) -> None:
        """Show what the file says now."""
        desk = self._desk
        events = desk.events
        odd = {event.id for event in events if desk.seen(desk.coding.events[event.id])[1]}
        self.view.show_events(events, odd, desk.current)
        event = desk.event
        self.view.show_event(event, desk.seen(desk.coding.events[event.id])[1] if event else ())
        self.view.show_progress(desk.progress())
        self._window.show_lanes(lanes_of(desk, self._walk.of_camera))
        self._show_place()
        if self._arbiter is not None:
            self._arbiter.renew()

    # Keys.

    def _table(self) -> dict[Deed, Callable[[], str]]:
        desk = self._desk
        marks = {deed: self._setter(mark) for deed, mark in _MARK_DEEDS.items()}
        jumps = {deed: self._jumper(mark) for deed, mark in _JUMPS.items()}
        return {
            **marks,
            **jumps,
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
            Deed.USE_SUGGESTION: lambda: self._walk.use(self._position.stored),
        }

    def _do(self, does: Callable[[], str]) -> None:
        try:
            said = does()
        except RecordingError as error:
            self.view.show_failure(self._without_folder(str(error)))
            return
        self.view.show_failure("")
        if said:
            self._window.tell(said)
        self.renew()

    def _without_folder(self, text: str) -> str:
        return text.replace(f"{self._folder}{os.sep}", "")  # its name may tell the participant

    def _setter(self, mark: Mark) -> Callable[[], str]:
        return lambda: self._here(lambda moment: self._desk.set_mark(mark, moment))

    def _here(self, does: Callable[[Moment], str]) -> str:
        moment = moment_of(self._position)
        return does(moment) if moment is not None else _not_stored()

    def _nudges(self) -> bool:
        """Whether `,` and `.` move a boundary of the event, not of the selection."""
        event = self._desk.event
        return event is not None and bool(event.marks) and self._window.selection is None

    def _nudge(self, by: int) -> str:
        if self._position.stored is None:
            return _not_stored()
        self._go_to(self._desk.nudge(self._position.stored, by))
        return ""

    def _jumper(self, mark: Mark) -> Callable[[], str]:
        def jump() -> str:
            event = self._desk.event
            if event is None:
                return no_event()
            if mark not in event.marks:
                return tr("this boundary is not set")
            self._go_to(event.marks[mark])
            return ""

        return jump

    def _go_to(self, moment: Moment | None) -> None:
        if moment is not None:
            self.go_to_frame(moment.frame)

    def _step(self, by: int) -> str:
        event = self._desk.step(by, self._frame())
        if event is None:
            return tr("no further event")
        self._go_to(event.place)
        return ""

    def _select(self) -> str:
        event = self._desk.event
        if event is None:
            return no_event()
        times = [event.marks[mark].time for mark in MARKS if mark in event.marks]
        if len(times) < 2:
            return tr("an event needs two boundaries to be selected")
        self._window.select(min(times), max(times))
        return ""

    # Spans.

    def _frames(self) -> tuple[int, int] | None:
        """Return what S and X mean: the selection, else the trial at the cursor."""
        shot = self._desk.shot
        if (selection := self._window.selection) is not None:
            return shot.span(*selection)
        trial = shot.trial_at(self._frame())
        return trial.frames if trial is not None else None

    def _looked(self) -> str:
        frames = self._frames()
        return self._desk.mark_looked(frames) if frames is not None else no_span()

    def _clear(self, shelf: str) -> str:
        stored = self._position.stored
        if stored is None:
            return _not_stored()
        return self._desk.clear("looked" if shelf == "looked" else "not_codable", stored)

    def _next_uncoded(self) -> str:
        frame = self._desk.next_uncoded(self._frame())
        if frame is None:
            if others := self._desk.left_elsewhere:
                text = tr("all of it was looked at here; not yet of other cameras: {}")
                return text.format(", ".join(others))
            return tr("all of it was looked at")
        self.go_to_frame(frame)
        return ""

    def _frame(self) -> int:
        """Return the stored frame at the cursor, or the last one before it."""
        if self._position.stored is not None:
            return self._position.stored
        span = self._desk.shot.span(-float("inf"), self._position.time)
        return span[1] if span is not None else 0

    # What happens.

    def _on_clicked(self, index: QModelIndex) -> None:
        events = self._desk.events
        if 0 <= index.row() < len(events):
            self.take_up(events[index.row()])
        if not self.view.entry.is_open:
            self._to_pictures()

    def _to_pictures(self) -> None:
        self._window.stage.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _show_notes(self) -> None:
        store = self._desk.store
        notes = [self._without_folder(note) for note in store.notes]
        self.view.show_notes(notes, read_only=not store.writable)

    def _show_place(self) -> None:
        stored = self._position.stored
        trial = self._desk.shot.trial_at(stored) if stored is not None else None
        self._walk.show(stored)
        self.view.show_place(
            self._desk.coding, self._desk.camera, stored, trial.number if trial else None
        )


def _not_stored() -> str:
    return tr("no stored frame here: a boundary needs a picture")
