"""The spectrum of the shown EEG channels, and the power in its bands."""

from __future__ import annotations

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.signals.spectra import BANDS, Spectrum
from gui.texts import tr
from gui.widgets import theme

HIGHEST_HZ = 60.0
LEFT, BOTTOM, BARS = 40, 36, 76


class SpectrumView(QWidget):
    """One line a channel, their mean in front; decibels against hertz."""

    def __init__(self) -> None:
        super().__init__()
        self._spectrum: Spectrum | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(tr("Spectrum"))
        self.setToolTip(
            tr("Welch: Hann windows of 2 s that overlap by half, of the last 8 s, as filtered")
        )

    def sizeHint(self) -> QSize:  # noqa: N802
        """Prefer a small panel."""
        return QSize(240, 220)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Be large enough to be read."""
        return QSize(160, 160)

    def show_spectra(self, found: tuple[Spectrum, ...]) -> None:
        """Show the first of them."""
        self._spectrum = found[0] if found else None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint everything."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.colour("panel"))
        spectrum = self._spectrum
        if spectrum is None:
            painter.setPen(theme.colour("muted"))
            text = tr("No EEG channel is shown, or not for 2 s yet")
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(12, 0, -12, 0), flags, text)
            return
        plot = QRectF(LEFT, 8, self.width() - LEFT - 8, self.height() - BOTTOM - BARS)
        self._paint_lines(painter, plot, spectrum)
        self._paint_bands(painter, spectrum)

    def _paint_lines(self, painter: QPainter, plot: QRectF, spectrum: Spectrum) -> None:
        inside = (spectrum.hz >= 0.5) & (spectrum.hz <= HIGHEST_HZ)
        hz = spectrum.hz[inside]
        decibels = 10 * np.log10(np.maximum(spectrum.power[inside], 1e-12))
        low = 10 * math.floor(float(np.percentile(decibels, 2)) / 10)
        high = 10 * math.ceil(float(decibels.max()) / 10)
        span = max(high - low, 10)
        painter.setPen(theme.colour("muted"))
        for tick in range(0, int(HIGHEST_HZ) + 1, 10):
            x = plot.left() + tick / HIGHEST_HZ * plot.width()
            box = QRectF(x - 16, plot.bottom() + 2, 32, 14)
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(tick))
        painter.drawText(
            QRectF(plot.left(), plot.bottom() + 16, plot.width(), 14),
            Qt.AlignmentFlag.AlignRight,
            tr("Hz, dB of {}²/Hz").format(spectrum.unit or "1"),
        )
        every = 10 if span <= 40 else 20
        for tick in range(low, high + 1, every):
            y = plot.bottom() - (tick - low) / span * plot.height()
            painter.setPen(theme.colour("line"))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(theme.colour("muted"))
            box = QRectF(0, y - 7, LEFT - 6, 14)
            painter.drawText(
                box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(tick)
            )
        faint = theme.colour("accent")
        faint.setAlpha(70)
        mean = 10 * np.log10(np.maximum(spectrum.power[inside].mean(axis=1), 1e-12))
        lines = [(decibels[:, k], QPen(faint, 1)) for k in range(decibels.shape[1])]
        for values, pen in (*lines, (mean, QPen(theme.colour("text"), 2))):
            xs = plot.left() + hz / HIGHEST_HZ * plot.width()
            ys = plot.bottom() - (np.maximum(values, low) - low) / span * plot.height()
            painter.setPen(pen)
            points = zip(xs.tolist(), ys.tolist(), strict=True)
            painter.drawPolyline(QPolygonF([QPointF(x, y) for x, y in points]))

    def _paint_bands(self, painter: QPainter, spectrum: Spectrum) -> None:
        powers = {name: float(np.median(spectrum.band_power(name))) for name in BANDS}
        total = sum(powers.values()) or 1.0
        width = (self.width() - 16) / len(powers)
        top = self.height() - BARS + 4
        for number, (name, power) in enumerate(powers.items()):
            box = QRectF(8 + number * width, top, width - 6, BARS - 8)
            bar = QRectF(box.left(), box.top() + 18, box.width() * power / total, 8)
            painter.fillRect(
                QRectF(box.left(), box.top() + 18, box.width(), 8), theme.colour("line")
            )
            painter.fillRect(bar, theme.colour("accent"))
            painter.setPen(theme.colour("text"))
            painter.drawText(box, Qt.AlignmentFlag.AlignTop, f"{name} {power / total:.0%}")
            painter.setPen(theme.colour("muted"))
            below = QRectF(box.left(), box.top() + 30, box.width(), 16)
            painter.drawText(below, Qt.AlignmentFlag.AlignTop, f"{power:.3g}")
        painter.setPen(theme.colour("muted"))
        painter.drawText(
            QRectF(8, top + 48, self.width() - 16, 16),
            Qt.AlignmentFlag.AlignTop,
            tr("band power, {}², median of channels").format(spectrum.unit or "1"),
        )
