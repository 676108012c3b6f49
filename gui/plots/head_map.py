"""Impedances on the head of the 10-20 system."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.widgets import theme

GOOD_KOHM, FAIR_KOHM = 10.0, 50.0
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
