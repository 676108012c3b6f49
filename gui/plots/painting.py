"""How the viewer is painted: the canvas, labels, scales, markers, the axis and the cursor."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QLineF, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen

from acquire.lsl.streams import StreamKey
from gui.plots import scaling
from gui.texts import tr
from gui.widgets import theme

if TYPE_CHECKING:
    from gui.viewer.viewer import Viewer

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

NEAR = 200
"""A marker so many pixels away may have a label that reaches here."""


def paint(viewer: Viewer, painter: QPainter, dirty: QRect, mouse: QPoint | None) -> None:
    """Paint what lies in a rectangle."""
    plot = viewer.where.plot
    if not plot.contains(dirty):
        ground = theme.colour("panel")
        for side in (
            QRect(0, 0, viewer.width(), plot.top()),
            QRect(0, 0, plot.left(), viewer.height()),
            QRect(plot.right() + 1, 0, viewer.width(), viewer.height()),
            QRect(0, plot.bottom() + 1, viewer.width(), viewer.height()),
        ):
            painter.fillRect(side & dirty, ground)
        _labels(viewer, painter)
        _readouts(viewer, painter)
        _axis(viewer, painter)
    _canvas(viewer, painter, dirty)
    if not viewer.traces:
        painter.setPen(theme.colour("muted"))
        painter.drawText(plot, Qt.AlignmentFlag.AlignCenter, tr("No signals yet"))
    _markers(viewer, painter, dirty)
    if mouse is not None and plot.contains(mouse):
        _cursor(viewer, painter, mouse)


def _canvas(viewer: Viewer, painter: QPainter, dirty: QRect) -> None:
    plot, image, ratio = viewer.where.plot, viewer.image, viewer.where.ratio
    last = viewer.where.last_column
    if not viewer.where.is_rotated or last is None:
        part = dirty & plot
        source = part.translated(-plot.topLeft())
        if ratio == 1:  # whole pixels are copied, with no thought of scaling
            painter.drawImage(part.topLeft(), image, source)
            return
        scaled = QRectF(QPointF(source.topLeft()) * ratio, source.size().toSizeF() * ratio)
        painter.drawImage(QRectF(part), image, scaled)
        return
    height, width = image.height(), image.width()
    split = (last + 1) % width  # the oldest column
    first = QRectF(split, 0, width - split, height)
    left = QRectF(plot.left(), plot.top(), first.width() / ratio, height / ratio)
    painter.drawImage(left, image, first)
    if split:
        right = QRectF(left.right(), plot.top(), split / ratio, height / ratio)
        painter.drawImage(right, image, QRectF(0, 0, split, height))


def _labels(viewer: Viewer, painter: QPainter) -> None:
    ratio = viewer.where.ratio
    plot_top = viewer.where.plot.top()
    metrics = QFontMetrics(painter.font())
    free = -math.inf  # labels that would overlap are left out
    for number, (trace, place) in enumerate(zip(viewer.traces, viewer.where.places, strict=True)):
        y = plot_top + place.centre / ratio
        if y - metrics.height() / 2 < free - 3:
            continue
        free = y + metrics.height() / 2
        box = QRectF(8, y - 10, viewer.where.plot.left() - 16, 20)
        trouble = viewer.trouble_of(trace)
        painter.setPen(theme.colour("warning") if trouble else theme.colour("text"))
        if viewer.is_off(number):
            painter.setPen(theme.colour("failed"))
        text = trace.channel.label
        if trouble:
            text = f"▲ {text}"
        width = int(box.width())
        painter.drawText(box, _RIGHT, metrics.elidedText(text, Qt.TextElideMode.ElideRight, width))


def _readouts(viewer: Viewer, painter: QPainter) -> None:
    ratio, left = viewer.where.ratio, viewer.where.plot.right() + 9
    metrics = QFontMetrics(painter.font())
    seen: set[tuple[StreamKey, str]] = set()
    free = -math.inf
    plot_top = viewer.where.plot.top()
    for trace, place in zip(viewer.traces, viewer.where.places, strict=True):
        y = plot_top + place.centre / ratio
        found = viewer.readouts.get((trace.key, trace.channel.index))
        if found is not None:  # a rate says more than what is odd about its trace
            text, colour = found, "text"
        elif trouble := viewer.trouble_of(trace):
            text, colour = trouble, "warning"
        elif trace.group in seen:
            continue
        else:
            seen.add(trace.group)
            scale = viewer.scales.of(trace)
            text = scaling.shown(scale, trace.channel.unit) if scale else ""
            colour = "muted"
        if y - 10 < free:
            continue
        free = y + 8
        room = viewer.width() - left - 4
        painter.setPen(theme.colour(colour))
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, y - 10, room, 20), _LEFT, text)


def _axis(viewer: Viewer, painter: QPainter) -> None:
    plot, window = viewer.where.plot, viewer.canvas.window_s
    painter.setPen(theme.colour("line"))
    painter.drawLine(plot.left(), plot.bottom() + 1, plot.right(), plot.bottom() + 1)
    painter.drawLine(plot.left() - 1, plot.top(), plot.left() - 1, plot.bottom())
    painter.setPen(theme.colour("muted"))
    row = QRect(plot.left(), plot.bottom() + 20, plot.width(), 18)
    shown = f"{window:g} s" if window < 60 else f"{window / 60:g} min"
    if viewer.canvas.end is not None:
        end = (viewer.canvas.end + 1) * viewer.canvas.column_s
        behind = max(0.0, viewer.now() - end)
        text = tr("frozen, {} s ago; Space goes on").format(f"{behind:.0f}")
        painter.setPen(theme.colour("warning"))
        painter.drawText(row, _RIGHT, f"▌▌ {text}")
    else:
        painter.drawText(row, _RIGHT, f"── {shown} ──")
    painter.setPen(theme.colour("muted"))
    painter.drawText(row, _LEFT, f"{datetime.now():%H:%M}")
    painter.drawText(QRect(8, plot.bottom() + 1, plot.left() - 16, 18), _RIGHT, tr("markers"))


def _markers(viewer: Viewer, painter: QPainter, dirty: QRect) -> None:
    last = viewer.where.last_column
    if last is None:
        return
    found = list(_shown_markers(viewer, last, dirty))
    if not found:
        return
    plot, metrics = viewer.where.plot, QFontMetrics(painter.font())
    line = theme.colour("text")
    line.setAlpha(110)
    taken: list[tuple[float, float]] = []
    for x, label in sorted(found):
        painter.setPen(QPen(line, 1, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(x, plot.top(), x, plot.bottom() + 18))
        width = metrics.horizontalAdvance(label) + 8
        if any(x < end and x + width > start for start, end in taken):
            continue
        taken.append((x, x + width))
        painter.setPen(theme.colour("text"))
        painter.drawText(QRectF(x + 4, plot.bottom() + 2, width, 18), _LEFT, label)


def _shown_markers(viewer: Viewer, last: int, dirty: QRect) -> Iterator[tuple[float, str]]:
    """Give x and label of the markers whose line or label reaches the rectangle."""
    canvas = viewer.canvas
    first = last - canvas.width + (0 if viewer.where.is_rotated else canvas.gap)
    left, right = dirty.left() - NEAR, dirty.right() + 2
    for stream in viewer.live.streams:
        if not stream.markers:
            continue
        for at, marker in reversed(stream.markers.copy()):
            column = canvas.column(at)
            if column < first:
                break
            if column <= last and left < (x := viewer.where.x_of(column)) < right:
                yield x, marker.label


def _cursor(viewer: Viewer, painter: QPainter, mouse: QPoint) -> None:
    at = viewer.where.time_at(mouse.x())
    number = viewer.where.trace_at(mouse.y())
    if at is None:
        return
    plot = viewer.where.plot
    painter.setPen(theme.colour("accent"))
    painter.drawLine(mouse.x(), plot.top(), mouse.x(), plot.bottom())
    ago = viewer.now() - at
    lines = [tr("{} s ago").format(f"{ago:.3f}")]
    if number is not None:
        trace = viewer.traces[number]
        value = viewer.value_at(trace, at)
        shown = "–" if value is None else f"{value:,.4g}"
        lines.insert(0, f"{trace.channel.label}  {shown} {trace.channel.unit}")
    metrics = QFontMetrics(painter.font())
    width = max(metrics.horizontalAdvance(text) for text in lines) + 16
    left = mouse.x() + 12 if mouse.x() + width + 12 < plot.right() else mouse.x() - width - 12
    top = max(plot.top(), min(mouse.y() - 40, plot.bottom() - 44))
    box = QRect(left, top, width, 4 + 18 * len(lines))
    painter.fillRect(box, theme.colour("ground"))
    painter.setPen(theme.colour("line"))
    painter.drawRect(box)
    painter.setPen(theme.colour("text"))
    for row, text in enumerate(lines):
        painter.drawText(QRect(left + 8, top + 2 + 18 * row, width, 18), _LEFT, text)
