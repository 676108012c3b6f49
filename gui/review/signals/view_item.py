"""An item that covers what is seen of the plot and is painted once for each view of it."""

from __future__ import annotations

from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QGraphicsItem


class ViewItem(pg.GraphicsObject):
    """Qt keeps a picture of it: the cursor moves over that."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = QRectF()
        """What is seen, in units of the plot."""
        self.setCacheMode(QGraphicsItem.CacheMode.DeviceCoordinateCache)

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Cover what is seen."""
        return self.seen

    def viewTransformChanged(self) -> None:  # noqa: N802
        """Reach as far as the view does now."""
        super().viewTransformChanged()
        # The old rectangle has to be known until Qt was told: it would repaint that one alone.
        self.prepareGeometryChange()
        self.seen = QRectF(self.viewRect())
        self.update()


class TraceItem(ViewItem):
    """All traces: one item, and one picture of it, however many they are."""

    def __init__(self) -> None:
        super().__init__()
        self._paths: list[tuple[QPainterPath, QPen]] = []

    def show_paths(self, paths: list[tuple[QPainterPath, QPen]]) -> None:
        """Show these paths, in units of the plot."""
        self._paths = paths
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Paint them; without antialiasing Qt leaves holes in slow signals, as if they had gaps."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for path, pen in self._paths:
            painter.setPen(pen)
            painter.drawPath(path)
