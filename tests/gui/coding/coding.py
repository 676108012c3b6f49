"""The coding pane on a real session, offscreen, as a coder has it before them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.coding.app import CodingOrder, coder
from gui.coding.pane import CodingPane
from gui.review.window import ReviewWindow
from gui.widgets import theme
from recordings.annotation.coder_file import Paths, load, who
from recordings.annotation.model import Coding, Event
from recordings.annotation.store import CodingStore
from recordings.review.session import ReviewSession
from tests.gui.review.walking import settle

PLAIN = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier
PAD = Qt.KeyboardModifier.KeypadModifier


@dataclass
class Coded:
    """The window, its pane, the store behind it, and what another reader finds on the disk."""

    window: ReviewWindow
    pane: CodingPane
    store: CodingStore
    order: CodingOrder

    @property
    def on_disk(self) -> Coding:
        """What the file and its journal say, read anew."""
        loaded = load(Paths(self.order.folder, who(self.order.coder)))
        assert loaded is not None
        return loaded.coding

    @property
    def event(self) -> Event:
        """The one event that there is, on the disk."""
        (event,) = self.on_disk.events.values()
        return event

    def press(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        """Press a key where the focus is: in the open line, else over the pictures."""
        entry = self.pane.view.entry
        QTest.keyClick(entry.line if entry.is_open else self.window.stage, key, modifiers)
        settle(self.window)

    def type(self, text: str) -> None:
        """Type letters where the focus is, one by one."""
        for letter in text:
            entry = self.pane.view.entry
            focus = entry.line if entry.is_open else self.window.stage
            if letter.isascii():
                QTest.keyClicks(focus, letter)
            else:  # QTest knows no others
                pressed = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_unknown, PLAIN, letter)
                QApplication.sendEvent(focus, pressed)

    def at(self, row: int) -> None:
        """Put the cursor on a row of the main camera."""
        self.window.go_to(float(self.window.stage.playhead.rows.times[row]))
        settle(self.window)
        assert self.window.position.row == row


@contextmanager
def coded(order: CodingOrder) -> Iterator[Coded]:
    """Open the window as a coder; close it, its threads and the coder's file."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.apply(application)
    with coder(order) as found:
        window = ReviewWindow(ReviewSession(order.session, found.hidden))
        pane = found.sit_down(window)
        window.show()
        try:
            settle(window)
            yield Coded(window, pane, found.store, order)
        finally:
            window.close()
            window.deleteLater()
            QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
            QApplication.processEvents()
