"""The coding pane beside the review: events, the one in hand, what was looked at; by keys."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget

from gui.coding.cursor import Cursor
from gui.coding.deeds import Deeds
from gui.coding.desk import Desk
from gui.coding.keys import Deed, KeyTable, bound, digit
from gui.coding.lanes import lanes_of
from gui.coding.lines import EntryLines
from gui.coding.suggested import Suggestions
from gui.coding.suggestion_walk import SuggestionWalk
from gui.coding.view import CodingView
from gui.review.keys import Command
from gui.review.pane import Position
from gui.review.window import ReviewWindow
from gui.texts import tr_error, tr_said
from recordings.annotation.model import Event
from recordings.errors import RecordingError


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
        self._arbiter: Arbiter | None = None
        self.view = CodingView(coder, desk.scheme.name)
        self.view.list.clicked.connect(self._on_clicked)
        self.view.entry.left.connect(self._to_pictures)
        self._show_notes()
        self.cursor = Cursor(window, desk)
        go_to_frame, frames = self.cursor.go_to_frame, self.cursor.frames
        self._walk = SuggestionWalk(desk, suggestions or {}, self.view.suggestion, go_to_frame)
        self._lines = EntryLines(desk, self.view.entry, self._do, frames)
        self._deeds = Deeds(desk, self.cursor, self._lines, self._walk)
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
            if found in (Deed.EARLIER, Deed.LATER) and not self._deeds.nudges:
                return False
            self._do(self._deeds.table[found])
        elif typed := digit(event, self._keys):
            self._do(lambda: self._lines.units(typed))
        else:
            return False
        return True

    def moved(self, position: Position) -> None:
        """Learn where the cursor is now."""
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
        self.cursor.go_to(event.place)
        self.renew()

    def renew(self) -> None:
        """Show what the file says now."""
        desk = self._desk
        events = desk.events
        odd = {event.id for event in events if desk.seen(desk.coding.events[event.id])[1]}
        self.view.show_events(events, odd, desk.current)
        event = desk.event
        self.view.show_event(event, desk.seen(desk.coding.events[event.id])[1] if event else ())
        self.view.show_progress(desk.progress(), desk.codes(desk.camera))
        self._window.show_lanes(lanes_of(desk, self._walk.of_camera))
        self._show_place()
        if self._arbiter is not None:
            self._arbiter.renew()

    def _do(self, does: Callable[[], str]) -> None:
        try:
            said = does()
        except RecordingError as error:
            self.view.show_failure(self._without_folder(tr_error(error)))
            return
        self.view.show_failure("")
        self._window.tell(said)  # also nothing: what was said of the key before is over
        self.renew()

    def _without_folder(self, text: str) -> str:
        return text.replace(f"{self._folder}{os.sep}", "")  # its name may tell the participant

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
        notes = [self._without_folder(tr_said(note)) for note in store.notes]
        self.view.show_notes(notes, read_only=not store.writable)

    def _show_place(self) -> None:
        stored = self.cursor.stored
        trial = self._desk.shot.trial_at(stored) if stored is not None else None
        self._walk.show(stored)
        self.view.show_place(
            self._desk.coding, self._desk.camera, stored, trial.number if trial else None
        )
