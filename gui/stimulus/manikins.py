"""The pictures of the Self-Assessment Manikin (Bradley & Lang, 1994), drawn anew.

Nine steps of each dimension: the face from sad to glad (valence), the body from at rest to burst
open (arousal), the size from small to large (dominance).
"""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from acquire.protocol.scales import SAM_POINTS, Dimension


def draw_manikin(
    painter: QPainter, box: QRectF, dimension: Dimension, point: int, colour: QColor
) -> None:
    """Draw figure `point` (1 to 9) of a dimension into a square box."""
    share = (point - 1) / (SAM_POINTS - 1)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(box.center())
    scale = min(box.width(), box.height()) / 100.0
    if dimension == "dominance":
        scale *= 0.3 + 0.7 * share
    painter.scale(scale, scale)
    painter.setPen(QPen(colour, 3.0, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    _body(painter)
    match dimension:
        case "valence":
            _face(painter, 2 * share - 1, colour)
        case "arousal":
            _face(painter, 0.0, colour)
            _burst(painter, share, colour)
        case "dominance":
            _face(painter, 0.0, colour)
    painter.restore()


def _body(painter: QPainter) -> None:
    painter.drawEllipse(QPointF(0, -24), 20, 19)
    body = QPainterPath(QPointF(-30, 46))
    body.lineTo(-30, 18)
    body.quadTo(-30, -2, -12, -2)
    body.lineTo(12, -2)
    body.quadTo(30, -2, 30, 18)
    body.lineTo(30, 46)
    body.closeSubpath()
    painter.drawPath(body)
    for side in (-1, 1):
        painter.drawLine(QPointF(17 * side, 20), QPointF(17 * side, 46))


def _face(painter: QPainter, smile: float, colour: QColor) -> None:
    """Draw eyes, brows and a mouth: `smile` from -1 (sad) to 1 (glad)."""
    painter.setBrush(colour)
    for side in (-1, 1):
        painter.drawEllipse(QPointF(8 * side, -28), 1.6, 2.2)
        inner, outer = QPointF(4.5 * side, -35), QPointF(12 * side, -35)
        inner.setY(inner.y() + 3 * min(smile, 0))
        outer.setY(outer.y() - 3 * min(smile, 0))
        painter.drawLine(inner, outer)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    mouth = QPainterPath(QPointF(-9, -15 - 3 * smile))
    mouth.quadTo(0, -15 + 9 * smile, 9, -15 - 3 * smile)
    painter.drawPath(mouth)


def _burst(painter: QPainter, share: float, colour: QColor) -> None:
    """Draw what goes on inside: a point at rest, a star with rays beyond the body at the most."""
    centre = QPointF(0, 22)
    painter.setBrush(colour)
    painter.drawEllipse(centre, 1.5 + 2.5 * share, 1.5 + 2.5 * share)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    rays = round(12 * share) and 5 + round(9 * share)
    inner, outer = 5 + 3 * share, 7 + 15 * share
    for ray in range(rays):
        angle = 2 * math.pi * ray / rays
        way = QPointF(math.sin(angle), -math.cos(angle))
        reach = outer * (1.0 if ray % 2 else 0.72)
        painter.drawLine(centre + way * inner, centre + way * reach)
