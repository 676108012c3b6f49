"""The height that the cameras share with the parts below them."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtWidgets import QDockWidget, QMainWindow

from gui.cameras.camera_panel import CameraPanel
from gui.widgets.scroll_column import ScrollColumn

MIN_CAMERAS = 180
LEAST_CAMERAS = 48
"""Pixels of them that are seen where an alarm, the gate and a question take the room."""
_BELOW = ("protocol", "spectrum", "impedances")
"""Parts below the cameras that leave them the height they ask for; forms and channels do not."""
_DRAWN = (Qt.CursorShape.SplitVCursor, Qt.CursorShape.SplitHCursor)


class CameraRoom(QObject):
    """Gives the cameras as much height as they ask for and what is below them leaves.

    While a protocol plays, that is what shows the participant's screen whole. A form that is worked
    in is left what it took, until it is closed or behind another's tab.
    """

    def __init__(
        self, window: QMainWindow, cameras: CameraPanel, plays: Callable[[], bool]
    ) -> None:
        """Make the `column` that the cameras are in; `plays`: whether a protocol does."""
        super().__init__(window)
        self._window, self._plays = window, plays
        self.column = ScrollColumn(cameras, least=LEAST_CAMERAS)
        self.is_arranged = False
        """Whether the user has put the parts where they are: then they are left there."""
        # What a new tile, or the participant's screen, needs is known once it is laid out.
        self._laid_out = QTimer(self, singleShot=True, interval=0)
        self._laid_out.timeout.connect(self.give)
        self.column.room_wanted.connect(self.want)
        cameras.changed.connect(self.want)
        window.installEventFilter(self)

    def want(self) -> None:
        """Give the cameras their room soon."""
        self._laid_out.start()

    def lend(self, dock: QDockWidget) -> None:
        """Have what a part took given back once it is closed, or behind another's tab."""
        dock.visibilityChanged.connect(lambda seen: None if seen else self.want())

    def bring(self, dock: QDockWidget) -> None:
        """Show a part that is worked in: the cameras above leave it what they do not need."""
        dock.show()
        dock.raise_()
        room = self._cameras.height() + dock.height()
        self._share(dock, room - room * 2 // 3, room)

    def give(self) -> None:
        """Give the cameras their room now, but not where the user has put the parts."""
        # Found now: a form that is worked in may have come since it was wanted.
        if self.is_arranged or (below := self._below()) is None:
            return
        room = self._cameras.height() + below.height()
        wanted = self._cameras.sizeHint().height()
        least = min(wanted, MIN_CAMERAS)
        height = max(least, min(wanted, room * 3 // 5))
        if self._plays() and below.objectName() == "protocol":
            height = max(least, min(height, room - below.sizeHint().height()))
        self._share(below, height, room)

    def _share(self, below: QDockWidget, height: int, room: int) -> None:
        heights = [height, room - height]
        self._window.resizeDocks([self._cameras, below], heights, Qt.Orientation.Vertical)

    @property
    def _cameras(self) -> QDockWidget:
        dock = self.column.parentWidget()
        assert isinstance(dock, QDockWidget)
        return dock

    def _below(self) -> QDockWidget | None:
        """Return what shares its height with the cameras; None: a form, or nothing.

        Behind a tab a dock has no height that could be changed.
        """
        found = (self._window.findChild(QDockWidget, name) for name in _BELOW)
        return next((dock for dock in found if dock and not dock.visibleRegion().isEmpty()), None)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """See the window become larger or smaller, and a hand draw its parts so."""
        kind = event.type()
        if kind == QEvent.Type.Resize:
            self.want()  # Qt gives every part its share: a picture that fitted may be cut
        elif kind == QEvent.Type.MouseButtonPress and self._window.cursor().shape() in _DRAWN:
            # As it takes hold: what gives the cameras their room in between would draw against it.
            self.is_arranged = True
        return super().eventFilter(watched, event)
