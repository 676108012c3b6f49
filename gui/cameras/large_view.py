"""A camera in a window of its own, as large as somebody wants it: for focus and framing.

It never takes the keyboard: Stop, markers and what is handed on to the participant's screen work as
long as it is there.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from gui.cameras.camera_tile import CameraTile
from gui.client.client import EngineClient
from gui.texts import tr
from gui.widgets.first_size import open_at

SIZE = (960, 820)
"""Pixels at first: a picture of 4 : 3 and the words below it."""


class LargeView(QDialog):
    """A second tile of the camera, which asks for pictures itself; nothing is held meanwhile."""

    def __init__(self, client: EngineClient, device: str, camera: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(camera)
        self.setModal(False)
        self.setWindowFlag(Qt.WindowType.WindowDoesNotAcceptFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.tile = CameraTile(client, device, camera)
        self.tile.view.setToolTip(tr("Double click: close this window"))
        self.tile.large_wanted.connect(self.close)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tile)
        open_at(self, *SIZE)

    def event(self, event: QEvent) -> bool:
        """Hand the keyboard back where the system gives it to every window."""
        if event.type() == QEvent.Type.WindowActivate and (parent := self.parentWidget()):
            parent.window().activateWindow()
        return super().event(event)

    def done(self, result: int) -> None:
        """Let go of the camera's picture."""
        self.tile.end()
        super().done(result)
        self.deleteLater()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """End as any dialog does."""
        self.done(0)
        event.accept()
