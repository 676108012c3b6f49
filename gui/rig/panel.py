"""The left side: devices and streams with their lights, and what is known of the chosen one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from acquire.engine.status import Phase
from acquire.lsl.streams import FoundStream
from acquire.processes.messages import DeviceState
from acquire.server.api.device_models import DeviceInfo
from acquire.server.api.models import StatusInfo
from gui.client import code_words, status_text
from gui.rig.row_list import RowList
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel
from gui.widgets.short_label import ShortLabel


class RigPanel(QWidget):
    """Shows a status; says what the user wants of a device or a stream."""

    device_wanted = Signal(str, str)  # device, what: start, stop, restart, settings
    selection_wanted = Signal(object)  # names, or None for all

    def __init__(self) -> None:
        super().__init__()
        self._status: StatusInfo | None = None
        self.streams = RowList(tr("Streams"), tr("No stream yet"))
        self.devices = RowList(tr("Devices"), tr("Waiting for the engine…"))
        self.nodes = RowList(tr("Nodes"), "")
        self.nodes.chosen.connect(self._on_chosen)
        self.streams.chosen.connect(self._on_chosen)
        self.devices.chosen.connect(self._on_chosen)
        self.streams.ticked.connect(self._on_ticked)
        self._chosen = ""
        self._details = _Details()
        self._details.wanted.connect(self._on_wanted)
        splitter = QSplitter(Qt.Orientation.Vertical)
        for title, view in ((tr("Streams"), self.streams), (tr("Devices"), self.devices)):
            splitter.addWidget(_titled(title, view))
        self._nodes_part = _titled(tr("Nodes"), self.nodes)
        self._nodes_part.hide()  # most rigs have none
        splitter.addWidget(self._nodes_part)
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 2)
        splitter.setStretchFactor(2, 1)
        splitter.setChildrenCollapsible(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 4, 4)
        layout.addWidget(splitter, 1)
        layout.addWidget(self._details)
        self.setMinimumWidth(232)

    def show_status(self, status: StatusInfo, others: tuple[FoundStream, ...] = ()) -> None:
        """Show what is there and what is not."""
        self._status = status
        place = {d.name: number for number, d in enumerate(status.devices)}
        # As the rig file has them: the network finds them in another order every time.
        streams = sorted(
            status.streams, key=lambda s: (place.get(s.device or "", len(place)), s.name)
        )
        known = {d.name for d in status.devices}
        gone = [repr(s.name) for s in status.streams if not s.connected]  # it has a row already
        # While it opens, that is what is being looked for, and is said where it says so.
        missing = [
            told
            for text, told in code_words.missing(status).items()
            if status.state is not Phase.OPENING
            and not any(text.startswith(f"device {name} is") for name in known)
            and not any(name in text for name in gone)
        ]
        self.streams.show_rows(
            [status_text.stream_row(s) for s in streams]
            + [status_text.missing_row(text) for text in missing]
            + [
                status_text.other_row(s.key.name, s.key.type, s.rate_hz, s.key.hostname)
                for s in others
                if s.key.name not in {stream.name for stream in status.streams}
            ]
        )
        self.devices.empty = tr("No device in this rig: Menu, Edit this rig… (Ctrl+E)")
        self.devices.show_rows([status_text.device_row(d) for d in status.devices])
        self.nodes.show_rows([status_text.node_row(n) for n in status.nodes])
        self._nodes_part.setVisible(bool(status.nodes))
        self._show_details()

    def show_gone(self) -> None:
        """Show that nothing is known of them any more: no light may go on being green."""
        for view in (self.streams, self.devices, self.nodes):
            rows = view.rows.rows
            view.show_rows([replace(row, health="other", value="–", note="") for row in rows])
        self._details.hide()

    def _on_chosen(self, key: str) -> None:
        self._chosen = key
        views = {"stream": self.streams, "device": self.devices, "node": self.nodes}
        for kind, view in views.items():
            if not key.startswith(kind):
                view.clearSelection()
        self._show_details()

    def _show_details(self) -> None:
        if self._status is None:
            return
        kind, _, name = self._chosen.partition(" ")
        for stream in self._status.streams:
            if kind == "stream" and stream.name == name:
                self._details.show(name, status_text.stream_details(stream), None)
                return
        for device in self._status.devices:
            if kind == "device" and device.name == name:
                self._details.show(name, status_text.device_details(device), device)
                return
        for node in self._status.nodes:
            if kind == "node" and node.name == name:
                self._details.show(name, status_text.node_details(node), None)
                return
        self._details.hide()

    def _on_wanted(self, what: str) -> None:
        self.device_wanted.emit(self._chosen.partition(" ")[2], what)

    def _on_ticked(self, key: str, on: bool) -> None:
        assert self._status is not None
        name = key.partition(" ")[2]
        names = {s.name for s in self._status.streams if s.selected}
        names = names | {name} if on else names - {name}
        everything = names >= {s.name for s in self._status.streams}
        self.selection_wanted.emit(None if everything else sorted(names))


class _Details(QFrame):
    """What is known of one stream or device."""

    wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._title = ShortLabel()
        self._title.setStyleSheet("font-weight: 600;")
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(12)
        self._form.setVerticalSpacing(2)
        self._values: dict[str, PlainLabel] = {}
        self._buttons = QWidget()
        row = QHBoxLayout(self._buttons)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(theme.SPACE)
        self.buttons: Mapping[str, QPushButton] = {
            "start": QPushButton(tr("Start")),
            "stop": QPushButton(tr("Stop")),
            "restart": QPushButton(tr("Restart")),
            "settings": QPushButton(tr("Settings…")),
        }
        for what, button in self.buttons.items():
            button.clicked.connect(lambda _, what=what: self.wanted.emit(what))
            button.setStyleSheet("padding: 0 8px;")
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addWidget(self._title)
        layout.addLayout(self._form)
        layout.addWidget(self._buttons)
        self.hide()

    def show(  # type: ignore[override]
        self, name: str, rows: list[tuple[str, str]], device: DeviceInfo | None
    ) -> None:
        self._title.setText(name)
        if [key for key, _ in rows] != list(self._values):
            self._make(rows)
        for key, value in rows:
            if self._values[key].text() != value:
                self._values[key].setText(value)
        self._buttons.setVisible(device is not None)
        if device is not None:
            for button in self.buttons.values():  # heard alone, "Stop" would be the recording's
                button.setAccessibleName(f"{button.text()} {name}")
            runs = device.state in (DeviceState.RUNNING, DeviceState.STALLED)
            self.buttons["start"].setVisible(not runs)
            self.buttons["stop"].setVisible(runs)
        self.setVisible(True)

    def _make(self, rows: list[tuple[str, str]]) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        self._values = {}
        for key, value in rows:
            self._values[key] = PlainLabel(value, word_wrap=True)
            self._form.addRow(PlainLabel(key, muted=True), self._values[key])


def _titled(title: str, widget: QWidget) -> QWidget:
    box = QWidget()
    layout = QVBoxLayout(box)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    layout.addWidget(PlainLabel(title, muted=True))
    layout.addWidget(widget)
    return box
