"""What the hand does on the review's signals: point, scrub, select with Shift, zoom by wheel."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

STEP = 1.25
"""What a step of the wheel makes of the length of the window."""
NOTCH = 120
"""What a step of a wheel is to Qt, in eighths of a degree."""


class Hand(QObject):
    """Takes the events of a viewport: the plot's own mouse is off."""

    pointed = Signal(float)
    """A place on the time axis: LSL seconds."""
    drawn = Signal(float, float)
    """A stretch, with Shift: LSL seconds."""
    zoomed = Signal(float, float)
    """By a factor, around LSL seconds."""

    def __init__(self, viewport: QWidget, time_at: Callable[[QPointF], float]) -> None:
        super().__init__(viewport)
        self._time_at = time_at
        self._pressed: float | None = None
        viewport.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Take what a hand does; leave all else."""
        if isinstance(event, QMouseEvent):
            return self._mouse(event)
        if isinstance(event, QWheelEvent) and event.angleDelta().y():
            factor = STEP ** (-event.angleDelta().y() / NOTCH)
            self.zoomed.emit(factor, self._time_at(event.position()))
            return True
        return False

    def _mouse(self, event: QMouseEvent) -> bool:
        time = self._time_at(event.position())
        selects = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        match event.type():
            case QEvent.Type.MouseButtonPress:
                self._pressed = time
                if not selects:
                    self.pointed.emit(time)
            case QEvent.Type.MouseMove if self._pressed is not None:
                if selects:
                    self.drawn.emit(*sorted((self._pressed, time)))
                else:
                    self.pointed.emit(time)
            case QEvent.Type.MouseButtonRelease:
                self._pressed = None
            case _:
                return False
        return True
