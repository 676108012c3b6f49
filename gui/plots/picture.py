"""A picture as large as there is room for, with its histogram and boxes over it."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from devices.arrays import F64Array, U8Array
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel

BINS = 64
SHADE = 160
"""How dense what lies under a box's line is, of 255: the line is seen on every picture."""


class PictureView(QWidget):
    """The picture, its histogram, the box for the face and the box of a face."""

    def __init__(
        self, text: str, *, with_histogram: bool = False, highest: float | None = None
    ) -> None:
        """Show `text` until there is a picture.

        Args:
            text: why there is none.
            with_histogram: shows that of its brightness, too.
            highest: the share of its width that it is high at most; a picture that is higher
                stands between two margins.
        """
        super().__init__()
        self._highest = highest
        self.image: QImage | None = None
        self._guide_wanted = False
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        # Without a layout: Qt would ask that, and not this view, how high it is to be.
        self.graphics = pg.GraphicsView(self, background=None)
        self.graphics.hide()
        self.graphics.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        self.graphics.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        # Clicks are for whoever holds this view.
        self.graphics.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.view = pg.ViewBox(enableMouse=False, enableMenu=False, lockAspect=True, invertY=True)
        self.graphics.setCentralItem(self.view)
        self._picture = pg.ImageItem(axisOrder="row-major")
        self.view.addItem(self._picture, ignoreBounds=True)
        self._guide, self._face = FaceBox(self.view, dash=6), FaceBox(self.view)
        self._histogram = HistogramItem(self.view) if with_histogram else None
        self._text = PlainLabel(text, word_wrap=True, muted=True)
        self._text.setParent(self)
        self._text.setMargin(8)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._dress()

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Be as high as the picture asks for, and may be."""
        if self.image is None:
            return width * 3 // 4
        share = self.image.height() / max(1, self.image.width())
        return round(width * (share if self._highest is None else min(share, self._highest)))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Prefer a small tile."""
        return QSize(240, self.heightForWidth(240))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Be large enough to see a face."""
        return QSize(160, 120)

    def show_picture(self, image: QImage) -> None:
        """Show a picture."""
        before, self.image = self.image, image
        # Eight bits a colour are shown as they are: no levels, no look-up.
        self._picture.setImage(_pixels(image), levels=None)
        if before is None or before.size() != image.size():
            width, height = image.width(), image.height()
            self.view.setRange(xRange=(0, width), yRange=(0, height), padding=0)
            self._guide.show_share(GUIDE if self._guide_wanted else None, image)
            self.updateGeometry()
        if self._histogram is not None:
            self._histogram.show_counts(histogram(image), image.height())
        self._show(self.graphics)

    def show_text(self, text: str) -> None:
        """Say why there is none."""
        self.image = None
        self._text.setText(text)
        self._show(self._text)

    def _show(self, one: QWidget) -> None:
        for child in (self._text, self.graphics):
            child.setVisible(child is one)

    def show_guide(self, on: bool) -> None:
        """Show where the face should be."""
        self._guide_wanted = on
        self._guide.show_share(GUIDE if on else None, self.image)

    def show_face(self, face: Share | None) -> None:
        """Show where a face was seen."""
        self._face.show_share(face, self.image)

    def _dress(self) -> None:
        self.graphics.setBackground(theme.colour("ground"))
        for part in (self._guide, self._face, self._histogram):
            if part is not None:
                part.dress()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Give picture or words all the room."""
        for child in (self._text, self.graphics):
            child.setGeometry(self.rect())

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take other colours where light and dark change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._dress()


class FaceBox:
    """A box over a picture: a line, and a shade under it that is seen on every picture."""

    def __init__(self, view: pg.ViewBox, dash: int = 0) -> None:
        self._dash = dash
        self._boxes = [pg.ROI((0, 0), (1, 1), movable=False, resizable=False) for _ in range(2)]
        for box in self._boxes:
            box.setVisible(False)
            view.addItem(box, ignoreBounds=True)

    def dress(self) -> None:
        """Take the colours that there are now."""
        shade = theme.colour("ground")
        shade.setAlpha(SHADE)
        colours = (shade, 4), (theme.colour("accent"), 2)
        for box, (colour, thick) in zip(self._boxes, colours, strict=True):
            pen = pg.mkPen(colour, width=thick)
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            if self._dash:
                pen.setDashPattern([self._dash / thick, self._dash / thick])
            box.setPen(pen)

    def show_share(self, share: Share | None, image: QImage | None) -> None:
        """Show a part of a picture, as far as it lies within it; None shows nothing."""
        there = share is not None and image is not None
        for box in self._boxes:
            box.setVisible(there)
            if share is not None and image is not None:
                x0, y0 = (max(0.0, at) for at in share[:2])
                x1, y1 = (
                    min(1.0, at + size) for at, size in zip(share[:2], share[2:], strict=True)
                )
                width, height = image.width(), image.height()
                box.setPos((x0 * width, y0 * height))
                box.setSize((max(0.0, x1 - x0) * width, max(0.0, y1 - y0) * height))


class HistogramItem(pg.GraphicsObject):
    """The histogram in the lower left corner of a view, in the view's pixels."""

    def __init__(self, view: pg.ViewBox) -> None:
        super().__init__()
        self._view, self._counts = view, np.zeros(BINS)
        self._height = 0  # of the picture, whose corner it lies in
        self.setParentItem(view)
        self.setZValue(10)
        view.sigTransformChanged.connect(lambda _: self._place())

    def dress(self) -> None:
        """Take the colours that there are now."""
        self.update()

    def show_counts(self, counts: F64Array, height: int) -> None:
        """Show these counts, shape (64,), the largest being 1, of a picture of this height."""
        self._counts, self._height = counts, height
        self._place()
        self.update()

    def _place(self) -> None:
        corner = self._view.mapFromView(QPointF(0, self._height))
        self.setPos(corner.x() + 4, corner.y() - 34)

    def boundingRect(self) -> QRectF:  # noqa: N802
        """Give its room."""
        return QRectF(0, 0, 80, 30)

    def paint(self, painter: QPainter, *_: object) -> None:
        """Paint dark to bright."""
        box = self.boundingRect()
        ground = theme.colour("ground")
        ground.setAlpha(180)
        painter.fillRect(box, ground)
        tops = box.bottom() - self._counts * (box.height() - 2)
        xs = box.left() + (np.arange(BINS) + 0.5) * box.width() / BINS
        points = [QPointF(x, y) for x, y in zip(xs.tolist(), tops.tolist(), strict=True)]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("text"))
        painter.drawPolygon(QPolygonF([box.bottomLeft(), *points, box.bottomRight()]))


def _pixels(image: QImage) -> U8Array:
    """Give a picture as an array, shape (height, width, 3), which owns its memory."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), rgb.bytesPerLine())
    return rows[:, : 3 * rgb.width()].reshape(rgb.height(), rgb.width(), 3).copy()


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
