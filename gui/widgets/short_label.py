"""A line of text that gives way: a long name loses its middle, and the tooltip has it all."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent

from gui.widgets.plain_label import PlainLabel, plain

_LEAST = 60


class ShortLabel(PlainLabel):
    """Never makes its surroundings wider."""

    def setText(self, text: str) -> None:  # noqa: N802
        """Show a text."""
        super().setText(text)
        self.setToolTip(plain(text))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Need little."""
        return QSize(_LEAST, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Leave out what has no room."""
        painter = QPainter(self)
        room = self.contentsRect()
        middle = Qt.TextElideMode.ElideMiddle
        text = self.fontMetrics().elidedText(self.text(), middle, room.width())
        painter.setPen(self.palette().windowText().color())
        painter.drawText(room, self.alignment(), text)
