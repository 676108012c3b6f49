"""A camera in a window of its own, as large as somebody wants it: for focus and framing."""

from __future__ import annotations

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QVBoxLayout, QWidget

from gui.cameras.camera_tile import CameraTile
from gui.client.client import EngineClient

SIZE = (960, 820)
"""Pixels at first: a picture of 4 : 3 and the words below it."""


class LargeView(QDialog):
    """A second tile of the camera, which asks for pictures itself; nothing is held meanwhile."""

    def __init__(self, client: EngineClient, device: str, camera: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(camera)
        self.setModal(False)
        self.tile = CameraTile(client, device, camera)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.tile)
        self.resize(*SIZE)

    def done(self, result: int) -> None:
        """Let go of the camera's picture, by Esc too."""
        self.tile.end()
        super().done(result)
        self.deleteLater()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """End as by Esc."""
        self.done(0)
        event.accept()
