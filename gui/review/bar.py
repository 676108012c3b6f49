"""The controls above the pictures; each has its key, so that none is needed while stepping."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFrame, QPushButton, QWidget

from gui.review.keys import Command
from gui.review.picture_area import Look, Mode
from gui.review.signals.channel_menu import ChannelButton
from gui.review.wording import speed_text
from gui.texts import tr
from gui.viewer.filter_menu import FilterButton
from gui.widgets import theme
from gui.widgets.flow_row import FlowRow
from gui.widgets.plain_label import PlainLabel

GAMMAS = (1.0, 1.4, 1.8, 2.2, 3.0, 0.7)
GAINS = (5.0, 10.0, 20.0)


class ReviewBar(QFrame):
    """Asks by signals; knows no session."""

    commanded = Signal(object)
    looked = Signal(object)
    """Another `Look` is wanted."""
    camera_chosen = Signal(str)
    save_wanted = Signal()
    refresh_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self.play = self._button("▶", Command.PLAY, tr("Play, or stand still (Space)"))
        self.play.setAccessibleName(tr("Play"))
        self.speed = PlainLabel("1×")
        self.speed.setFont(theme.tabular(self.speed.font()))
        self.speed.setMinimumWidth(40)
        self.speed.setToolTip(tr("Page up and Page down, or J K L"))
        self.cameras = self._box(tr("Main camera"), tr("The cursor goes by its stamps"))
        self.cameras.currentTextChanged.connect(self.camera_chosen)
        self.mode = self._box(tr("Comparison"), tr("With the pinned frame: P B G F D"))
        for mode, text in _modes().items():
            self.mode.addItem(text, mode)
        self.gain = self._box(tr("Gain of the difference"), tr("Gain of the difference"))
        for gain in GAINS:
            self.gain.addItem(f"×{gain:g}", gain)
        self.gain.setCurrentIndex(1)
        self.gain.hide()
        self.gamma = self._box(tr("Gamma"), tr("Above 1, what is dark becomes lighter"))
        for gamma in GAMMAS:
            self.gamma.addItem(f"γ {gamma:g}", gamma)
        for box in (self.mode, self.gain, self.gamma):
            box.currentIndexChanged.connect(self._on_look)
        self.pin = self._button(tr("Pin"), Command.PIN, tr("Pin this frame as the neutral one (N)"))
        self.face = self._button(tr("Face"), Command.FACE, tr("Zoom to the face (Z)"))
        self.whole = self._button(tr("Whole"), Command.WHOLE, tr("The whole picture (W)"))
        self.channels = ChannelButton()
        self.filters = FilterButton()
        self.save = QPushButton(tr("Save…"))
        self.save.setToolTip(f"{tr('Save the signals that are shown…')} (Ctrl+S)")
        self.save.clicked.connect(self.save_wanted)
        self.refresh = QPushButton(tr("Refresh"))
        self.refresh.setToolTip(tr("Show what has been recorded since (F5)"))
        self.refresh.clicked.connect(self.refresh_wanted)
        self.refresh.hide()
        row = FlowRow(self)
        row.setContentsMargins(12, 8, 12, 8)
        for widget in self._all():
            row.addWidget(widget)
            widget.setFixedHeight(theme.TARGET)
            # Space and arrows go to the pictures; F6 and Tab lead here.
            if not isinstance(widget, PlainLabel):
                widget.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def _all(self) -> tuple[QWidget, ...]:
        playing = (self.play, self.speed, self.cameras)
        comparing = (self.pin, self.mode, self.gain, self.gamma, self.face, self.whole)
        return (*playing, *comparing, self.channels, self.filters, self.save, self.refresh)

    def _button(self, text: str, command: Command, tip: str) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(tip)
        button.clicked.connect(lambda: self.commanded.emit(command))
        return button

    def _box(self, name: str, tip: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setToolTip(tip)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        return box

    @property
    def look(self) -> Look:
        """What is chosen."""
        return Look(
            Mode(self.mode.currentData()), self.gamma.currentData(), self.gain.currentData()
        )

    def set_mode(self, mode: Mode) -> None:
        """Choose a comparison."""
        self.mode.setCurrentIndex(self.mode.findData(mode))

    def show_cameras(self, names: list[str], main: str) -> None:
        """Offer these cameras; one alone needs no choice."""
        with QSignalBlocker(self.cameras):
            self.cameras.clear()
            self.cameras.addItems(names)
            self.cameras.setCurrentText(main)
        self.cameras.setVisible(len(names) > 1)
        for widget in (self.pin, self.mode, self.gamma, self.face, self.whole):
            widget.setVisible(bool(names))

    def show_speed(self, playing: float, next_speed: float) -> None:
        """Say how fast it plays, or would."""
        self.play.setText("❚❚" if playing else "▶")
        self.speed.setText(speed_text(playing or next_speed))

    def _on_look(self) -> None:
        self.gain.setVisible(self.look.mode is Mode.DIFFERENCE)
        self.looked.emit(self.look)


def _modes() -> dict[Mode, str]:
    texts: dict[Mode, Callable[[], str]] = {
        Mode.PLAIN: lambda: tr("as it is"),
        Mode.BESIDE: lambda: tr("beside the pinned"),
        Mode.GHOST: lambda: tr("over the pinned"),
        Mode.FLICKER: lambda: tr("flicker"),
        Mode.DIFFERENCE: lambda: tr("difference"),
    }
    return {mode: text() for mode, text in texts.items()}
