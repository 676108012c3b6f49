"""Enter presses the button that has the focus, as Space does: Qt gives that to dialogs alone."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractButton

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
PRESSING = (Qt.Key.Key_Space, *_ENTER)
PRESSES = "presses"
"""A property of what is pressed by these keys and is no button."""
_KEYS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)


class EnterPresses(QObject):
    """Filters the events of an application; a button that wants to be held is held by Enter."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Give a button Space where Enter comes."""
        if (
            event.type() not in _KEYS
            or not isinstance(watched, QAbstractButton)
            or not isinstance(event, QKeyEvent)
            or event.key() not in _ENTER
        ):
            return False
        space = QKeyEvent(
            event.type(), Qt.Key.Key_Space, event.modifiers(), " ", event.isAutoRepeat()
        )
        QCoreApplication.sendEvent(watched, space)
        return True
