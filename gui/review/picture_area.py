"""Paints a camera's picture: as it is, beside or over the pinned one, or what differs from it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from PySide6.QtCore import QPoint, QPointF, QRect, QSize, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from gui.texts import tr
from gui.widgets import theme
from recordings.arrays import U8Array
from recordings.review import develop
from recordings.review.develop import Box
from recordings.video.pixel_formats import Picture, PixelFormat

DIM = 0.28
"""How much is left of a picture that is not that of the moment."""
ZOOM_STEP = 1.25
LEAST_PX = 16
"""No less of a picture is shown."""


class Mode(StrEnum):
    """How the pinned picture is used."""

    PLAIN = "plain"
    BESIDE = "beside"
    GHOST = "ghost"
    FLICKER = "flicker"
    DIFFERENCE = "difference"


@dataclass(frozen=True, slots=True)
class Look:
    """How pictures are shown."""

    mode: Mode = Mode.PLAIN
    gamma: float = 1.0
    gain: float = 10.0


@dataclass(frozen=True, slots=True)
class Shown:
    """What there is to paint: a picture with its number, and what is written over it.

    `is_current`: it is the picture of this moment; else it is dimmed.
    """

    number: int = -1
    picture: Picture | None = None
    text: str = ""
    caption: str = ""
    is_current: bool = False


class PictureArea(QWidget):
    """Zooms by wheel, moves by dragging, shows all again on a double click."""

    pressed = Signal()

    def __init__(self, fmt: PixelFormat | None) -> None:
        super().__init__()
        self._fmt = fmt
        self.shown = Shown()
        self.pinned: tuple[int, Picture] | None = None
        self.look = Look()
        self.box: Box | None = None
        """What is shown of the picture; None = all."""
        self.is_flipped = False
        """In flicker: whether the pinned picture is on."""
        self.painted = -1
        """Number of the picture that was painted last as the current one; −1 = none was."""
        self.is_painted = False
        """Whether what there is to show has been painted."""
        self._image: QImage | None = None
        self._drag: QPointF | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setCursor(Qt.CursorShape.CrossCursor)

    def sizeHint(self) -> QSize:  # noqa: N802
        """Take what there is."""
        return QSize(480, 320)

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Be large enough to see a face."""
        return QSize(160, 120)

    def show_what(self, shown: Shown) -> None:
        """Show a picture, or say why there is none."""
        image, before = self._image, self.shown.picture
        self.shown = shown
        self._renew()
        if shown.picture is before and self.look.mode is Mode.PLAIN:
            self._image = image  # only dimmed, or no longer

    def set_look(self, look: Look) -> None:
        """Show it in another way."""
        self.look = look
        self._renew()

    def pin(self, number: int, picture: Picture) -> None:
        """Keep a picture to compare others with."""
        self.pinned = number, picture
        self._renew()

    def flip(self) -> None:
        """Change sides, in flicker."""
        self.is_flipped = not self.is_flipped
        self._renew()

    def set_box(self, box: Box | None) -> None:
        """Show a part of the picture; None = all of it."""
        self.box = box
        self._renew()

    def _renew(self) -> None:
        self._image, self.is_painted = None, False
        self.update()

    # Painting.

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Be as sharp as there is room for."""
        super().resizeEvent(event)
        self._renew()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Develop the picture for the size that it has on the screen, and paint it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme.colour("ground"))
        shown = self.shown
        if shown.picture is not None:
            if self._image is None:
                self._image = self._developed(shown.picture)
            painter.setOpacity(1.0 if shown.is_current else DIM)
            painter.drawImage(self._where(self._image), self._image)
            painter.setOpacity(1.0)
            self._write_notes(painter)
        self.is_painted = True
        self.painted = shown.number if shown.is_current else -1
        if shown.text:
            painter.setPen(theme.colour("text"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.rect().adjusted(16, 8, -16, -8), flags, shown.text)
        if shown.caption:
            self._plate(painter, shown.caption, QPoint(8, self.height() - 8))

    def _write_notes(self, painter: QPainter) -> None:
        mode, pinned = self.look.mode, self.pinned
        if mode is Mode.PLAIN or not self.shown.is_current:
            return
        if pinned is None:
            text = tr("no frame is pinned: N pins this one")
        elif mode is Mode.BESIDE:
            text = tr("left: pinned frame {}").format(f"{pinned[0]:,}")
        elif mode is Mode.GHOST:
            text = tr("over pinned frame {}").format(f"{pinned[0]:,}")
        elif mode is Mode.FLICKER:
            which = pinned[0] if self.is_flipped else self.shown.number
            text = tr("flicker: frame {}").format(f"{which:,}")
        else:
            gain, x, y = self.look.gain, *self._shift
            text = tr("difference from frame {} ×{}, moved by {} and {} px").format(
                f"{pinned[0]:,}", f"{gain:g}", f"{x:+.2f}", f"{y:+.2f}"
            )
        self._plate(painter, text, QPoint(8, self.height() - 8))

    _shift = (0.0, 0.0)

    def _plate(self, painter: QPainter, text: str, at: QPoint) -> None:
        """Write on a plate that is read on every picture; `at` is its lower left corner."""
        size = painter.fontMetrics().size(0, text)
        box = QRect(at.x(), at.y() - size.height() - 8, size.width() + 16, size.height() + 8)
        painter.fillRect(box, theme.colour("panel"))
        painter.setPen(theme.colour("text"))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, text)

    def _developed(self, picture: Picture) -> QImage:
        now = self._part(picture)
        mode = self.look.mode
        if self.pinned is None or mode is Mode.PLAIN or not self.shown.is_current:
            return _image(now)
        then = self._part(self.pinned[1])
        if then.shape != now.shape:
            return _image(now)
        if mode is Mode.BESIDE:
            gap = np.zeros((now.shape[0], 4, *now.shape[2:]), np.uint8)
            return _image(np.concatenate([then, gap, now], axis=1))
        if mode is Mode.GHOST:
            return _image(develop.ghost(now, then))
        if mode is Mode.FLICKER:
            return _image(then if self.is_flipped else now)
        changed, shift = develop.difference(now, then, self.look.gain)
        scale = self._box(picture)[2] / max(1, now.shape[1])
        self._shift = shift[0] * scale, shift[1] * scale
        return _image(changed)

    def _part(self, picture: Picture) -> U8Array:
        box = self._box(picture)
        fmt = self._fmt
        assert fmt is not None, "a picture has a format"
        size = self._size(box)
        return develop.to_8_bits(develop.show(picture, fmt, box, size), fmt.bits, self.look.gamma)

    def _box(self, picture: Picture) -> Box:
        if self.box is None:
            return develop.whole(picture)
        return develop.inside(self.box, picture.shape[1], picture.shape[0])

    def _size(self, box: Box) -> tuple[int, int]:
        """Give the size, in pixels of the screen, that a box takes here."""
        ratio = self.devicePixelRatioF()
        halves = self._halves
        room = self.width() * ratio / halves - 2 * (halves - 1), self.height() * ratio
        scale = min(room[0] / box[2], room[1] / box[3])
        return max(1, int(box[2] * scale)), max(1, int(box[3] * scale))

    @property
    def _halves(self) -> int:
        """How many pictures there are beside each other."""
        return 2 if self.look.mode is Mode.BESIDE and self.pinned is not None else 1

    def _where(self, image: QImage) -> QRect:
        ratio = self.devicePixelRatioF()
        width, height = round(image.width() / ratio), round(image.height() / ratio)
        return QRect((self.width() - width) // 2, (self.height() - height) // 2, width, height)

    # The hand.

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: N802
        """Look closer, or less close, at what is under the pointer."""
        if self.shown.picture is None or self._image is None or not event.angleDelta().y():
            return
        factor = ZOOM_STEP ** (-event.angleDelta().y() / 120)
        self.zoom(factor, event.position())

    def zoom(self, factor: float, at: QPointF) -> None:
        """Show `factor` times as much, with the same pixel under a point of the widget."""
        picture = self.shown.picture
        if picture is None or self._image is None:
            return
        left, top, width, height = self._box(picture)
        where = self._where(self._image)
        across = min(0.999, max(0.0, (at.x() - where.left()) / max(1, where.width())))
        x = across * self._halves % 1.0
        y = min(1.0, max(0.0, (at.y() - where.top()) / max(1, where.height())))
        wide = max(LEAST_PX, min(picture.shape[1], width * factor))
        high = max(LEAST_PX, min(picture.shape[0], height * factor))
        if (wide, high) == (picture.shape[1], picture.shape[0]):
            self.set_box(None)
            return
        box = left + x * (width - wide), top + y * (height - high), wide, high
        self.set_box((round(box[0]), round(box[1]), round(box[2]), round(box[3])))

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Take hold of the picture."""
        self._drag = event.position()
        self.pressed.emit()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Move what is shown."""
        if self._drag is None or self.box is None or self._image is None:
            return
        picture = self.shown.picture
        if picture is None:
            return
        left, top, width, height = self._box(picture)
        scale = width * self._halves / max(1, self._where(self._image).width())
        by = (event.position() - self._drag) * scale
        if abs(by.x()) < 2 and abs(by.y()) < 2:
            return
        self._drag = event.position()
        moved = (left - round(by.x()), top - round(by.y()), width, height)
        self.set_box(develop.inside(moved, picture.shape[1], picture.shape[0]))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Let go."""
        self._drag = None

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:  # noqa: N802
        """Show all of it."""
        self.set_box(None)


def _image(array: U8Array) -> QImage:
    array = np.ascontiguousarray(array)
    height, width = array.shape[:2]
    gray = array.ndim == 2
    form = QImage.Format.Format_Grayscale8 if gray else QImage.Format.Format_RGB888
    image = QImage(array.data, width, height, array.strides[0], form)
    image._array = array  # type: ignore[attr-defined]  # it shares the memory: kept with it
    return image
