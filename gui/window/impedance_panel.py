"""The impedance of every electrode, as a head."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from acquire.server.api.models import StatusInfo
from acquire.serving.problem import Problem
from gui.client.client import EngineClient, words
from gui.plots.head_map import FAIR_KOHM, HeadMap
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel

PERIOD_MS = 1000


class ImpedancePanel(QWidget):
    """Switches the measurement of a device on and off, and shows what it says."""

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self._client = client
        self._device = ""
        self.map = HeadMap()
        self.result = PlainLabel(tr("No amplifier of this rig measures impedances"))
        self.result.setWordWrap(True)
        theme.mark(self.result, "muted", True)
        self.measure = QPushButton(tr("Measure impedances"))
        self.measure.setCheckable(True)
        self.measure.setEnabled(False)
        self.measure.toggled.connect(self._on_toggled)
        row = QHBoxLayout()
        row.addWidget(self.result, 1)
        row.addWidget(self.measure)
        layout = QVBoxLayout(self)
        layout.addLayout(row)
        layout.addWidget(self.map, 1)
        self._timer = QTimer(self, interval=PERIOD_MS)
        self._timer.timeout.connect(partial(self._ask, "status", {}))

    def show_status(self, status: StatusInfo) -> None:
        """Find the amplifier: those of BrainFlow are the ones that may measure."""
        names = [d.name for d in status.devices if d.driver == "brainflow"]
        if (names[0] if names else "") != self._device:
            self._device = names[0] if names else ""
            self.measure.setEnabled(bool(names))
            self.result.setText(self._device or tr("No amplifier of this rig measures impedances"))

    def take(self, answer: Any) -> None:
        """Show what the driver answered: kΩ by channel."""
        found = answer.get("answer", {}).get("impedance_kohm", {})
        self.map.show_impedances({k: float(v) for k, v in found.items() if v is not None})
        over = sum(v > FAIR_KOHM for v in self.map.kohm.values())
        text = tr("{}: {} of {} above {:g} kΩ")
        self.result.setText(text.format(self._device, over, len(self.map.kohm), FAIR_KOHM))

    def _on_toggled(self, on: bool) -> None:
        self._ask("impedance", {"on": on})
        self._timer.start() if on else self._timer.stop()

    def _ask(self, name: str, args: dict[str, Any]) -> None:
        if self._device:
            body = {"name": name, "args": args}
            self._client.post(f"devices/{self._device}/command", body, self.take, self._on_problem)

    def _on_problem(self, problem: Problem) -> None:
        self._timer.stop()
        self.measure.setChecked(False)
        self.result.setText(f"✖ {words(problem)}")
