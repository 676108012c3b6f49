"""What each page looks like: text, cross, questions, pause; everything but clips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen

from acquire.protocol.model import Words
from acquire.protocol.plan import Page
from acquire.protocol.scales import Item, Value
from gui.stimulus.answering import Draft, choice_key, slider_value
from gui.stimulus.fitting import draw_end, draw_fitted, fitted, font
from gui.stimulus.manikins import draw_manikin
from recordings import palette

DEGREE_MM = 17.5
"""One degree of arc at one metre: text is so high, unless more of it has to fit."""
FOOT = 0.77
"""Where, of the height, a hint or the end of an answer stands."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a click gives an answer."""

    box: QRectF
    value: Value


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as pixels, and where it can be clicked."""

    image: QImage
    targets: tuple[Target, ...] = ()


class PageDrawer:
    """Draws pages for one screen."""

    def __init__(
        self,
        size: QSize,
        background: str,
        pixels_per_mm: float,
        ratio: float,
        words: Words | None = None,
    ) -> None:
        """Prepare: size in device-independent pixels, `ratio` device pixels in each."""
        self._size = size
        self._words = words or Words()
        self._ratio = ratio
        self.background = QColor(background)
        colours = palette.DARK if self.background.lightness() < 128 else palette.LIGHT
        self._ink = QColor(colours["text"])
        self._muted = QColor(colours["muted"])
        self._accent = QColor(colours["accent"])
        height = size.height()
        self._em = min(max(DEGREE_MM * pixels_per_mm, height / 24), height / 14)

    def draw(self, page: Page | None, draft: Draft, *, paused: bool = False) -> Drawn:
        """Draw a page; a pause hides whatever is on."""
        image = QImage(self._size * self._ratio, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(self._ratio)
        image.fill(self.background)
        painter = QPainter(image)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        targets: tuple[Target, ...] = ()
        if paused:
            self._text(painter, self._words.pause)
        elif page is not None:
            targets = self._page(painter, page, draft)
        painter.end()
        return Drawn(image, targets)

    def _page(self, painter: QPainter, page: Page, draft: Draft) -> tuple[Target, ...]:
        if page.item is not None:
            return self._item(painter, page.item, draft, page.skippable)
        match page.kind:
            case "fixation":
                self._cross(painter)
            case "baseline" if page.closed_eyes:
                self._text(painter, self._words.close_eyes)
            case "baseline":
                self._cross(painter)
            case "instruction" | "rest" | "pause":
                self._text(painter, page.text.strip())
        return ()

    # Pieces.

    def _cross(self, painter: QPainter) -> None:
        centre = QPointF(self._size.width() / 2, self._size.height() / 2)
        arm = self._em
        painter.setPen(QPen(self._ink, max(2.0, self._em / 10)))
        painter.drawLine(centre - QPointF(arm, 0), centre + QPointF(arm, 0))
        painter.drawLine(centre - QPointF(0, arm), centre + QPointF(0, arm))

    def _text(self, painter: QPainter, text: str) -> None:
        width, height = self._size.width(), self._size.height()
        box = QRectF(0.1 * width, 0.06 * height, 0.8 * width, 0.88 * height)
        painter.setPen(self._ink)
        draw_fitted(painter, box, text, self._em)

    def _prompt(self, painter: QPainter, item: Item, *, skippable: bool) -> None:
        width, height = self._size.width(), self._size.height()
        painter.setPen(self._muted if item.subject else self._ink)
        top = QRectF(0.08 * width, 0.06 * height, 0.84 * width, 0.24 * height)
        draw_fitted(painter, top, item.prompt, (0.8 if item.subject else 1.0) * self._em)
        if item.subject:
            painter.setPen(self._ink)
            below = QRectF(top.left(), 0.31 * height, top.width(), 0.16 * height)
            draw_fitted(painter, below, item.subject, 1.4 * self._em, bold=True)
        if skippable:
            painter.setPen(self._muted)
            foot = QRectF(0.08 * width, 0.9 * height, 0.84 * width, 0.08 * height)
            draw_fitted(painter, foot, self._words.leave_out, 0.6 * self._em)

    def _ends(self, painter: QPainter, item: Item, top: float, left: float, right: float) -> None:
        """Name the two ends of a scale, each below its half."""
        half = QSizeF((right - left) / 2 - self._em, FOOT * self._size.height() - top)
        painter.setPen(self._muted)
        painter.setFont(fitted((item.low, item.high), half, 0.7 * self._em))
        places = (
            (left, item.low, Qt.AlignmentFlag.AlignLeft),
            (right - half.width(), item.high, Qt.AlignmentFlag.AlignRight),
        )
        for x, text, align in places:
            box = QRectF(QPointF(x, top), half)
            painter.drawText(box, align | Qt.TextFlag.TextWordWrap, text)

    # Questions.

    def _item(
        self, painter: QPainter, item: Item, draft: Draft, skippable: bool
    ) -> tuple[Target, ...]:
        self._prompt(painter, item, skippable=skippable)
        match item.kind:
            case "sam":
                return self._sam(painter, item, draft)
            case "likert":
                values = range(1, int(item.maximum) + 1)
                return self._points(painter, item, [*values], draft)
            case "choice":
                return self._choices(painter, item, draft)
            case "slider":
                return self._slider(painter, item, draft)
            case "text":
                return self._typed(painter, draft)

    def _frame(self, painter: QPainter, box: QRectF, *, hot: bool) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(self._accent if hot else self._muted, 3.0 if hot else 1.5))
        painter.drawRoundedRect(box, self._em / 5, self._em / 5)

    def _sam(self, painter: QPainter, item: Item, draft: Draft) -> tuple[Target, ...]:
        width, height = self._size.width(), self._size.height()
        side = min(0.9 * width / 9, 0.34 * height)
        left = (width - 9 * side) / 2
        top = 0.40 * height
        targets = []
        for point in range(1, 10):
            cell = QRectF(left + (point - 1) * side, top, side, side + 1.1 * self._em)
            hot = draft.hover == point - 1
            self._frame(painter, cell.adjusted(3, 0, -3, 0), hot=hot)
            box = QRectF(cell.left() + 0.1 * side, top + 0.06 * side, 0.8 * side, 0.88 * side)
            assert item.dimension is not None
            draw_manikin(painter, box, item.dimension, point, self._ink)
            painter.setPen(self._muted)
            painter.setFont(font(0.7 * self._em))
            foot = QRectF(cell.left(), top + side, side, self._em)
            painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, str(point))
            targets.append(Target(cell, point))
        self._ends(painter, item, top + side + 1.4 * self._em, left, left + 9 * side)
        return tuple(targets)

    def _points(
        self, painter: QPainter, item: Item, values: Sequence[int], draft: Draft
    ) -> tuple[Target, ...]:
        width, height = self._size.width(), self._size.height()
        cell_width = min(0.88 * width / len(values), 5 * self._em)
        left = (width - cell_width * len(values)) / 2
        top = 0.5 * height
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        room = QSizeF(cell_width - 8, height / 5)
        small = fitted(item.labels, room, 0.55 * self._em)
        targets = []
        for place, value in enumerate(values):
            box = QRectF(left + place * cell_width + 4, top, cell_width - 8, 2 * self._em)
            self._frame(painter, box, hot=draft.hover == place)
            painter.setPen(self._ink)
            painter.setFont(font(self._em))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, str(value))
            label = item.labels[place] if place < len(item.labels) else ""
            if label != str(value):
                painter.setPen(self._muted)
                painter.setFont(small)
                below = QRectF(QPointF(box.left(), box.bottom() + 0.3 * self._em), room)
                painter.drawText(below, flags, label)
            targets.append(Target(box, value))
        return tuple(targets)

    def _choices(self, painter: QPainter, item: Item, draft: Draft) -> tuple[Target, ...]:
        width, height = self._size.width(), self._size.height()
        columns = 2 if len(item.labels) > 4 else 1
        rows = -(-len(item.labels) // columns)
        row = min(2.0 * self._em, 0.56 * height / rows)
        size = min(0.9 * self._em, 0.5 * row)
        metrics = QFontMetricsF(font(size))
        cell = min(
            max(metrics.horizontalAdvance(label) for label in item.labels) + 4 * self._em,
            0.84 / columns * width,
        )
        words = fitted(item.labels, QSizeF(cell - 12 - 2.3 * self._em, row - 10), size)
        left = (width - columns * cell) / 2
        targets = []
        for place, label in enumerate(item.labels):
            column, line = divmod(place, rows)
            box = QRectF(
                left + column * cell + 6, 0.33 * height + line * row + 4, cell - 12, row - 8
            )
            self._frame(painter, box, hot=draft.hover == place)
            painter.setFont(font(size))
            painter.setPen(self._muted)
            inner = box.adjusted(0.6 * self._em, 0, -0.3 * self._em, 0)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(inner, middle, choice_key(place))
            painter.setPen(self._ink)
            inner.setLeft(inner.left() + 1.4 * self._em)
            painter.setFont(words)
            painter.drawText(inner, middle | Qt.TextFlag.TextWordWrap, label)
            targets.append(Target(box, label))
        return tuple(targets)

    def slider_line(self) -> tuple[float, float, float]:
        """Give left, right and height of the slider's line."""
        width, height = self._size.width(), self._size.height()
        return 0.15 * width, 0.85 * width, 0.55 * height

    def _slider(self, painter: QPainter, item: Item, draft: Draft) -> tuple[Target, ...]:
        left, right, y = self.slider_line()
        painter.setPen(QPen(self._muted, max(3.0, self._em / 12)))
        painter.drawLine(QPointF(left, y), QPointF(right, y))
        for x in (left, right):
            painter.drawLine(QPointF(x, y - self._em / 3), QPointF(x, y + self._em / 3))
        self._ends(painter, item, y + 0.8 * self._em, left, right)
        if draft.share is None:  # nothing to begin with: no anchor
            self._hint(painter, self._words.move)
            return ()
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._accent)
        x = left + draft.share * (right - left)
        painter.drawEllipse(QPointF(x, y), self._em / 2, self._em / 2)
        return (self._done(painter, slider_value(item, draft.share), draft),)

    def _typed(self, painter: QPainter, draft: Draft) -> tuple[Target, ...]:
        box = typing_box(self._size)
        self._frame(painter, box, hot=True)
        painter.setPen(self._ink)
        painter.setFont(font(0.8 * self._em))
        inner = box.adjusted(self._em / 2, self._em / 2, -self._em / 2, -self._em / 2)
        draw_end(painter, inner, f"{draft.text}{draft.composing}▏")
        if not draft.text.strip():
            self._hint(painter, self._words.type)
            return ()
        return (self._done(painter, draft.text.strip(), draft),)

    def _done(self, painter: QPainter, value: Value, draft: Draft) -> Target:
        width, height = self._size.width(), self._size.height()
        wide = 6 * self._em
        box = QRectF((width - wide) / 2, FOOT * height, wide, 1.7 * self._em)
        self._frame(painter, box, hot=draft.hover == 0)
        painter.setPen(self._ink)
        room = box.adjusted(self._em / 3, 0, -self._em / 3, 0)
        draw_fitted(painter, room, self._words.done, 0.8 * self._em)
        return Target(box, value)

    def _hint(self, painter: QPainter, text: str) -> None:
        width, height = self._size.width(), self._size.height()
        painter.setPen(self._muted)
        foot = QRectF(0.08 * width, FOOT * height, 0.84 * width, 1.2 * self._em)
        draw_fitted(painter, foot, text, 0.6 * self._em)


def typing_box(size: QSize) -> QRectF:
    """Give where an answer is typed, on a screen of this size."""
    width, height = size.width(), size.height()
    return QRectF(0.15 * width, 0.34 * height, 0.7 * width, 0.4 * height)
