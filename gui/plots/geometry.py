"""Where columns, times and traces are in the viewer."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRect

from gui.plots.canvas import Canvas
from gui.plots.traces import Place

LEFT, TOP, RIGHT = 84, 4, 88
"""Margins for names and readouts. Multiples of four: whole pixels of the screen at 1.25 and 1.5."""
MARKERS, AXIS = 20, 20
"""Heights of what is below the traces: the markers' labels, and the clock."""


class PlotGeometry:
    """The plot inside the widget; the canvas behind it has `ratio` times as many pixels."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        self.whole = QRect(0, 0, 1, 1)
        self.plot = QRect(0, 0, 1, 1)
        self.ratio = 1.0
        self.places: Sequence[Place] = ()
        self.scrolls = False  # instead of sweeping

    def resize(self, whole: QRect, ratio: float) -> None:
        """Put the plot into a widget."""
        self.whole, self.ratio = whole, ratio
        self.plot = whole.adjusted(LEFT, TOP, -RIGHT, -(MARKERS + AXIS))

    @property
    def pixels(self) -> tuple[int, int]:
        """Width and height that the canvas is to have."""
        size = self.plot.size() * self.ratio
        return size.width(), size.height()

    @property
    def is_rotated(self) -> bool:
        """Whether the newest column is at the right edge."""
        return self.scrolls or self._canvas.end is not None

    @property
    def last_column(self) -> int | None:
        """The newest column that is shown."""
        return self._canvas.end if self._canvas.end is not None else self._canvas.head

    def offset_of(self, column: int) -> int:
        """Give where a column is, in columns from the left edge."""
        width, last = self._canvas.width, self.last_column or 0
        return width - 1 - (last - column) if self.is_rotated else column % width

    def time_at(self, x: float) -> float | None:
        """Give the time under an x of the widget."""
        last = self.last_column
        if last is None:
            return None
        width = self._canvas.width
        column = round((x - self.plot.left()) * self.ratio)
        if not 0 <= column < width:
            return None
        behind = width - 1 - column if self.is_rotated else (last - column) % width
        return (last - behind + 0.5) * self._canvas.column_s

    def y_of(self, place: Place) -> float:
        """Give the y of the middle of a row in the widget."""
        return self.plot.top() + place.centre / self.ratio

    def trace_at(self, y: float) -> int | None:
        """Give the number of the trace whose row an y is in."""
        at = (y - self.plot.top()) * self.ratio
        for number, place in enumerate(self.places):
            if abs(at - place.centre) <= place.height / 2:
                return number
        return None
