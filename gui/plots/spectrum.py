"""The spectrum of the shown EEG channels, and the power in its bands."""

from __future__ import annotations

import math
from html import escape

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QMenu, QSizePolicy, QStackedLayout, QWidget

from devices.arrays import F64Array
from gui.plots import save_dialog, saving
from gui.signals.spectra import BANDS, Spectrum
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.focus_ring import FocusRing
from gui.widgets.plain_label import PlainLabel

HIGHEST_HZ = 60.0
BARS_HEIGHT = 116
_KEYS = {
    Qt.Key.Key_Plus: (0.8, 0.0),
    Qt.Key.Key_Minus: (1.25, 0.0),
    Qt.Key.Key_Left: (1.0, -0.2),
    Qt.Key.Key_Right: (1.0, 0.2),
}
"""How much of the hertz a key shows, and by how much of them it moves."""


class SpectrumView(QWidget):
    """One line a channel, their mean in front; decibels against hertz.

    The wheel, a drag and keys choose another part; it stays until all is shown again.
    """

    said = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.spectrum: Spectrum | None = None
        self._chosen = False  # the user looks at a part
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Spectrum"))
        self.setToolTip(
            tr("Welch: Hann windows of 2 s that overlap by half, of the last 8 s, as filtered")
            + "\n"
            + tr("Wheel and drag, or +, −, Left, Right: a part of it. Double click or Home: all")
            + "\n"
            + tr("Right click, or the menu key: save")
        )
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.graphics = pg.GraphicsView(background=None)
        self.graphics.setAntialiasing(True)
        self.graphics.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        grid = pg.GraphicsLayout()
        grid.setContentsMargins(0, 4, 8, 4)
        self.graphics.setCentralItem(grid)
        self.plot = grid.addPlot(0, 0, enableMenu=False)
        self.plot.hideButtons()
        self.plot.setLimits(xMin=0)
        self.plot.getAxis("left").setWidth(40)
        self.plot.vb.sigRangeChangedManually.connect(self._on_hand)
        self._curves: list[pg.PlotCurveItem] = []
        self._mean = pg.PlotCurveItem()
        self._mean.setZValue(1)
        self.plot.addItem(self._mean)
        self.bands = grid.addPlot(1, 0, enableMenu=False)
        self._prepare_bands(grid)
        none = tr("No EEG channel is shown, or not for 2\u00a0s yet")
        self._none = PlainLabel(none, word_wrap=True, muted=True)
        self._none.setMargin(12)
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._none)
        self._stack.addWidget(self.graphics)
        self._ring = FocusRing(self)
        self._dress()

    def _prepare_bands(self, grid: pg.GraphicsLayout) -> None:
        grid.layout.setRowFixedHeight(1, BARS_HEIGHT)
        self.bands.hideButtons()
        self.bands.setMouseEnabled(x=False, y=False)
        self.bands.hideAxis("left")
        # Two lines for each band, of which pyqtgraph does not know.
        two_lines = 2 * self.fontMetrics().lineSpacing() + 4
        self.bands.getAxis("bottom").setStyle(tickTextHeight=two_lines, autoReduceTextSpace=False)
        self.bands.setRange(xRange=(-0.5, len(BANDS) - 0.5), yRange=(0, 1.6), padding=0)
        self._all = pg.BarGraphItem(x=range(len(BANDS)), height=1.0, width=0.8)
        self._bars = pg.BarGraphItem(x=range(len(BANDS)), height=0.0, width=0.8)
        self._shares = [pg.TextItem(anchor=(0.5, 1)) for _ in BANDS]
        for item in (self._all, self._bars, *self._shares):
            self.bands.addItem(item, ignoreBounds=True)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Prefer a small panel."""
        return QSize(240, 240)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Be large enough to be read."""
        return QSize(160, 190)

    def show_spectra(self, found: tuple[Spectrum, ...]) -> None:
        """Show the first of them."""
        self.spectrum = found[0] if found else None
        self._stack.setCurrentWidget(self.graphics if found else self._none)
        if self.spectrum is not None:
            self._show_lines(self.spectrum)
            self._show_bands(self.spectrum)

    def show_all(self) -> None:
        """Show the whole spectrum again."""
        self._chosen = False
        self.show_spectra(() if self.spectrum is None else (self.spectrum,))

    def save(self) -> None:
        """Ask where to save it."""
        if (spectrum := self.spectrum) is not None:
            save_dialog.ask(
                self,
                tr("spectrum"),
                self.graphics,
                lambda: saving.spectrum_rows(spectrum),
                self.said.emit,
            )

    def _on_hand(self) -> None:
        self._chosen = True

    def _show_lines(self, spectrum: Spectrum) -> None:
        inside = spectrum.hz >= 0.5
        hz, decibels = spectrum.hz[inside], to_decibels(spectrum.power[inside])
        while len(self._curves) < decibels.shape[1]:
            self._curves.append(pg.PlotCurveItem(pen=self._faint()))
            self.plot.addItem(self._curves[-1])
        for number, curve in enumerate(self._curves):
            there = number < decibels.shape[1]
            curve.setVisible(there)
            if there:
                curve.setData(hz, decibels[:, number])
        self._mean.setData(hz, to_decibels(spectrum.power[inside].mean(axis=1)))
        self.plot.setLabel("bottom", tr("Hz, dB of {}²/Hz").format(_unit_of(spectrum)))
        if not self._chosen:
            seen = decibels[hz <= HIGHEST_HZ]
            low = 10 * math.floor(float(np.percentile(seen, 2)) / 10)
            high = max(low + 10, 10 * math.ceil(float(seen.max()) / 10))
            self.plot.setRange(xRange=(0, HIGHEST_HZ), yRange=(low, high), padding=0)

    def _show_bands(self, spectrum: Spectrum) -> None:
        powers = {name: float(np.median(spectrum.band_power(name))) for name in BANDS}
        total = sum(powers.values()) or 1.0
        self._bars.setOpts(height=[power / total for power in powers.values()])
        ticks = [f"{name}\n{power:.3g}" for name, power in powers.items()]
        self.bands.getAxis("bottom").setTicks([list(enumerate(ticks))])
        for number, (text, power) in enumerate(zip(self._shares, powers.values(), strict=True)):
            text.setText(f"{power / total:.0%}")
            text.setPos(number, power / total)
        self.bands.setLabel(
            "bottom", tr("band power, {}², median of channels").format(_unit_of(spectrum))
        )

    # Looks and hands.

    @staticmethod
    def _faint() -> object:
        faint = theme.colour("accent")
        faint.setAlpha(70)
        return pg.mkPen(faint, width=1)

    def _dress(self) -> None:
        self.graphics.setBackground(theme.colour("panel"))
        for curve in self._curves:
            curve.setPen(self._faint())
        self._mean.setPen(pg.mkPen(theme.colour("text"), width=2))
        self._all.setOpts(brush=theme.colour("line"), pen=None)
        self._bars.setOpts(brush=theme.colour("accent"), pen=None)
        for text in self._shares:
            text.setColor(theme.colour("text"))
            text.setFont(self.font())
        for plot in (self.plot, self.bands):
            for name in ("left", "bottom"):
                axis = plot.getAxis(name)
                axis.setPen(theme.colour("line"))
                axis.setTextPen(theme.colour("muted"))
                axis.setTickFont(self.font())
                axis.setStyle(tickLength=-4 if plot is self.plot else 0)
                axis.label.setFont(self.font())
                axis.enableAutoSIPrefix(False)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take other colours where light and dark change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Show all of it again."""
        self.show_all()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Choose a part as the hand does; the rest is for the window."""
        if (part := _KEYS.get(Qt.Key(event.key()))) is not None:
            zoom, shift = part
            self._chosen = True
            self.plot.vb.scaleBy(x=zoom)
            self.plot.vb.translateBy(x=shift * self.plot.vb.viewRect().width())
        elif event.key() == Qt.Key.Key_Home:
            self.show_all()
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:  # noqa: N802
        """Offer what can be done with it."""
        menu = QMenu(self)
        menu.addAction(tr("Show all of it")).triggered.connect(lambda _=False: self.show_all())
        save = menu.addAction(tr("Save as picture or table…"))
        save.setEnabled(self.spectrum is not None)
        save.triggered.connect(lambda _=False: self.save())
        menu.exec(event.globalPos())


def to_decibels(power: F64Array) -> F64Array:
    """Give powers in dB; what is below 1e-12 is shown as that."""
    found: F64Array = 10 * np.log10(np.maximum(power, 1e-12))
    return found


def _unit_of(spectrum: Spectrum) -> str:
    """Give what an axis shows as the unit, which a stream names: an axis renders HTML."""
    return escape(spectrum.unit) or "1"
