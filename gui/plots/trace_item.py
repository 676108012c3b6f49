"""The traces as one graphics item: it owns the strip image and repaints only what is new in it."""

from __future__ import annotations

import math

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPaintEngine, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QGraphicsItem, QStyleOptionGraphicsItem, QWidget

from devices.arrays import F64Array
from gui.plots.canvas import Span
from gui.plots.view_state import ViewState
from gui.texts import tr
from gui.widgets import theme


class TraceItem(pg.GraphicsObject):
    """Copies the canvas, pixel for pixel; in the widget's pixels, from the corner of the plot."""

    def __init__(self, state: ViewState) -> None:
        super().__init__()
        self._state = state
        self._room = QRectF()  # Qt asks for it six times a frame
        # Without it Qt tells of no exposed part, and each frame would copy the whole image.
        self.setFlag(QGraphicsItem.GraphicsItemFlag.ItemUsesExtendedStyleOption)

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Give the room of the traces."""
        return self._room

    def resized(self) -> None:
        """Take the room that the geometry has now."""
        self.prepareGeometryChange()
        self._room = QRectF(QPointF(0, 0), self._state.geometry.plot.size().toSizeF())
        self.update()

    def show_columns(self, span: Span) -> None:
        """Repaint some columns of the canvas, and nothing else."""
        ratio = self._state.geometry.ratio
        # A pixel more at each side: at 1.25 a column's edge lies within a pixel of the widget.
        left, right = math.floor(span[0] / ratio) - 1, math.ceil(span[1] / ratio) + 1
        self.update(QRectF(left, 0, right - left, self._room.height()))

    def paint(
        self, painter: QPainter, option: QStyleOptionGraphicsItem, widget: QWidget | None = None
    ) -> None:
        """Paint what is exposed."""
        if painter.paintEngine().type() == QPaintEngine.Type.SVG:  # a file that has no pixels
            self._paint_lines(painter)
        else:
            self._copy(painter, option.exposedRect)
        if not self._state.traces:
            painter.setPen(theme.colour("muted"))
            painter.drawText(self._room, Qt.AlignmentFlag.AlignCenter, tr("No signals yet"))

    def _copy(self, painter: QPainter, exposed: QRectF) -> None:
        """Copy whole pixels: in units of the screen there is nothing to be scaled."""
        state, ratio = self._state, self._state.geometry.ratio
        image, last = state.image, state.geometry.last_column
        left = max(0, math.floor(exposed.left() * ratio) - 1)
        right = min(image.width(), math.ceil(exposed.right() * ratio) + 1)
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        # At 1.5 a widget may begin in the middle of a pixel; which side a column is rounded to
        # must not depend on how much of it is exposed; hence a column more at each side, too.
        place = painter.deviceTransform()
        painter.translate(round(place.dx()) - place.dx(), round(place.dy()) - place.dy())
        split = (last + 1) % image.width() if state.geometry.is_rotated and last is not None else 0
        # Shown from the oldest column on: in two parts, unless it begins the image.
        for x0, x1, source in (
            (0, image.width() - split, split),
            (image.width() - split, image.width(), 0),
        ):
            first, end = max(left, x0), min(right, x1)
            if first < end:
                part = QRectF(source + first - x0, 0, end - first, image.height())
                painter.drawImage(QPointF(first, 0), image, part)
        painter.restore()

    def _paint_lines(self, painter: QPainter) -> None:
        state, ratio = self._state, self._state.geometry.ratio
        painter.save()
        painter.setClipRect(self._room)
        painter.scale(1 / ratio, 1 / ratio)
        for xs, top, bottom, colours in state.canvas.lines(rotated=state.geometry.is_rotated):
            for trace in range(top.shape[1]):
                pen = QPen(QColor.fromRgb(int(colours[trace])), state.canvas.line_width)
                pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
                painter.setPen(pen)
                for part in _parts(top[:, trace]):
                    x = np.repeat(xs[part], 2).tolist()
                    # Up and down by turns: each column from one end to the other, and on.
                    y = np.stack([top[part, trace], bottom[part, trace]], axis=1).ravel().tolist()
                    painter.drawPolyline(QPolygonF([QPointF(*at) for at in zip(x, y, strict=True)]))
        painter.restore()


def _parts(values: F64Array) -> list[slice]:
    """Give the runs of columns in which there is something."""
    there = np.concatenate([[False], np.isfinite(values), [False]])
    edges = np.flatnonzero(np.diff(there.astype(np.int8)))
    return [slice(a, b) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)]
