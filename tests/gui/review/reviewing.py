"""The review window, offscreen, as a user has it before them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from gui.review.window import ReviewWindow
from gui.widgets import theme
from recordings.review.session import ReviewSession
from tests.gui.review.walking import settle

PLAIN = Qt.KeyboardModifier.NoModifier
SHIFT = Qt.KeyboardModifier.ShiftModifier
CONTROL = Qt.KeyboardModifier.ControlModifier


@contextmanager
def review(path: Path, cache: Path | None = None) -> Iterator[ReviewWindow]:
    """Open the window; close it, and all its threads."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.apply(application)
    window = ReviewWindow(ReviewSession(path), cache)
    window.show()
    try:
        settle(window)
        yield window
    finally:
        window.close()
        window.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()


def press(window: ReviewWindow, key: Qt.Key, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
    """Press a key over the pictures, and wait until they are painted."""
    QTest.keyClick(window.stage, key, modifiers)
    settle(window)
