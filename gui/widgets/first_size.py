"""How large a window is at first: as it is meant to be, unless the screen is smaller."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

FRAME = QSize(16, 48)
"""What the system draws around a window, about."""


def open_at(window: QWidget, width: int, height: int) -> None:
    """Give a window that is not shown yet its size; what is beyond the screen nobody sees."""
    if (layout := window.layout()) is not None:
        layout.activate()  # it needs less than while its parts came in, one after the other
    room = window.screen().availableSize() - FRAME
    window.resize(QSize(width, height).boundedTo(room))
