"""How the viewer is painted: the canvas, labels, scales, markers, the axis and the cursor."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime

from PySide6.QtCore import QLineF, QPoint, QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen

from acquire.lsl.streams import StreamKey
from gui.plots import scaling
from gui.plots.traces import Trace
from gui.plots.view_state import ViewState
from gui.texts import tr
from gui.widgets import theme

_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter

NEAR = 200
"""A marker so many pixels away may have a label that reaches here."""


def paint(state: ViewState, painter: QPainter, dirty: QRect) -> None:
    """Paint what lies in a rectangle."""
    plot, whole, cursor = state.geometry.plot, state.geometry.whole, state.cursor
    if not plot.contains(dirty):
        ground = theme.colour("panel")
        for side in (
            QRect(0, 0, whole.width(), plot.top()),
            QRect(0, 0, plot.left(), whole.height()),
            QRect(plot.right() + 1, 0, whole.width(), whole.height()),
            QRect(0, plot.bottom() + 1, whole.width(), whole.height()),
        ):
            painter.fillRect(side & dirty, ground)
        _labels(state, painter)
        _readouts(state, painter)
        _axis(state, painter)
    _canvas(state, painter, dirty)
    if not state.traces:
        painter.setPen(theme.colour("muted"))
        painter.drawText(plot, Qt.AlignmentFlag.AlignCenter, tr("No signals yet"))
    _markers(state, painter, dirty)
    if cursor is not None and plot.contains(cursor):
        _cursor(state, painter, cursor)


def _canvas(state: ViewState, painter: QPainter, dirty: QRect) -> None:
    geometry, image = state.geometry, state.image
    plot, ratio, last = geometry.plot, geometry.ratio, geometry.last_column
    if not geometry.is_rotated or last is None:
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


def _labels(state: ViewState, painter: QPainter) -> None:
    geometry = state.geometry
    metrics = QFontMetrics(painter.font())
    free = -math.inf  # labels that would overlap are left out
    for trace, place in zip(state.traces, geometry.places, strict=True):
        y = geometry.y_of(place)
        if y - metrics.height() / 2 < free - 3:
            continue
        free = y + metrics.height() / 2
        box = QRectF(8, y - 10, geometry.plot.left() - 16, 20)
        trouble = state.trouble_of(trace)
        colour = "failed" if state.is_off(trace) else "warning" if trouble else "text"
        painter.setPen(theme.colour(colour))
        text = f"▲ {trace.channel.label}" if trouble else trace.channel.label
        width = int(box.width())
        painter.drawText(box, _RIGHT, metrics.elidedText(text, Qt.TextElideMode.ElideRight, width))


def _readouts(state: ViewState, painter: QPainter) -> None:
    geometry = state.geometry
    left = geometry.plot.right() + 9
    room = geometry.whole.width() - left - 4
    metrics = QFontMetrics(painter.font())
    scaled: set[tuple[StreamKey, str]] = set()
    free = -math.inf
    for trace, place in zip(state.traces, geometry.places, strict=True):
        found = _readout(state, trace, scaled)
        y = geometry.y_of(place)
        if found is None or y - 10 < free:
            continue
        free = y + 8
        text, colour = found
        painter.setPen(theme.colour(colour))
        text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, room)
        painter.drawText(QRectF(left, y - 10, room, 20), _LEFT, text)


def _readout(
    state: ViewState, trace: Trace, scaled: set[tuple[StreamKey, str]]
) -> tuple[str, str] | None:
    """Give text and colour of what is beside a trace; a scale only where `scaled` lacks it."""
    # A rate says more than what is odd about its trace.
    if (found := state.readouts.get(trace.channel_key)) is not None:
        return found, "text"
    if trouble := state.trouble_of(trace):
        return trouble, "warning"
    if trace.group in scaled:
        return None
    scaled.add(trace.group)
    scale = state.scales.of(trace)
    return scaling.shown(scale, trace.channel.unit) if scale else "", "muted"


def _axis(state: ViewState, painter: QPainter) -> None:
    plot, canvas = state.geometry.plot, state.canvas
    painter.setPen(theme.colour("line"))
    painter.drawLine(plot.left(), plot.bottom() + 1, plot.right(), plot.bottom() + 1)
    painter.drawLine(plot.left() - 1, plot.top(), plot.left() - 1, plot.bottom())
    painter.setPen(theme.colour("muted"))
    row = QRect(plot.left(), plot.bottom() + 20, plot.width(), 18)
    if canvas.end is not None:
        behind = max(0.0, state.now() - (canvas.end + 1) * canvas.column_s)
        text = tr("frozen, {} s ago; Space goes on").format(f"{behind:.0f}")
        painter.setPen(theme.colour("warning"))
        painter.drawText(row, _RIGHT, f"▌▌ {text}")
    else:
        window = canvas.window_s
        length = f"{window:g} s" if window < 60 else f"{window / 60:g} min"
        painter.drawText(row, _RIGHT, f"── {length} ──")
    painter.setPen(theme.colour("muted"))
    painter.drawText(row, _LEFT, f"{datetime.now():%H:%M}")
    painter.drawText(QRect(8, plot.bottom() + 1, plot.left() - 16, 18), _RIGHT, tr("markers"))


def _markers(state: ViewState, painter: QPainter, dirty: QRect) -> None:
    last = state.geometry.last_column
    if last is None:
        return
    found = list(_shown_markers(state, last, dirty))
    if not found:
        return
    plot, metrics = state.geometry.plot, QFontMetrics(painter.font())
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


def _shown_markers(state: ViewState, last: int, dirty: QRect) -> Iterator[tuple[float, str]]:
    """Give x and label of the markers whose line or label reaches the rectangle."""
    canvas = state.canvas
    first = last - canvas.width + (0 if state.geometry.is_rotated else canvas.gap)
    left, right = dirty.left() - NEAR, dirty.right() + 2
    for stream in state.streams:
        if not stream.markers:
            continue
        for at, marker in reversed(stream.markers.copy()):
            column = canvas.column(at)
            if column < first:
                break
            if column <= last and left < (x := state.geometry.x_of(column)) < right:
                yield x, marker.label


def _cursor(state: ViewState, painter: QPainter, cursor: QPoint) -> None:
    at = state.geometry.time_at(cursor.x())
    if at is None:
        return
    plot, x = state.geometry.plot, cursor.x()
    painter.setPen(theme.colour("accent"))
    painter.drawLine(x, plot.top(), x, plot.bottom())
    lines = _under(state, at, cursor.y())
    metrics = QFontMetrics(painter.font())
    width = max(metrics.horizontalAdvance(text) for text in lines) + 16
    left = x + 12 if x + width + 12 < plot.right() else x - width - 12
    top = max(plot.top(), min(cursor.y() - 40, plot.bottom() - 44))
    box = QRect(left, top, width, 4 + 18 * len(lines))
    painter.fillRect(box, theme.colour("ground"))
    painter.setPen(theme.colour("line"))
    painter.drawRect(box)
    painter.setPen(theme.colour("text"))
    for row, text in enumerate(lines):
        painter.drawText(QRect(left + 8, top + 2 + 18 * row, width, 18), _LEFT, text)


def _under(state: ViewState, at: float, y: int) -> list[str]:
    """Write what is under the cursor: the trace's value, if any, and how long ago."""
    lines = [tr("{} s ago").format(f"{state.now() - at:.3f}")]
    if (number := state.geometry.trace_at(y)) is not None:
        trace = state.traces[number]
        value = state.value_at(trace, at)
        shown = "–" if value is None else f"{value:,.4g}"
        lines.insert(0, f"{trace.channel.label}  {shown} {trace.channel.unit}")
    return lines
