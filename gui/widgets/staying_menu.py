"""A menu that stays open while check boxes in it are pressed: several are chosen in one go."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu


class StayingMenu(QMenu):
    """Closes for what is done once, Escape, or a click beside it."""

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Press a check box and stay."""
        if not self._press():
            super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Press a check box by Enter or Space and stay."""
        pressing = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if not (pressing and self._press()):
            super().keyPressEvent(event)

    def _press(self) -> bool:
        action: QAction | None = self.activeAction()  # Qt gives None where none is
        if action is None or not action.isCheckable() or not action.isEnabled():
            return False
        action.trigger()
        return True
