"""Impedances on the head of the 10-20 system."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QTextOption
from PySide6.QtWidgets import QMenu, QSizePolicy, QVBoxLayout, QWidget

from gui.plots import save_dialog, saving
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.focus_ring import FocusRing

GOOD_KOHM, FAIR_KOHM = 10.0, 50.0
REACH, ELECTRODE = 1.25, 0.29
"""How far the picture reaches and how wide an electrode is; the head's radius is 1."""
LABEL_PX = 52
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

    said = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.kohm: Mapping[str, float] = {}
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Impedances"))
        self.setToolTip(tr("Right click, or the menu key: save"))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.graphics = pg.GraphicsView(background=None)
        self.graphics.setAntialiasing(True)
        self.graphics.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        view = pg.ViewBox(enableMouse=False, enableMenu=False, lockAspect=True)
        view.setRange(xRange=(-REACH, REACH), yRange=(-REACH, REACH), padding=0)
        self.graphics.setCentralItem(view)
        self._head, self._nose = pg.PlotCurveItem(), pg.PlotCurveItem()
        angles = np.linspace(0, 2 * np.pi, 121)
        self._head.setData(np.cos(angles), np.sin(angles))
        self._nose.setData(np.array([-0.08, 0.0, 0.08]), np.array([0.997, 1.1, 0.997]))
        self.electrodes = pg.ScatterPlotItem(pxMode=False, size=ELECTRODE)
        self._labels: list[pg.TextItem] = []
        self._view = view
        for item in (self._head, self._nose, self.electrodes):
            view.addItem(item, ignoreBounds=True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.graphics)
        self._ring = FocusRing(self)
        self._dress()

    def sizeHint(self) -> QSize:  # noqa: N802
        """Prefer a square."""
        return QSize(260, 260)

    def show_impedances(self, kohm: Mapping[str, float]) -> None:
        """Show these."""
        self.kohm = kohm
        placed = [(label, value, at) for label, value in kohm.items() if (at := position(label))]
        self.electrodes.setData(
            pos=[at for _, _, at in placed],
            brush=[pg.mkBrush(theme.mixed(token_of(value), 0.35)) for _, value, _ in placed],
            pen=None,
        )
        while len(self._labels) < len(placed):
            self._labels.append(_centred(self._view))
        for text, (label, value, at) in zip(self._labels, placed, strict=False):
            text.setText(f"{label}\n{value:.0f}")
            text.setColor(theme.colour("text"))
            text.setPos(*at)
            text.setVisible(True)
        for text in self._labels[len(placed) :]:
            text.setVisible(False)

    def save(self) -> None:
        """Ask where to save them as they are now."""
        kohm = dict(self.kohm)
        save_dialog.ask(
            self,
            tr("impedances"),
            self.graphics,
            lambda: saving.impedance_rows(kohm),
            self.said.emit,
        )

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Offer to save what is shown."""
        menu = QMenu(self)
        save = menu.addAction(tr("Save as picture or table…"))
        save.setEnabled(bool(self.kohm))
        save.triggered.connect(lambda _=False: self.save())
        menu.exec(event.globalPos())

    def _dress(self) -> None:
        self.graphics.setBackground(theme.colour("panel"))
        for curve in (self._head, self._nose):
            curve.setPen(pg.mkPen(theme.colour("line"), width=2))
        self.show_impedances(self.kohm)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take other colours where light and dark change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()


def _centred(view: pg.ViewBox) -> pg.TextItem:
    """Make a text whose lines are centred."""
    text = pg.TextItem(anchor=(0.5, 0.5))
    text.textItem.document().setDefaultTextOption(QTextOption(Qt.AlignmentFlag.AlignHCenter))
    text.textItem.setTextWidth(LABEL_PX)
    view.addItem(text, ignoreBounds=True)
    return text


def token_of(kohm: float) -> str:
    """Give the colour of an impedance."""
    return "alive" if kohm <= GOOD_KOHM else "warning" if kohm <= FAIR_KOHM else "failed"
