"""Paints the lanes: spans as bars, moments as lines, with as much text as there is room for."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QTransform

from gui.review.signals.view_item import ViewItem
from gui.widgets import theme
from recordings.review.lanes import Lane, Mark

TEXT_ROOM = 28
"""Pixels: in less, no word is read."""


class LaneItem(ViewItem):
    """Lanes below the traces, in the plot's units; texts in pixels."""

    def __init__(self) -> None:
        super().__init__()
        self._lanes: tuple[Lane, ...] = ()
        self._longest: list[float] = []
        self._start, self._top, self._height = 0.0, 0, 1.0

    def show_lanes(self, lanes: Sequence[Lane], start: float, top: int, height: float) -> None:
        """Show lanes from row `top` on, each `height` rows high; `start` is x = 0, LSL seconds."""
        self._lanes, self._start, self._top, self._height = tuple(lanes), start, top, height
        self._longest = [max((m.stop - m.start for m in lane.marks), default=0.0) for lane in lanes]
        self.update()

    def paint(self, painter: QPainter, *_: Any) -> None:
        """Paint what is in the view."""
        view, to_pixels = self.seen, painter.worldTransform()
        painter.save()
        painter.setWorldTransform(QTransform())
        painter.setFont(self._font())
        for number, lane in enumerate(self._lanes):
            top = self._top + number * self._height
            box = to_pixels.mapRect(QRectF(view.left(), top, view.width(), self._height))
            painter.setPen(theme.colour("line"))
            painter.drawLine(box.topLeft(), box.topRight())
            self._paint_lane(painter, lane, self._longest[number], box, to_pixels)
        painter.restore()

    def _font(self) -> Any:
        view = self.getViewWidget()
        return view.font() if view is not None else QFont()

    def _paint_lane(
        self, painter: QPainter, lane: Lane, longest: float, box: QRectF, to_pixels: QTransform
    ) -> None:
        view = self.seen
        low, high = self._start + view.left(), self._start + view.right()
        first = bisect_left(lane.marks, low - longest, key=lambda mark: mark.start)
        stop = bisect_left(lane.marks, high, key=lambda mark: mark.start)
        seen = [mark for mark in lane.marks[first:stop] if mark.stop >= low]

        def across(time: float) -> float:
            return to_pixels.map(QPointF(time - self._start, 0.0)).x()

        ends = [(across(mark.start), across(mark.stop)) for mark in seen]
        for number in apart(ends):
            left, right = ends[number]
            after = ends[number + 1][0] if number + 1 < len(ends) else box.right()
            end = min(after, right) if right - left > 2 else max(after, right)
            room = end - max(left, box.left()) - 6
            bar = QRectF(left, box.top(), right - left, box.height())
            _paint_mark(painter, seen[number], bar, box, room)


def apart(ends: Sequence[tuple[float, float]]) -> Iterator[int]:
    """Say which marks are painted, by their ends in pixels: of many on one pixel the first.

    One that lies within a longer one is another, as a blink within a smile.
    """
    last_left = last_right = -1e9
    for number, (left, right) in enumerate(ends):
        if left - last_left >= 1 or right - last_right >= 1:
            last_left, last_right = left, max(last_right, right)
            yield number


def _paint_mark(painter: QPainter, mark: Mark, bar: QRectF, lane: QRectF, room: float) -> None:
    colour = QColor(theme.colour(mark.tone))
    left = max(bar.left(), lane.left())
    if bar.width() > 2:
        fill = QColor(colour)
        fill.setAlpha(64)
        painter.fillRect(bar.adjusted(0, 2, 0, -1).intersected(lane), fill)
    painter.fillRect(QRectF(bar.left(), bar.top() + 2, 2, bar.height() - 3), colour)
    if room > TEXT_ROOM:
        text = painter.fontMetrics().elidedText(mark.text, Qt.TextElideMode.ElideRight, int(room))
        painter.setPen(theme.colour("text"))
        where = QRectF(left + 5, bar.top(), room, bar.height())
        painter.drawText(where, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, text)
