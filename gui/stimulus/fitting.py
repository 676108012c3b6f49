"""Texts that fit where they belong: whoever writes a protocol cannot know the screen."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QRectF, QSizeF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QTextOption

LEAST_PX = 8
SMALLER = 0.93
CENTRED = Qt.AlignmentFlag.AlignCenter


def font(pixels: float, *, bold: bool = False) -> QFont:
    """Give the font of a page."""
    found = QFont()
    found.setPixelSize(max(LEAST_PX, round(pixels)))
    found.setBold(bold)
    return found


def fitted(texts: Iterable[str], room: QSizeF, pixels: float, *, bold: bool = False) -> QFont:
    """Give the largest font, up to `pixels`, in which each of the texts fits when it is wrapped."""
    texts = [*texts]
    while True:
        found = font(pixels, bold=bold)
        metrics = QFontMetricsF(found)
        if pixels <= LEAST_PX or all(_fits(metrics, text, room) for text in texts):
            return found
        pixels *= SMALLER


def _fits(metrics: QFontMetricsF, text: str, room: QSizeF) -> bool:
    # Where a text may be wrapped Qt knows: between any two characters of Chinese, nowhere in a word
    # of Latin letters, which would be read wrongly; one that is too long sticks out.
    wrapped = metrics.boundingRect(QRectF(0, 0, room.width(), 1e6), Qt.TextFlag.TextWordWrap, text)
    return wrapped.width() <= room.width() and wrapped.height() <= room.height()


def draw_fitted(
    painter: QPainter,
    box: QRectF,
    text: str,
    pixels: float,
    *,
    bold: bool = False,
) -> None:
    """Draw a text, wrapped, smaller where it would be cut."""
    painter.setFont(fitted([text], box.size(), pixels, bold=bold))
    painter.drawText(box, CENTRED | Qt.TextFlag.TextWordWrap, text)


def draw_end(painter: QPainter, box: QRectF, text: str) -> None:
    """Draw a text that is being typed: its last lines, where there is no room for all."""
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    line = QFontMetricsF(painter.font()).lineSpacing()
    lines = max(1, int(box.height() / line))
    box = QRectF(box.left(), box.top(), box.width(), lines * line)
    whole = painter.boundingRect(QRectF(0, 0, box.width(), 1e6), text, option).height()
    painter.save()
    painter.setClipRect(box)
    painter.drawText(box.adjusted(0, min(0.0, box.height() - whole), 0, 0), text, option)
    painter.restore()
