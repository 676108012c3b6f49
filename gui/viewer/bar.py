"""The controls of the live viewer."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QToolButton, QVBoxLayout, QWidget

from gui.signals.display_filter import FilterSettings
from gui.texts import tr
from gui.viewer.filter_menu import FilterButton, is_offered
from gui.viewer.shown_time import WINDOWS_S
from gui.viewer.viewer import Viewer
from gui.widgets import theme
from gui.widgets.flow_row import FlowRow


class _Shown(BaseModel):
    model_config = ConfigDict(defer_build=True)

    channels: dict[str, list[str]]
    order: dict[str, list[str]] = {}
    streams: list[str] = []
    filters: FilterSettings
    common: bool = True
    scales: dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]] = {}


class ViewerBar(QWidget):
    """Length, mode, scale, channels and freeze of one viewer."""

    changed = Signal(str)
    """Channels, their order, scales or filters are others now; the text is for `restore`."""
    channels_wanted = Signal()

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self.viewer = viewer
        self.window_s = self._lengths()
        self.scrolling = _button(
            tr("Scroll"), tr("Scroll instead of sweeping (Ctrl+L)"), "Ctrl+L", checked=False
        )
        self.scrolling.toggled.connect(viewer.time.set_scrolling)
        self.freeze = _button(
            tr("▌▌ Freeze"),
            tr("Hold what is shown (Ctrl+F, or Space in the signals): drag, or zoom by Ctrl+wheel"),
            "Ctrl+F",
            checked=False,
        )
        self.freeze.toggled.connect(viewer.time.set_frozen)
        viewer.time.frozen.connect(self.freeze.setChecked)
        self.larger = _button("+", tr("Larger traces (Ctrl++)"), "Ctrl++")
        self.larger.setAccessibleName(tr("Larger traces"))
        self.larger.clicked.connect(lambda: viewer.zoom(-1))
        self.smaller = _button("−", tr("Smaller traces (Ctrl+-)"), "Ctrl+-")
        self.smaller.setAccessibleName(tr("Smaller traces"))
        self.smaller.clicked.connect(lambda: viewer.zoom(1))
        self.auto = _button(
            tr("Auto"), tr("Choose scales from the signals (Ctrl+0)"), "Ctrl+0", checked=True
        )
        self.auto.clicked.connect(self._on_auto)
        self.common = _button(
            tr("Common"), tr("One scale for all channels of a kind"), "", checked=True
        )
        self.common.toggled.connect(self._on_common)
        self.channels = _button(
            tr("Channels…"), tr("Which channels are shown, in which order (Ctrl+K)"), "Ctrl+K"
        )
        self.channels.clicked.connect(self.channels_wanted)
        self.filters = FilterButton()
        self.filters.changed.connect(viewer.set_filter)
        self.filters.changed.connect(lambda _: self._tell())
        viewer.chosen_changed.connect(self._tell)
        viewer.streams_changed.connect(self._on_streams)
        QShortcut(QKeySequence("Ctrl+Right"), self, lambda: self._longer(1))
        QShortcut(QKeySequence("Ctrl+Left"), self, lambda: self._longer(-1))
        self._row = FlowRow(self)
        self._row.setContentsMargins(8, 4, 8, 4)
        self._row.setSpacing(theme.SPACE)
        for widget in (self.window_s, self.scrolling, self.freeze, self.smaller, self.larger):
            self._row.addWidget(widget)
        for button in (self.auto, self.common, self.channels, self.filters):
            self._row.addWidget(button)

    def _lengths(self) -> QComboBox:
        """Make the choice of the length of the window, which goes with that of the viewer."""
        box, viewer = QComboBox(), self.viewer
        for seconds in WINDOWS_S:
            text = f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"
            box.addItem(text, seconds)
        box.setCurrentIndex(WINDOWS_S.index(10))
        box.setAccessibleName(tr("Length of the window"))
        box.setToolTip(tr("Length of the window (Ctrl+Left, Ctrl+Right)"))
        box.currentIndexChanged.connect(lambda: viewer.time.set_window(float(box.currentData())))
        viewer.time.window_changed.connect(
            lambda seconds: box.setCurrentIndex(box.findData(int(seconds)))
        )
        return box

    def _tell(self) -> None:
        scales, choice = self.viewer.state.scales, self.viewer.choice
        self.auto.setChecked(scales.automatic)
        shown = {
            "channels": choice.choice(self.viewer.signals()),
            "order": choice.order,
            "streams": choice.streams,
            "filters": asdict(self.filters.settings),
            "common": scales.common,
            "scales": scales.chosen(),
        }
        self.changed.emit(json.dumps(shown))

    def restore(self, text: str) -> None:
        """Show what `changed` told once; what cannot be read is as if it had never been."""
        try:
            found = _Shown.model_validate_json(text)
        except ValueError:
            return
        if is_offered(found.filters):
            self.filters.set(found.filters)
        self.common.setChecked(found.common)
        self.viewer.state.scales.wish(found.scales)
        self.auto.setChecked(not found.scales)
        choice = self.viewer.choice
        choice.wish(found.channels)
        choice.order, choice.streams = found.order, found.streams
        self.viewer.rearrange()

    def _on_streams(self) -> None:
        found = [c.label for s in self.viewer.signals() for c in s.channels if c.kind == "EEG"]
        self.filters.know_electrodes(found)

    def _longer(self, steps: int) -> None:
        at = self.window_s.currentIndex() + steps
        self.window_s.setCurrentIndex(max(0, min(at, len(WINDOWS_S) - 1)))

    def _on_auto(self, on: bool) -> None:
        self.viewer.state.scales.automatic = on
        self._tell()

    def _on_common(self, on: bool) -> None:
        self.viewer.state.scales.common = on
        self.viewer.zoom(0)


def _button(text: str, tip: str, shortcut: str, *, checked: bool | None = None) -> QToolButton:
    """Make a button; one that stays pressed where `checked` says whether it is."""
    button = QToolButton()
    button.setCheckable(checked is not None)
    button.setChecked(bool(checked))
    button.setText(text)
    button.setToolTip(tip)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    if shortcut:
        button.setShortcut(QKeySequence(shortcut))
    return button


class SignalView(QWidget):
    """The viewer with its controls above."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self.viewer, self.bar = viewer, ViewerBar(viewer)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.bar)
        layout.addWidget(viewer, 1)
