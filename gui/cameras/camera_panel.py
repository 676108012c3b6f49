"""All cameras of the rig, one below the other; each can be shown large."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from acquire.server.api.device_models import DeviceInfo
from acquire.server.api.models import StreamInfo
from gui.cameras.camera_tile import CameraTile
from gui.cameras.large_view import LargeView
from gui.client.client import EngineClient
from gui.client.status_text import state_word
from gui.texts import tr
from gui.widgets.plain_label import PlainLabel


def is_camera(device: DeviceInfo) -> bool:
    """Say whether a device is a camera, also while it does not run and has told of none."""
    return bool(device.cameras) or "camera" in device.driver or device.driver == "video-file"


class CameraPanel(QWidget):
    """The tiles of all cameras."""

    changed = Signal()  # there are others than before

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self._client = client
        self.tiles: dict[tuple[str, str], CameraTile] = {}
        self.large: dict[tuple[str, str], LargeView] = {}
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(4, 4, 8, 4)
        self._none = PlainLabel(tr("Waiting for the engine…"), word_wrap=True, muted=True)
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._layout.addWidget(self._none)
        self._layout.addStretch(1)
        self.setMinimumWidth(200)

    def show_status(self, devices: tuple[DeviceInfo, ...], streams: tuple[StreamInfo, ...]) -> None:
        """Show the cameras that there are."""
        wanted = {(d.name, camera): d for d in devices for camera in d.cameras}
        before = set(self.tiles)
        for key in [key for key in self.tiles if key[0] not in {d.name for d in devices}]:
            tile = self.tiles.pop(key)
            tile.end()
            tile.deleteLater()
            if key in self.large:
                self.large[key].close()
        named = {s.name: s for s in streams}
        for key, device in wanted.items():
            if key not in self.tiles:
                self.tiles[key] = CameraTile(self._client, *key)
                self.tiles[key].large_wanted.connect(partial(self.show_large, key))
                self.tiles[key].large_switched.connect(partial(self._switch_large, key))
                self._layout.insertWidget(self._place(key, devices), self.tiles[key])
            self.tiles[key].show_status(device, named.get(key[1]))
            if key in self.large:
                self.large[key].tile.show_status(device, named.get(key[1]))
        self._none.setVisible(not self.tiles)
        away = [d for d in devices if is_camera(d) and not d.cameras]
        lines = [tr("{}: {}").format(d.name, d.error or state_word(d.state)) for d in away]
        self._none.setText("\n".join(lines) or tr("No camera in this rig"))
        if before != set(self.tiles):
            self.changed.emit()

    def _place(self, key: tuple[str, str], devices: tuple[DeviceInfo, ...]) -> int:
        """Give a new tile its place: as the rig file has them, whichever opens first."""
        names = [device.name for device in devices]
        above = [tile for tile in self.tiles if names.index(tile[0]) <= names.index(key[0])]
        return len(above)  # itself among them, as the first in the layout is a text

    def show_large(self, key: tuple[str, str]) -> None:
        """Show a camera, by its device and its name, in a window of its own."""
        if key not in self.large:
            self.large[key] = LargeView(self._client, *key, self)
            self.large[key].finished.connect(lambda _: self.large.pop(key, None))
            self.large[key].tile.guide.setChecked(self.tiles[key].guide.isChecked())
        self.large[key].show()
        self.large[key].raise_()

    def _switch_large(self, key: tuple[str, str]) -> None:
        if key in self.large:
            self.large[key].close()
        else:
            self.show_large(key)

    def end(self) -> None:
        """End what the tiles do beside the main thread."""
        for large in [*self.large.values()]:
            large.close()
        for tile in self.tiles.values():
            tile.end()
