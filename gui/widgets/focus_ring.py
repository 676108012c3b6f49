"""A line around a widget that paints itself, while it has the focus: no style sheet draws it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QRegion
from PySide6.QtWidgets import QWidget

from gui.widgets import theme

WIDTH: Final = 2


class FocusRing(QWidget):
    """Lies over the edge of a widget. A part of neither its picture nor what it saves of itself."""

    def __init__(self, around: QWidget) -> None:
        super().__init__(around)
        self._around = around
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        around.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Come and go with the focus."""
        match event.type():
            case QEvent.Type.FocusIn:
                self._fit()
                self.show()
                self.raise_()
            case QEvent.Type.FocusOut:
                self.hide()
            case QEvent.Type.Resize:
                self._fit()
        return False

    def _fit(self) -> None:
        rect = self._around.rect()
        self.setGeometry(rect)
        # Masked: what is painted anew within, many times a second, costs nothing more.
        inner = rect.adjusted(WIDTH, WIDTH, -WIDTH, -WIDTH)
        self.setMask(QRegion(rect).subtracted(QRegion(inner)))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the line."""
        QPainter(self).fillRect(event.rect(), theme.colour("accent"))
