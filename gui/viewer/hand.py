"""What the pointer does in a viewer: a cursor, a drag through the past, what a trace is."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from gui.plots.view_state import ViewState
from gui.widgets.plain_label import plain


class Hand:
    """Follows the pointer over a widget and changes what the widget shows."""

    def __init__(
        self,
        state: ViewState,
        widget: QWidget,
        moved: Callable[[], None],
        dragged: Callable[[], None],
    ) -> None:
        """Prepare.

        Args:
            state: what the widget shows.
            widget: gets the tool tips.
            moved: called when the cursor has moved.
            dragged: called when another time is shown.
        """
        self._state, self._widget = state, widget
        self._moved, self._dragged = moved, dragged
        self._dragged_from: tuple[int, int] | None = None

    def move(self, at: QPoint) -> None:
        """Show the value under the cursor; drag to look back."""
        state, widget, geometry = self._state, self._widget, self._state.geometry
        state.cursor = at
        if self._dragged_from is not None:
            x, end = self._dragged_from
            moved = round((x - at.x()) * geometry.ratio)
            state.canvas.freeze(min(end + moved, state.canvas.column(state.now())))
            self._dragged()
        number = geometry.trace_at(at.y()) if at.x() < geometry.plot.left() else None
        told = "" if number is None else state.describe(state.traces[number])
        widget.setToolTip(plain(told))
        self._moved()

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
        self._moved()
