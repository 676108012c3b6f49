"""Which channels are shown: some of each kind at first, any by hand."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QMenu, QToolButton, QWidgetAction

from gui.review.signals.filtered import channels_of_signal
from gui.review.signals.plot import Row
from gui.texts import tr
from recordings.review.signals import ReviewSignal

MOST = 32
FIRST_EEG = 6
FIRST_MOST = 12


def rows_of_signals(signals: Sequence[ReviewSignal]) -> list[Row]:
    """List every channel of every stream."""
    return [Row(s, channel) for s in signals for channel in channels_of_signal(s)]


def first_choice(rows: Sequence[Row]) -> list[Row]:
    """Choose some EEG and one channel of every other kind of each stream."""
    chosen: list[Row] = []
    seen: dict[tuple[int, str], int] = {}
    for row in rows:
        key = row.signal.number, row.channel.kind
        limit = FIRST_EEG if row.channel.kind == "EEG" else 1
        if seen.get(key, 0) < limit:
            seen[key] = seen.get(key, 0) + 1
            chosen.append(row)
    return chosen[:FIRST_MOST]


class ChannelButton(QToolButton):
    """Opens the list of channels; `changed` has those that are checked."""

    changed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Row] = []
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Channels"))
        self.list.setMinimumSize(260, 320)
        self.list.itemChanged.connect(self._on_change)
        menu = QMenu(self)
        action = QWidgetAction(menu)
        action.setDefaultWidget(self.list)
        menu.addAction(action)
        self.setMenu(menu)
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.setText(tr("Channels ▾"))
        self.setToolTip(tr("Which channels are shown, {} at most").format(MOST))

    def know(self, rows: Sequence[Row], chosen: Sequence[Row]) -> None:
        """List these channels; those of `chosen` are checked."""
        self.rows = list(rows)
        with QSignalBlocker(self.list):
            self.list.clear()
            for row in rows:
                item = QListWidgetItem(f"{row.signal.name}   {row.channel.label}")
                item.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
                checked = Qt.CheckState.Checked if row in chosen else Qt.CheckState.Unchecked
                item.setCheckState(checked)
                self.list.addItem(item)

    @property
    def chosen(self) -> list[Row]:
        """Those that are checked."""
        items = (self.list.item(n) for n in range(self.list.count()))
        checked = (item.checkState() == Qt.CheckState.Checked for item in items)
        return [row for row, on in zip(self.rows, checked, strict=True) if on][:MOST]

    def _on_change(self, item: QListWidgetItem) -> None:
        self.changed.emit(self.chosen)
