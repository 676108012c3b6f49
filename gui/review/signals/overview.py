"""The whole session in one line: trials, gaps, alarms, what is in view, and where the cursor is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from gui.review.signals.axes import LEFT, RIGHT
from gui.texts import tr
from gui.widgets import theme
from recordings.review.lanes import Lane

HEIGHT = 32


class Overview(QWidget):
    """Emits `time_asked` with the LSL time of a place that is pointed at."""

    time_asked = Signal(float)

    def __init__(self, start: float, stop: float) -> None:
        super().__init__()
        self._start, self._stop = start, stop
        self._lanes: tuple[Lane, ...] = ()
        self._view = (start, stop)
        self._cursor = start
        self._ground: QPixmap | None = None
        self.setFixedHeight(HEIGHT)
        self.setAccessibleName(tr("The whole session"))
        self.setToolTip(tr("The whole session: click to go there"))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Be a line."""
        return QSize(400, HEIGHT)

    def show_lanes(self, lanes: Sequence[Lane]) -> None:
        """Show the marks of these lanes."""
        self._lanes, self._ground = tuple(lanes), None
        self.update()

    def show_place(self, cursor: float, view: tuple[float, float]) -> None:
        """Show the cursor and what is in view."""
        self._cursor, self._view = cursor, view
        self.update()

    def dress(self) -> None:
        """Take the colours that there are now."""
        self._ground = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint marks once, and what moves over them."""
        ratio = self.devicePixelRatioF()
        if self._ground is None or self._ground.size() != self.size() * ratio:
            self._ground = self._painted(ratio)
        painter = QPainter(self)
        painter.drawPixmap(0, 0, self._ground)
        left, right = (self._x(time) for time in self._view)
        box = QRectF(left, 1, max(3.0, right - left), self.height() - 2)
        fill = QColor(theme.colour("accent"))
        fill.setAlpha(40)
        painter.fillRect(box, fill)
        painter.setPen(theme.colour("accent"))
        painter.drawRect(box)
        painter.fillRect(
            QRectF(self._x(self._cursor) - 1, 0, 2, self.height()), theme.colour("accent")
        )

    def _painted(self, ratio: float) -> QPixmap:
        pixmap = QPixmap(self.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(theme.colour("panel"))
        painter = QPainter(pixmap)
        rows = max(1, len(self._lanes))
        height = (self.height() - 4) / rows
        for number, lane in enumerate(self._lanes):
            for mark in lane.marks:
                left, right = self._x(mark.start), self._x(mark.stop)
                box = QRectF(left, 2 + number * height, max(1.5, right - left), max(2, height - 1))
                painter.fillRect(box, theme.colour(mark.tone))
        painter.end()
        return pixmap

    def _x(self, time: float) -> float:
        width = self.width() - LEFT - RIGHT
        return LEFT + (time - self._start) / (self._stop - self._start) * width

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go there."""
        self._ask(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Go along."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._ask(event)

    def _ask(self, event: QMouseEvent) -> None:
        share = (event.position().x() - LEFT) / max(1, self.width() - LEFT - RIGHT)
        share = max(0.0, min(1.0, share))
        self.time_asked.emit(self._start + share * (self._stop - self._start))
