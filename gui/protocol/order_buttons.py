"""What the operator orders of a protocol; each button is on while it can be done."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from acquire.server.api.protocol_models import ProtocolInfo
from gui.texts import tr
from gui.widgets.hold_button import HoldButton

BUSY = ("running", "paused")
_HARMLESS = ("resume", "pause", "start")
"""Buttons that may have the focus when another one has lost it."""


def can_begin(info: ProtocolInfo) -> bool:
    """Say whether the first trial can be shown; a preview is not begun as the protocol."""
    return info.state == "loaded" and info.only_trial is None


class OrderButtons(QWidget):
    """The buttons by their orders; `otherwise` gets the focus where none of them may have it."""

    ordered = Signal(str)

    def __init__(self, otherwise: QWidget) -> None:
        super().__init__()
        self._otherwise = otherwise
        self.buttons: dict[str, QPushButton] = {
            "start": QPushButton(tr("Begin")),
            "pause": QPushButton(tr("▌▌ Pause")),
            "resume": QPushButton(tr("▸ Go on")),
            "skip": QPushButton(tr("▸▸ Skip")),
            "repeat": QPushButton(tr("↺ Repeat")),
            "abort": HoldButton(tr("Abort")),
        }
        tips = {
            "start": tr("Show the first trial"),
            "pause": tr("Hide what is on; its time stands still"),
            "resume": tr("Go on after a pause, or with a step that waits for you"),
            "skip": tr("Leave the rest of this trial out"),
            "repeat": tr("Begin this trial again"),
            "abort": tr("Hold to end the protocol"),
        }
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for number, (name, button) in enumerate(self.buttons.items()):
            button.setToolTip(tips[name])
            signal = button.held if isinstance(button, HoldButton) else button.clicked
            signal.connect(lambda *_, name=name: self.ordered.emit(name))
            grid.addWidget(button, number // 3, number % 3)

    def show_possible(self, info: ProtocolInfo) -> None:
        """Offer what can be ordered now."""
        can = {
            "start": can_begin(info),
            "pause": info.state == "running",
            "resume": info.state in ("paused", "crashed") or info.waits,
            "skip": info.state in BUSY,
            "repeat": info.state in BUSY,
            "abort": info.state in (*BUSY, "loaded", "crashed"),
        }
        # Qt gives the focus of a button that goes gray to the next one: that was Abort after Begin,
        # and Skip after Pause. Asked of the window: it need not be in front, as the participant's
        # screen takes the keyboard, and nothing has the focus in one that is behind.
        focused = self.window().focusWidget()
        if any(b is focused and not can[name] for name, b in self.buttons.items()):
            heir = next((self.buttons[name] for name in _HARMLESS if can[name]), self._otherwise)
            heir.setEnabled(True)
            heir.setFocus()
        for name, button in self.buttons.items():
            button.setEnabled(can[name])
