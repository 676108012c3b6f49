"""Keys that the participant presses while this window has the keyboard: they are handed on.

While a page waits for a key or an answer, a key that it may want goes to the player, with its own
stamp and `via: window`. Text fields keep theirs, and a focused button its Enter and Space.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from gui.widgets.enter_presses import PRESSES, PRESSING
from gui.widgets.key_names import key_name

_TYPES: Final = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox, QComboBox)
_HELD: Final = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier


class HandedKeys(QObject):
    """Watches a window's keys while they are wanted."""

    def __init__(
        self,
        window: QWidget,
        now: Callable[[], float | None],
        hand_on: Callable[[str, str, float | None], None],
    ) -> None:
        """Prepare; `now` gives the LSL time, `hand_on` hears a key's name, text and time."""
        super().__init__(window)
        self._window, self._now, self._hand_on = window, now, hand_on
        self._wanted = False

    def watch(self, wanted: bool) -> None:
        """Take keys from now on, or leave them."""
        if wanted is self._wanted:
            return
        self._wanted = wanted
        application = QApplication.instance()
        assert application is not None
        if wanted:
            # Of the application: a shortcut takes its key before a widget's own filter sees it.
            # Only while a page waits: every event goes through Python meanwhile.
            application.installEventFilter(self)
        else:
            application.removeEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        """Take a key that the page may want; a shortcut on it is kept from acting."""
        if not isinstance(event, QKeyEvent):
            return False
        if not isinstance(watched, QWidget) or watched.window() is not self._window:
            return False
        if not self._takes(watched, event):
            return False
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()  # no shortcut: it comes again as a key press
            return True
        if event.type() != QEvent.Type.KeyPress:
            return False
        name = _wanted_name(event)
        repeats = name in ("left", "right", "backspace")
        if repeats or not event.isAutoRepeat():
            self._hand_on(name, event.text() if event.text().isprintable() else "", self._now())
        return True

    def _takes(self, watched: QWidget, event: QKeyEvent) -> bool:
        focused: QWidget | None = self._window.focusWidget()
        focused = watched if focused is None else focused
        if isinstance(focused, _TYPES) or event.modifiers() & _HELD:
            return False
        key = Qt.Key(event.key())
        if key is Qt.Key.Key_Escape:  # it stops a protocol, and closes things here
            return False
        if key in PRESSING and (isinstance(focused, QAbstractButton) or focused.property(PRESSES)):
            return False
        return bool(_wanted_name(event))


def _wanted_name(event: QKeyEvent) -> str:
    """Name a key as protocols do; empty for one that no page can want."""
    name = key_name(event)
    return name if name.isprintable() else ""
