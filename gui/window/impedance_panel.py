"""The impedance of every electrode, as a head."""

from __future__ import annotations

from functools import partial
from typing import Any

from PySide6.QtCore import QSignalBlocker, QTimer
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from acquire.server.api.models import StatusInfo
from acquire.serving.problem import Problem
from gui.client.client import EngineClient, words
from gui.plots.head_map import FAIR_KOHM, HeadMap
from gui.texts import tr
from gui.widgets.plain_label import PlainLabel

PERIOD_MS = 1000


class ImpedancePanel(QWidget):
    """Switches the measurement of a device on and off, and shows what it says."""

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self._client = client
        self._device = ""  # which one is asked
        self.devices = QComboBox()
        self.devices.setAccessibleName(tr("Amplifier"))
        self.devices.setVisible(False)
        self.map = HeadMap()
        none = tr("No amplifier of this rig measures impedances")
        self.result = PlainLabel(none, word_wrap=True, muted=True)
        self.measure = QPushButton(tr("Measure impedances"))
        self.measure.setCheckable(True)
        self.measure.setEnabled(False)
        self.measure.toggled.connect(self._on_toggled)
        self.devices.currentTextChanged.connect(self._choose)
        row = QHBoxLayout()
        row.addWidget(self.devices)
        row.addStretch(1)
        row.addWidget(self.measure)
        layout = QVBoxLayout(self)
        layout.addWidget(self.result)
        layout.addLayout(row)
        layout.addWidget(self.map, 1)
        self._timer = QTimer(self, interval=PERIOD_MS)
        self._timer.timeout.connect(partial(self._ask, "status", {}))

    def show_status(self, status: StatusInfo) -> None:
        """Offer the devices that have a stream of impedances; one alone needs no choice."""
        names = sorted({s.device for s in status.streams if s.device and s.type == "Impedance"})
        if names == [self.devices.itemText(n) for n in range(self.devices.count())]:
            return
        with QSignalBlocker(self.devices):
            self.devices.clear()
            self.devices.addItems(names)
            if self._device in names:
                self.devices.setCurrentText(self._device)
        self.devices.setVisible(len(names) > 1)
        self.measure.setEnabled(bool(names))
        self._choose(self.devices.currentText())

    def take(self, device: str, answer: Any) -> None:
        """Show what a device answered: kΩ by channel."""
        if device != self._device or not self.measure.isChecked():
            return  # late: it is not asked any more
        found = answer.get("answer", {}).get("impedance_kohm", {})
        self.map.show_impedances({k: float(v) for k, v in found.items() if v is not None})
        if not self.map.kohm:
            self.result.setText(tr("{}: no electrode is measured yet").format(device))
            return
        over = sum(v > FAIR_KOHM for v in self.map.kohm.values())
        text = tr("{}: {} of {} above {:g} kΩ")
        self.result.setText(text.format(device, over, len(self.map.kohm), FAIR_KOHM))

    def _choose(self, device: str) -> None:
        """Go on with another amplifier; the one before sends its signals again."""
        if device == self._device:
            return
        self.measure.setChecked(False)
        self._device = device
        self.map.show_impedances({})
        self.result.setText(device or tr("No amplifier of this rig measures impedances"))

    def _on_toggled(self, on: bool) -> None:
        self._ask("impedance", {"on": on})
        self._timer.start() if on else self._timer.stop()

    def _ask(self, name: str, args: dict[str, Any]) -> None:
        if self._device:
            body = {"name": name, "args": args}
            done = partial(self.take, self._device)
            self._client.post(f"devices/{self._device}/command", body, done, self._on_problem)

    def _on_problem(self, problem: Problem) -> None:
        self._timer.stop()
        self.measure.setChecked(False)
        self.result.setText(f"✖ {words(problem)}")
