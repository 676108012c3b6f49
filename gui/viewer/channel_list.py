"""Which channels are shown, and in which order: the traces follow at once."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QHeaderView,
    QLineEdit,
    QPushButton,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gui.signals.channel_info import ChannelInfo
from gui.signals.live_streams import ShownStream
from gui.texts import tr
from gui.viewer.channel_tree import ChannelTree, children
from gui.viewer.viewer import Viewer
from gui.widgets import theme
from gui.widgets.flow_row import FlowRow

_INDEX = Qt.ItemDataRole.UserRole


class ChannelList(QWidget):
    """The streams of a viewer and their channels, to be ticked, found and moved."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self._streams: list[ShownStream] = []
        self._known: list[tuple[int, list[ChannelInfo]]] = []  # as the tree has them
        self.wanted = QLineEdit(placeholderText=tr("Label or kind, such as EEG"))
        self.wanted.setAccessibleName(tr("Channels that are listed"))
        self.wanted.setClearButtonEnabled(True)
        self.tree = ChannelTree()
        self.tree.setAccessibleName(tr("Channels"))
        self.tree.setToolTip(
            tr("Drag, or Alt+Up and Alt+Down: another order. A stream's box: all that are listed")
        )
        self.up = _button(tr("▲ Up"), tr("What is selected one up (Alt+Up)"))
        self.down = _button(tr("▼ Down"), tr("What is selected one down (Alt+Down)"))
        self.restore = _button(tr("Device's order"), tr("All as the devices have them, EEG first"))
        self._lay_out()
        self.wanted.textChanged.connect(self._list)
        self.tree.itemChanged.connect(self._on_ticked)
        self.tree.move_wanted.connect(self._move)
        self.up.clicked.connect(lambda: self.tree.step(-1))
        self.down.clicked.connect(lambda: self.tree.step(1))
        self.restore.clicked.connect(self._restore)
        viewer.streams_changed.connect(self.refresh)
        viewer.chosen_changed.connect(self.refresh)
        self.refresh()

    def _lay_out(self) -> None:
        buttons = QWidget()
        row = FlowRow(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.SPACE)
        for button in (self.up, self.down, self.restore):
            row.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(theme.SPACE)
        column.addWidget(self.wanted)
        column.addWidget(self.tree, 1)
        column.addWidget(buttons)
        header = self.tree.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Show what has changed while nobody saw it."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """Show the viewer's choice as it is."""
        choice = self.viewer.choice
        self._streams = self.viewer.signals()
        known = [(id(s), choice.ordered(s)) for s in self._streams]
        with QSignalBlocker(self.tree):  # what is shown here nobody has chosen
            if known != self._known:
                self._known = known
                self._rebuild()
            for stream, item in zip(self._streams, self._tops(), strict=True):
                shown = {c.index for c in choice.shown(stream)}
                item.setText(0, f"{stream.key.name} ({len(shown)}/{len(stream.channels)})")
                for below in children(item):
                    below.setCheckState(0, _state([below.data(0, _INDEX) in shown]))
                self._tick_stream(item)
        self.restore.setEnabled(bool(choice.order or choice.streams))

    def _tops(self) -> list[QTreeWidgetItem]:
        return children(self.tree.invisibleRootItem())

    def _rebuild(self) -> None:
        """Make the tree anew; what was selected, closed and current stays so."""
        tree = self.tree
        selected = {_key(i) for i in tree.items() if i.isSelected()}
        closed = {_key(i) for i in self._tops() if not i.isExpanded()}
        before: QTreeWidgetItem | None = tree.currentItem()  # Qt gives None where none is
        current = _key(before) if before is not None else None
        at = tree.verticalScrollBar().value()
        tree.clear()
        for stream, (_, channels) in zip(self._streams, self._known, strict=True):
            top = QTreeWidgetItem(tree, [stream.key.name])
            top.setData(0, _INDEX, stream.key)
            top.setFlags(top.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            for channel in channels:
                item = QTreeWidgetItem(top, [channel.label, channel.kind])
                item.setData(0, _INDEX, channel.index)
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsDropEnabled)
            top.setFirstColumnSpanned(True)  # its name is longer than a label
            top.setExpanded(_key(top) not in closed)
        for item in tree.items():
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            if current == _key(item):
                tree.setCurrentItem(item)
        for item in tree.items():
            item.setSelected(_key(item) in selected)
        tree.verticalScrollBar().setValue(at)
        self._list()

    def _list(self) -> None:
        """List the channels that are wanted; streams are always listed."""
        wanted = self.wanted.text().strip().casefold()
        for top in self._tops():
            for item in children(top):
                texts = item.text(0).casefold(), item.text(1).casefold()
                item.setHidden(not any(wanted in text for text in texts))
            with QSignalBlocker(self.tree):
                self._tick_stream(top)

    def _tick_stream(self, top: QTreeWidgetItem) -> None:
        top.setCheckState(0, _state([_is_ticked(i) for i in children(top) if not i.isHidden()]))

    def _stream_of(self, item: QTreeWidgetItem) -> ShownStream:
        return self._streams[self.tree.indexOfTopLevelItem(item.parent() or item)]

    def _on_ticked(self, item: QTreeWidgetItem) -> None:
        """Show what is ticked; the box of a stream ticks all that are listed of it."""
        top = item.parent() or item
        below = children(top)
        ticked = {i.data(0, _INDEX) for i in below if _is_ticked(i)}
        if item is top:
            listed = {i.data(0, _INDEX) for i in below if not i.isHidden()}
            ticked = ticked | listed if _is_ticked(top) else ticked - listed
        self.viewer.choose(self._stream_of(top).key, ticked)

    def _move(self, items: list[QTreeWidgetItem], before: QTreeWidgetItem | None) -> None:
        choice, top = self.viewer.choice, items[0].parent()
        if top is None:
            names = [self._stream_of(item).key.name for item in items]
            end = self._stream_of(before).key.name if before is not None else None
            choice.move_streams(self._streams, names, end)
        else:
            labels = [item.text(0) for item in items]
            end = before.text(0) if before is not None else None
            choice.move(self._stream_of(top), labels, end)
        self.viewer.show_choice()

    def _restore(self) -> None:
        self.viewer.choice.restore_order()
        self.viewer.show_choice()
        self.tree.setFocus()  # the button can do nothing more


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(tip)
    return button


def _key(item: QTreeWidgetItem) -> tuple[object, object]:
    """Say which one it is, whatever the tree is made of now."""
    top = item.parent() or item
    return top.data(0, _INDEX), None if top is item else item.data(0, _INDEX)


def _is_ticked(item: QTreeWidgetItem) -> bool:
    return item.checkState(0) == Qt.CheckState.Checked


def _state(ticked: list[bool]) -> Qt.CheckState:
    if any(ticked) and not all(ticked):
        return Qt.CheckState.PartiallyChecked
    return Qt.CheckState.Checked if any(ticked) else Qt.CheckState.Unchecked
