"""What mouse and keys do in the viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint, QRect, Qt

if TYPE_CHECKING:
    from gui.viewer.viewer import Viewer

NEAR = 240
"""So far from the pointer reaches what is written beside it."""


class Hand:
    """Follows the pointer, drags, and hears keys."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self.at: QPoint | None = None
        """Where the pointer is."""
        self._dragged_from: tuple[int, int] | None = None

    def move(self, at: QPoint) -> None:
        """Show the value under the cursor; drag to look back."""
        viewer, canvas, where = self._viewer, self._viewer.canvas, self._viewer.where
        before, self.at = self.at, at
        if self._dragged_from is not None:
            x, end = self._dragged_from
            moved = round((x - at.x()) * where.ratio)
            canvas.freeze(min(end + moved, canvas.column(viewer.now())))
            viewer.update()
        number = where.trace_at(at.y()) if at.x() < where.plot.left() else None
        viewer.setToolTip("" if number is None else viewer.describe(number))
        for point in (before, at):
            if point is not None:
                viewer.update(QRect(point.x() - NEAR, 0, 2 * NEAR, viewer.height()))

    def press(self, at: QPoint) -> None:
        """Begin to drag."""
        if (end := self._viewer.canvas.end) is not None:
            self._dragged_from = (at.x(), end)

    def release(self) -> None:
        """End the drag."""
        self._dragged_from = None

    def leave(self) -> None:
        """Take the cursor away."""
        self.at = None
        self._viewer.update()

    def key(self, key: Qt.Key) -> bool:
        """Space freezes, arrows look back and scale; whether the key means something."""
        viewer = self._viewer
        match key:
            case Qt.Key.Key_Space:
                viewer.set_frozen(viewer.canvas.end is None)
            case Qt.Key.Key_Left | Qt.Key.Key_Right:
                viewer.look_back(-0.25 if key == Qt.Key.Key_Left else 0.25)
            case Qt.Key.Key_Up | Qt.Key.Key_Plus:
                viewer.zoom(-1)
            case Qt.Key.Key_Down | Qt.Key.Key_Minus:
                viewer.zoom(1)
            case _:
                return False
        return True
