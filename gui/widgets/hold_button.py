"""A button that has to be held: a stop that nobody presses by accident."""

from __future__ import annotations

from PySide6.QtCore import QElapsedTimer, QRectF, QTimer, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QPushButton

HOLD_MS = 800
_FRAME_MS = 33


class HoldButton(QPushButton):
    """Fires once it was held for `HOLD_MS`, by mouse, finger or space bar."""

    held = Signal()
    too_short = Signal()

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._since = QElapsedTimer()
        self._timer = QTimer(self, interval=_FRAME_MS)
        self._timer.timeout.connect(self._on_time)
        self.pressed.connect(self._on_pressed)
        self.released.connect(self._on_released)

    @property
    def progress(self) -> float:
        """How much of the time it was held, 0 to 1."""
        if not self._timer.isActive():
            return 0.0
        return min(1.0, self._since.elapsed() / HOLD_MS)

    def _on_pressed(self) -> None:
        if not self._timer.isActive():
            self._since.start()
            self._timer.start()

    def _on_released(self) -> None:
        if self._timer.isActive() and not self.isDown():
            self._timer.stop()
            self.update()
            self.too_short.emit()

    def _on_time(self) -> None:
        if not self.isDown():  # the pointer left it
            self._timer.stop()
        elif self.progress >= 1.0:
            self._timer.stop()
            self.setDown(False)
            self.held.emit()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Show how much is left."""
        super().paintEvent(event)
        if done := self.progress:
            painter = QPainter(self)
            bar = QRectF(4, self.height() - 7, (self.width() - 8) * done, 3)
            painter.fillRect(bar, QColor("white"))
