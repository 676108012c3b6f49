"""What the pointer does in a viewer: a cursor, a drag through the past, what a trace is."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QWidget

from gui.plots.view_state import ViewState
from gui.widgets.plain_label import plain

NEAR = 240
"""So far from the pointer reaches what is written beside it."""


class Hand:
    """Follows the pointer over a widget and changes what the widget shows."""

    def __init__(self, state: ViewState, widget: QWidget) -> None:
        self._state, self._widget = state, widget
        self._dragged_from: tuple[int, int] | None = None

    def move(self, at: QPoint) -> None:
        """Show the value under the cursor; drag to look back."""
        state, widget, geometry = self._state, self._widget, self._state.geometry
        before, state.cursor = state.cursor, at
        if self._dragged_from is not None:
            x, end = self._dragged_from
            moved = round((x - at.x()) * geometry.ratio)
            state.canvas.freeze(min(end + moved, state.canvas.column(state.now())))
            widget.update()
        number = geometry.trace_at(at.y()) if at.x() < geometry.plot.left() else None
        told = "" if number is None else state.describe(state.traces[number])
        widget.setToolTip(plain(told))
        for point in (before, at):
            if point is not None:
                widget.update(QRect(point.x() - NEAR, 0, 2 * NEAR, widget.height()))

    def press(self, at: QPoint) -> None:
        """Begin to drag."""
        if (end := self._state.canvas.end) is not None:
            self._dragged_from = (at.x(), end)

    def release(self) -> None:
        """End the drag."""
        self._dragged_from = None

    def leave(self) -> None:
        """Take the cursor away."""
        self._state.cursor = None
        self._widget.update()
