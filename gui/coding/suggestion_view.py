"""The suggestion at the cursor: its rank, its place, its trace, dim; and what it is worth."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.coding.suggested import AROUND_S, Curve, Suggested
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel

HEIGHT = 56
_LEAST_PX = 2.0  # of the trace's axis: noise does not fill it


class SuggestionView(QWidget):
    """Hidden where there are no suggestions."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Suggestions"))
        self.text, self.worth = PlainLabel(word_wrap=True), PlainLabel(word_wrap=True)
        self.trace = TraceView()
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        for widget in (self.text, self.trace, self.worth):
            box.addWidget(widget)
        for label in (self.text, self.worth):
            theme.mark(label, "muted", True)
        self.worth.setText(
            tr(
                "Suggestions, never labels: on micro-expressions the best methods known reach an "
                "F1 of about 0.25. H next by rank   Y use this one"
            )
        )
        self.hide()

    def show_count(self, count: int, by: str) -> None:
        """Say how many there are, and what the regions come from."""
        self._count, self._by = count, by
        self.setVisible(count > 0)

    def show_one(self, one: Suggested | None, curve: Curve | None) -> None:
        """Show the suggestion at the cursor, or that there is none."""
        self.trace.show_curve(curve)
        if one is None:
            self.text.setText(tr("no suggestion here; {} in all").format(self._count))
            return
        words = tr("suggestion {} of {}: {}, {} px (by {})")
        size = f"{one.height_px:.1f}"
        self.text.setText(words.format(one.rank, self._count, one.place, size, self._by))

    _count, _by = 0, ""


class TraceView(QWidget):
    """How far a place is from rest around one suggestion."""

    def __init__(self) -> None:
        super().__init__()
        self._curve: Curve | None = None
        self.setFixedHeight(HEIGHT)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Take the width there is."""
        return QSize(200, HEIGHT)

    def show_curve(self, curve: Curve | None) -> None:
        """Show another trace, or none."""
        self._curve = curve
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint the trace over its interval."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.colour("panel"))
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(0, self.height() - 1, self.width(), self.height() - 1)
        if self._curve is None or len(self._curve.times) < 2:
            return
        curve, muted = self._curve, QColor(theme.colour("muted"))
        left, right = self._x(curve.onset), self._x(curve.offset)
        fill = QColor(muted)
        fill.setAlpha(40)
        painter.fillRect(QRectF(left, 0, right - left, self.height()), fill)
        painter.setPen(QPen(muted, 1))
        painter.drawLine(QPointF(self._x(curve.apex), 0), QPointF(self._x(curve.apex), 4))
        top = max(_LEAST_PX, 1.1 * float(np.nanmax(curve.sizes, initial=0.0)))
        painter.setPen(QPen(muted, 1.5))
        painter.drawPolyline(QPolygonF(self._points(curve, top)))
        painter.drawText(QPointF(4, 12), f"{top:.1f} px")
        painter.drawText(QPointF(self.width() - 44, 12), f"± {AROUND_S:g} s")

    def _points(self, curve: Curve, top: float) -> list[QPointF]:
        high = self.height() - 2
        return [
            QPointF(self._x(time), high * (1 - size / top) + 1)
            for time, size in zip(curve.times.tolist(), curve.sizes.tolist(), strict=True)
            if np.isfinite(size)
        ]

    def _x(self, time: float) -> float:
        assert self._curve is not None
        return self.width() * ((time - self._curve.apex) / AROUND_S + 1) / 2
