"""A picture as large as there is room for, with its histogram and boxes over it."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from devices.arrays import F64Array
from gui.widgets import theme

BINS = 64
SHADE = 160
"""How dense what lies under a box's line is, of 255: the line is seen on every picture."""


class PictureView(QWidget):
    """The picture, its histogram, the box for the face and the box of a face."""

    def __init__(self, text: str, *, with_histogram: bool = False) -> None:
        super().__init__()
        self.image: QImage | None = None
        self._text, self._with_histogram = text, with_histogram
        self._guide = False
        self._face: Share | None = None
        self._histogram: F64Array = np.zeros(BINS)
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Be as high as the picture asks for."""
        if self.image is None:
            return width * 3 // 4
        return round(width * self.image.height() / max(1, self.image.width()))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Prefer a small tile."""
        return QSize(240, self.heightForWidth(240))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Be large enough to see a face."""
        return QSize(160, 120)

    def show_picture(self, image: QImage) -> None:
        """Show a picture."""
        before, self.image = self.image, image
        if before is None or before.size() != image.size():
            self.updateGeometry()
        self._histogram = histogram(image)
        self.update()

    def show_text(self, text: str) -> None:
        """Say why there is none."""
        self.image, self._text = None, text
        self.update()

    def show_guide(self, on: bool) -> None:
        """Show where the face should be."""
        self._guide = on
        self.update()

    def show_face(self, face: Share | None) -> None:
        """Show where a face was seen."""
        self._face = face
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Paint everything."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.fillRect(self.rect(), theme.colour("ground"))
        if self.image is None:
            painter.setPen(theme.colour("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect(), flags, self._text)
            return
        size = self.image.size().scaled(self.size(), Qt.AspectRatioMode.KeepAspectRatio)
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        place = QRectF(left, top, size.width(), size.height())
        painter.drawImage(place, self.image)
        if self._with_histogram:
            self._paint_histogram(painter, place)
        if self._guide:
            self._paint_box(painter, place, GUIDE, dash=6)
        if self._face is not None:
            self._paint_box(painter, place, self._face)

    def _paint_box(self, painter: QPainter, place: QRectF, share: Share, dash: int = 0) -> None:
        x, y, width, height = share
        box = QRectF(
            place.left() + x * place.width(),
            place.top() + y * place.height(),
            width * place.width(),
            height * place.height(),
        ).intersected(place.adjusted(1, 1, -1, -1))
        shade = theme.colour("ground")
        shade.setAlpha(SHADE)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for colour, thick in ((shade, 4), (theme.colour("accent"), 2)):
            pen = QPen(colour, thick)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            if dash:
                pen.setDashPattern([dash / thick, dash / thick])
            painter.setPen(pen)
            painter.drawRect(box)

    def _paint_histogram(self, painter: QPainter, place: QRectF) -> None:
        box = QRectF(place.left() + 4, place.bottom() - 34, 80, 30)
        ground = theme.colour("ground")
        ground.setAlpha(180)
        painter.fillRect(box, ground)
        points = [QPointF(box.left(), box.bottom())]
        points += [
            QPointF(
                box.left() + (k + 0.5) * box.width() / BINS, box.bottom() - v * (box.height() - 2)
            )
            for k, v in enumerate(self._histogram.tolist())
        ]
        points.append(QPointF(box.right(), box.bottom()))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("text"))
        painter.drawPolygon(QPolygonF(points))


def histogram(image: QImage) -> F64Array:
    """Count brightness, dark to bright, shape (64,); the largest bin is 1."""
    gray = image.convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(gray.constBits(), np.uint8).reshape(gray.height(), gray.bytesPerLine())
    counts, _ = np.histogram(rows[:, : gray.width()], BINS, (0, 256))
    found: F64Array = counts / max(1, int(counts.max()))
    return found


GUIDE = (0.25, 0.06, 0.50, 0.88)
"""Where a face should be: left, top, width, height, as shares of the picture."""

Share = tuple[float, float, float, float]
"""Left, top, width, height as shares of the picture; a face may reach beyond it."""
