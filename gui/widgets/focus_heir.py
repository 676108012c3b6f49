"""Who gets the keyboard once a strip that has it closes: Qt gives it to the next in its order."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget


class FocusHeir(QObject):
    """Hands the focus on to one widget as another one is hidden."""

    def __init__(self, strip: QWidget, heir: QWidget) -> None:
        super().__init__(strip)
        self._strip, self._heir = strip, heir
        strip.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Hand it on while the strip still has it."""
        if event.type() == QEvent.Type.Hide and watched is self._strip:
            # Of the window, which need not be in front: in one that is behind nothing has it.
            focused: QWidget | None = self._strip.window().focusWidget()
            if focused is not None and self._strip.isAncestorOf(focused):
                self._heir.setFocus()
        return False
