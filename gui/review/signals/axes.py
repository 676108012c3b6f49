"""The axes of the plot: texts beside its rows, minutes and seconds below them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QFontMetricsF

from gui.review.wording import clock

LEFT, RIGHT, BESIDE = 96, 104, 7
_LANE: Final = 0.55
_LANE_MOST: Final = 4.0
"""The height of a lane, of a trace's row: more where its name would have no room."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What is shown one below the other: traces, each 1 high, then lanes, each `lane` high."""

    traces: int = 0
    lanes: int = 0
    lane: float = _LANE

    @property
    def high(self) -> float:
        """The height of them all."""
        return self.traces + self.lane * self.lanes

    def of_lane(self, number: int) -> float:
        """Give the middle of a lane, counted from 0."""
        return self.traces + (number + 0.5) * self.lane


def rows_in(height_px: float, line_px: int, traces: int, lanes: int) -> Rows:
    """Give lanes the room that a line of text takes, however low the plot is."""
    left = height_px - line_px * lanes
    lane = line_px * traces / left if left > 0 else math.inf
    return Rows(traces, lanes, max(_LANE, min(_LANE_MOST, lane)))


class TimeAxis(pg.AxisItem):
    """Moments as minutes and seconds."""

    def tickSpacing(self, minVal: float, maxVal: float, size: float) -> list[tuple[float, float]]:  # noqa: N802, N803
        """Leave each moment the room that it is written in, however large the font is."""
        levels: list[tuple[float, float]] = super().tickSpacing(minVal, maxVal, size)
        metrics = QFontMetricsF(self.style["tickFont"] or self.font())
        (major, offset), *minor = levels
        room_s = (maxVal - minVal) / max(1.0, size)
        while major < room_s * 1.25 * metrics.horizontalAdvance(
            self.tickStrings([maxVal], 1.0, major)[0]
        ):
            major *= 2
        return [(major, offset), *minor]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:  # noqa: N802
        """Write moments as minutes and seconds from the start."""
        digits = max(0, min(4, int(np.ceil(-np.log10(spacing))))) if spacing < 1 else 0
        return [clock(value, digits) for value in values]


class SideAxis(pg.AxisItem):
    """Texts beside the rows."""

    def __init__(self, name: str, width_px: int) -> None:
        super().__init__(name)
        self._room = width_px - BESIDE
        self.setStyle(tickLength=0, autoExpandTextSpace=False, hideOverlappingLabels=False)
        self.setWidth(width_px)

    def write(self, texts: Sequence[tuple[float, str]], rows: Rows, metrics: QFontMetrics) -> None:
        """Write texts at heights, from the top: an axis shows nothing of one that has no room."""
        line = metrics.height() * rows.high / max(1.0, self.linkedView().height())
        # In the middle: names of a kind differ at their ends.
        fit = [
            (y, metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, self._room))
            for y, text in _apart(texts, rows, line)
        ]
        self.setTicks([fit])


def _apart(
    texts: Sequence[tuple[float, str]], rows: Rows, line: float
) -> Iterator[tuple[float, str]]:
    """Leave out texts of traces that would touch the one above, or the first lane's."""
    free, last = -math.inf, rows.of_lane(0) - line if rows.lanes else math.inf
    for y, text in texts:
        if y > rows.traces:
            yield y, text  # a lane's: it has its room
        elif free <= y <= last:
            free = y + line
            yield y, text
