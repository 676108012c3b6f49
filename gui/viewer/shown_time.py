"""Which time the live viewer shows: how much of it, as it goes by or held."""

from __future__ import annotations

import bisect
import math

from PySide6.QtCore import QObject, Signal

from gui.plots.trace_plot import TracePlot
from gui.plots.view_state import ViewState

WINDOWS_S = (1, 2, 5, 10, 20, 30, 60, 120, 300)
"""The lengths that there are, s."""
BACK_S = 280.0
"""So far back arrows lead: a little less than the histories keep."""


class ShownTime(QObject):
    """Moves through the time of a view state, and has its plot show it."""

    frozen = Signal(bool)
    window_changed = Signal(float)

    def __init__(self, state: ViewState, plot: TracePlot, parent: QObject) -> None:
        super().__init__(parent)
        self._state, self._plot = state, plot

    @property
    def is_frozen(self) -> bool:
        """Whether what is shown is held."""
        return self._state.canvas.end is not None

    def set_window(self, seconds: float, around: float | None = None) -> None:
        """Show so many seconds.

        Args:
            seconds: the length of the window.
            around: where it is frozen, the time that stays in its place; None = the newest shown.
        """
        canvas = self._state.canvas
        if seconds == canvas.window_s:
            return
        end_s = None if canvas.end is None else (canvas.end + 1) * canvas.column_s
        if end_s is not None and around is not None:
            end_s = around + (end_s - around) * seconds / canvas.window_s
        canvas.window_s = seconds
        if end_s is None:
            canvas.restart()
        else:
            canvas.end = self._kept(canvas.column(end_s) - 1)
            canvas.restart()
        self.window_changed.emit(seconds)
        self._plot.show_all()

    def _kept(self, end: int) -> int:
        """Give the column nearest to one that the histories reach, and that is not to come."""
        canvas = self._state.canvas
        newest = canvas.column(self._state.now())
        return max(newest - math.floor(BACK_S / canvas.column_s), min(newest, end))

    def zoom(self, steps: int, x: float) -> None:
        """Show more time (positive) or less around a place; freezes, as what moves is not held."""
        self.set_frozen(True)
        lengths = [*WINDOWS_S]
        at = bisect.bisect_left(lengths, self._state.canvas.window_s) + steps
        around = self._state.geometry.time_at(x)
        self.set_window(float(lengths[max(0, min(at, len(lengths) - 1))]), around)

    def set_scrolling(self, on: bool) -> None:
        """Scroll instead of sweeping."""
        self._state.geometry.scrolls = on
        self._plot.show_all()

    def set_frozen(self, on: bool) -> None:
        """Hold what is shown; recording goes on."""
        canvas = self._state.canvas
        if on == self.is_frozen:
            return
        canvas.freeze(canvas.head if on else None)
        self.frozen.emit(on)
        self._plot.show_all()

    def look_back(self, share: float) -> None:
        """Move by a share of the window, back where negative; freezes."""
        self.set_frozen(True)
        canvas = self._state.canvas
        if canvas.end is None:
            return
        canvas.freeze(self._kept(canvas.end + round(share * canvas.width)))
        self._plot.show_all()
