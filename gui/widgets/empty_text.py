"""What an empty list says: an empty box would look broken."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QAbstractItemView

from gui.widgets import theme


def paint_empty(view: QAbstractItemView, text: str) -> None:
    """Write a text into the middle of a view; from its paint event."""
    painter = QPainter(view.viewport())
    painter.setPen(theme.colour("muted"))
    flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
    painter.drawText(view.viewport().rect().adjusted(12, 0, -12, 0), flags, text)
