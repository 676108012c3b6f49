"""Markers as lines with labels; lines are kept and used again."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetrics

from gui.plots.view_state import ViewState
from gui.widgets import theme

MOST = 200
"""More lines than this are a fog; the newest are drawn."""
RIGHT, LEFT = (0, 1), (1, 1)
"""Which corner of a label is at its line, by the side that it stands on."""


class MarkerLines:
    """The markers in the span that is shown, as lines of one view."""

    def __init__(self, state: ViewState, view: pg.ViewBox) -> None:
        self._state, self._view = state, view
        self._lines: list[pg.InfiniteLine] = []
        self._font = QFont()
        self._oldest = math.inf  # the column of the oldest line

    @property
    def is_over(self) -> bool:
        """Whether a sweep has come to the oldest line: it is not shown any more."""
        return self._oldest < self._first

    @property
    def _first(self) -> float:
        canvas, geometry = self._state.canvas, self._state.geometry
        last = geometry.last_column
        if last is None:
            return math.inf
        return last - canvas.width + (1 if geometry.is_rotated else canvas.gap)

    @property
    def shown(self) -> list[tuple[float, str]]:
        """Where lines are, and their labels; empty where there was no room for one."""
        return [
            (line.value(), line.label.toPlainText() if line.label.isVisible() else "")
            for line in self._lines
            if line.isVisible()
        ]

    def show(self) -> None:
        """Put lines where the markers are now."""
        columns = sorted(self._markers())[-MOST:]
        self._oldest = columns[0][0] if columns else math.inf
        offset_of = self._state.geometry.offset_of
        found = sorted((offset_of(column), label) for column, label in columns)
        while len(self._lines) < len(found):
            self._lines.append(self._make())
        metrics = QFontMetrics(self._font)
        free = -math.inf
        for line, (x, label) in zip(self._lines, found, strict=False):
            line.setValue(x)
            line.setVisible(True)
            at = x / self._state.geometry.ratio
            wide = metrics.horizontalAdvance(label) + 8
            left = at + wide > self._state.geometry.plot.width()  # no room at the right edge
            room = at - wide * left >= free
            line.label.setVisible(room)
            if room:
                free = at + wide * (not left)
                # It is a format: what somebody sends must not be read as one.
                text = label.replace("{", "{{").replace("}", "}}")
                if line.label.format != text:
                    line.label.setFormat(text)
                side = LEFT if left else RIGHT
                if line.label.anchors[0] != side:
                    line.label.anchors = [side, side]
                    line.label.updatePosition()
        for line in self._lines[len(found) :]:
            line.setVisible(False)

    def dress(self, font: QFont) -> None:
        """Take colours and font as they are now."""
        self._font = font
        for line in self._lines:
            self._dress(line)

    def _make(self) -> pg.InfiniteLine:
        # The label stands in the row below the traces, which belongs to the view.
        line = pg.InfiniteLine(
            angle=90, label="", labelOpts={"position": 1.0, "anchors": [RIGHT, RIGHT]}
        )
        self._dress(line)
        self._view.addItem(line, ignoreBounds=True)
        return line

    def _dress(self, line: pg.InfiniteLine) -> None:
        colour = theme.colour("text")
        line.label.setColor(colour)
        line.label.setFont(self._font)
        colour.setAlpha(110)
        line.setPen(pg.mkPen(colour, width=1, style=Qt.PenStyle.DashLine))

    def _markers(self) -> Iterator[tuple[int, str]]:
        """Give column and label of those in the span that is shown."""
        last, first = self._state.geometry.last_column, self._first
        if last is None:
            return
        for stream in self._state.streams:
            if not stream.markers:
                continue
            for at, marker in reversed(stream.markers.copy()):
                column = self._state.canvas.column(at)
                if column < first:
                    break
                if column <= last:
                    yield column, marker.label
