"""Axes of texts: names and scales of rows beside the traces, the clock below them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter

from gui.widgets import theme

LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
CENTRE = Qt.AlignmentFlag.AlignCenter


@dataclass(frozen=True, slots=True)
class AxisText:
    """One text: its middle from the beginning of the axis in pixels, and how it looks."""

    at: float
    text: str
    colour: str = "muted"
    tick: bool = False


class TextAxis(pg.AxisItem):
    """An axis whose texts are given. What it paints is kept until a text or the size changes."""

    def __init__(self, orientation: str, *, reach: tuple[int, int] = (0, 0)) -> None:
        """Prepare.

        Args:
            orientation: `left`, `right` or `bottom`.
            reach: how far its texts may go beyond its beginning and its end, in pixels.
        """
        self._reach = reach  # first: pyqtgraph's own beginning resizes it
        super().__init__(orientation)
        self.texts: tuple[AxisText, ...] = ()

    def show_texts(self, texts: Sequence[AxisText]) -> None:
        """Show these."""
        if tuple(texts) != self.texts:
            self.texts = tuple(texts)
            self.repaint()

    def repaint(self) -> None:
        """Paint anew: the colours have changed."""
        self.picture = None
        self.update()

    def resizeEvent(self, ev: Any = None) -> None:  # noqa: N802
        """Take the room that there is now."""
        super().resizeEvent(ev)
        self._own = QRectF(self.rect())
        before, after = self._reach
        along = (before, 0, after, 0) if self.orientation == "bottom" else (0, before, 0, after)
        left, top, right, bottom = along
        self._room = self._own.adjusted(-left, -top, right, bottom)

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Give all that texts may use: Qt asks several times a frame."""
        return self._room

    def generateDrawSpecs(self, painter: QPainter) -> Any:  # noqa: N802
        """Give what `drawPicture` paints; pyqtgraph keeps the picture."""
        own = self._own
        edges = {
            "left": (own.topRight(), own.bottomRight()),
            "right": (own.topLeft(), own.topLeft()),
            "bottom": (own.topLeft(), own.topRight()),
        }
        return own, edges[self.orientation], self.texts

    def drawPicture(self, painter: QPainter, own: QRectF, edge: Any, texts: Any) -> None:  # noqa: N802
        """Paint the edge and the texts."""
        painter.setPen(theme.colour("line"))
        painter.drawLine(*edge)
        metrics = painter.fontMetrics()
        for text in texts:
            box, flags = self._box(own, text, metrics.horizontalAdvance(text.text))
            if text.tick:
                painter.setPen(theme.colour("line"))
                top = QPointF(own.left() + text.at, own.top())
                painter.drawLine(top, top + QPointF(0, 4))
            painter.setPen(theme.colour(text.colour))
            # In the middle: names of a kind differ at their ends.
            shown = metrics.elidedText(text.text, Qt.TextElideMode.ElideMiddle, int(box.width()))
            painter.drawText(box, flags, shown)

    def _box(self, own: QRectF, text: AxisText, wide: int) -> tuple[QRectF, Qt.AlignmentFlag]:
        if self.orientation == "left":
            return QRectF(own.left() + 8, text.at - 10, own.width() - 16, 20), RIGHT
        if self.orientation == "right":
            return QRectF(own.left() + 8, text.at - 10, own.width() - 12, 20), LEFT
        return QRectF(own.left() + text.at - wide / 2 - 2, own.top() + 2, wide + 4, 18), CENTRE
