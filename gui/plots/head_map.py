"""Impedances on the head of the 10-20 system."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from functools import partial
from typing import Any

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from acquire.server.api.models import Problem, StatusInfo
from gui.client.client import EngineClient, words
from gui.texts import tr
from gui.widgets import theme

GOOD_KOHM, FAIR_KOHM = 10.0, 50.0
PERIOD_MS = 1000
_OLD = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
_ROWS = {
    "N": 1.08, "FP": 0.90, "AF": 0.70, "F": 0.46, "FT": 0.23, "FC": 0.23, "T": 0.0, "C": 0.0,
    "TP": -0.23, "CP": -0.23, "P": -0.46, "PO": -0.70, "O": -0.90, "I": -1.08,
}  # fmt: skip


def position(label: str) -> tuple[float, float] | None:
    """Give where an electrode of the 10-20 or 10-10 system is, seen from above.

    Returns:
        x to the right ear and y to the nose, the head being the unit circle; None for other names.
    """
    name = _OLD.get(label.upper(), label.upper())
    match = re.fullmatch(r"([A-Z]+?)(Z|\d{1,2})", name)
    if match is None or match[1] not in _ROWS:
        return None
    y = _ROWS[match[1]]
    if match[2] == "Z":
        return 0.0, y
    number = int(match[2])
    steps = (number + 1) // 2
    if not 1 <= steps <= 5:
        return None
    widest = math.sqrt(max(0.0, 1 - min(abs(y), 0.95) ** 2))
    share = steps / 4 if abs(y) < 0.8 else steps / 1.05
    x = 0.92 * widest * share
    return (x if number % 2 == 0 else -x), y * (1 - 0.08 * min(share, 1.0))


class HeadMap(QWidget):
    """Electrodes as circles, coloured and labelled by their impedance in kΩ."""

    def __init__(self) -> None:
        super().__init__()
        self.kohm: Mapping[str, float] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Prefer a square."""
        return QSize(260, 260)

    def show_impedances(self, kohm: Mapping[str, float]) -> None:
        """Show these."""
        self.kohm = kohm
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint everything."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.colour("panel"))
        radius = min(self.width(), self.height()) / 2.5
        centre = QPointF(self.width() / 2, self.height() / 2)
        painter.setPen(QPen(theme.colour("line"), 2))
        painter.drawEllipse(centre, radius, radius)
        nose = [QPointF(-8, -radius + 1), QPointF(0, -radius - 10), QPointF(8, -radius + 1)]
        painter.drawPolyline([centre + point for point in nose])
        size = max(11.0, radius / 8)
        for label, kohm in self.kohm.items():
            if (place := position(label)) is None:
                continue
            at = centre + QPointF(place[0] * radius, -place[1] * radius)
            token = "alive" if kohm <= GOOD_KOHM else "warning" if kohm <= FAIR_KOHM else "failed"
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.mixed(token, 0.35))
            painter.drawEllipse(at, size, size)
            painter.setPen(theme.colour("text"))
            box = QRectF(at.x() - 22, at.y() - 14, 44, 28)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, f"{label}\n{kohm:.0f}")


class ImpedancePanel(QWidget):
    """Switches the measurement of a device on and off, and shows what it says."""

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self._client = client
        self._device = ""
        self.map = HeadMap()
        self.said = QLabel(tr("No amplifier of this rig measures impedances"))
        self.said.setWordWrap(True)
        theme.mark(self.said, "muted", True)
        self.measure = QPushButton(tr("Measure impedances"))
        self.measure.setCheckable(True)
        self.measure.setEnabled(False)
        self.measure.toggled.connect(self._on_toggled)
        row = QHBoxLayout()
        row.addWidget(self.said, 1)
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
            self.said.setText(self._device or tr("No amplifier of this rig measures impedances"))

    def take(self, answer: Any) -> None:
        """Show what the driver answered: kΩ by channel."""
        found = answer.get("answer", {}).get("impedance_kohm", {})
        self.map.show_impedances({k: float(v) for k, v in found.items() if v is not None})
        over = sum(v > FAIR_KOHM for v in self.map.kohm.values())
        text = tr("{}: {} of {} above {:g} kΩ")
        self.said.setText(text.format(self._device, over, len(self.map.kohm), FAIR_KOHM))

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
        self.said.setText(f"✖ {words(problem)}")
