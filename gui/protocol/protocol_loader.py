"""Chooses a protocol and where it is shown; loads it, or lets one see one trial of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gui.client.client import EngineClient
from gui.protocol.screen_choice import ScreenChoice
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.flow_row import FlowRow
from gui.widgets.plain_label import plain

MOST_TRIALS = 9999


class ProtocolLoader(QWidget):
    """What is needed before a protocol plays, and not while it does."""

    load_wanted = Signal(dict)
    """What the engine is to be told, without the participant."""
    preview_wanted = Signal(dict)
    """The same, of one trial in a window."""

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self._client = client
        self.choice = QComboBox()
        self.choice.setAccessibleName(tr("Protocol"))
        self.choice.setMinimumWidth(80)
        self.browse = QPushButton(tr("File…"))
        self.browse.setToolTip(tr("Choose a protocol file"))
        self.load = QPushButton(tr("Load"))
        self.load.setToolTip(tr("Check the protocol and open the participant's screen"))
        self.screens = ScreenChoice()
        self.preview = QPushButton(tr("Preview"))
        self.preview.setToolTip(
            tr("Show this one trial in a window; only while nothing is being recorded")
        )
        self.load_from = QPushButton(tr("From here"))
        self.load_from.setToolTip(
            tr("Load it to begin with this trial: those before were played already")
        )
        self.trial = QSpinBox(minimum=1, maximum=MOST_TRIALS)
        self.trial.setPrefix(tr("trial") + " ")
        # No style sheet moves it: Qt gives the text of a spin box all the room up to its border.
        self.trial.lineEdit().setTextMargins(2 * theme.SPACE, 0, 0, 0)
        self.trial.setAccessibleName(tr("Trial that is previewed"))
        self.browse.clicked.connect(self._on_browse)
        self.load.clicked.connect(lambda: self._on_load(self.load_wanted, {}))
        self.load_from.clicked.connect(self._on_load_from)
        self.preview.clicked.connect(self._on_preview)
        client.connected.connect(self._ask_shipped)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        # As it is read: Tab goes from widget to widget as they came in.
        layout.addLayout(_row(self.choice, self.browse, self.load))
        layout.addWidget(self.screens)
        one_trial = QWidget()
        row = FlowRow(one_trial)  # three in a row would widen a small window
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.trial, self.load_from, self.preview):
            row.addWidget(widget)
        layout.addWidget(one_trial)

    def show_possible(self, *, can_load: bool, recording: bool, same_computer: bool) -> None:
        """Offer what can be done now; elsewhere the engine's first screen is taken."""
        self.load.setEnabled(can_load)
        self.load_from.setEnabled(can_load)
        self.preview.setEnabled(can_load and not recording)
        for widget in (self.screens, self.preview, self.trial, self.load_from):
            widget.setVisible(same_computer)

    def _ask_shipped(self) -> None:
        def take(found: Any) -> None:
            for name in found["protocols"]:
                if self.choice.findData(name) < 0:  # an engine that is back: what is chosen stays
                    self.choice.addItem(name, name)

        self._client.get("protocol/shipped", take, lambda problem: None)

    def _on_browse(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, tr("Open a protocol"), "", tr("Protocols (*.toml)")
        )
        if name:
            self.choose_file(name)

    def choose_file(self, name: str) -> None:
        """Choose a protocol file, by its name: the beginning of its path tells nobody anything."""
        at = self.choice.findData(name)
        if at < 0:
            at = self.choice.count()
            self.choice.addItem(Path(name).name, name)
            self.choice.setItemData(at, plain(name), Qt.ItemDataRole.ToolTipRole)
        self.choice.setCurrentIndex(at)

    def _on_preview(self) -> None:
        self._on_load(self.preview_wanted, {"windowed": True, "only_trial": self.trial.value()})

    def _on_load_from(self) -> None:
        self._on_load(self.load_wanted, {"first_trial": self.trial.value()})

    def _on_load(self, wanted: Any, more: dict[str, object]) -> None:
        if self.choice.currentData():
            where = {} if self.screens.isHidden() else self.screens.order
            wanted.emit({"protocol": self.choice.currentData(), **where, **more})


def _row(first: QWidget, *others: QWidget) -> QHBoxLayout:
    """Put widgets side by side; the first gets the room that is left."""
    row = QHBoxLayout()
    row.addWidget(first, 1)
    for widget in others:
        row.addWidget(widget)
    return row
