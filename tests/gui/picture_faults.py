"""What code can say of a window and its picture: cut, covered, faint, no sign of the focus."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QPushButton, QToolButton, QWidget
from shiboken6 import isValid

from devices.arrays import F64Array
from gui.widgets import theme
from gui.widgets.short_label import ShortLabel

LEAST = 4.5
"""Contrast of text, by WCAG."""
SMOOTHED = 0.85
"""What thin letters keep of their colour's contrast where their edges are smoothed."""
BORDER = 4
"""What a button keeps free of words on either side, at least, in pixels."""
LAYERS = 3
"""So deep are layouts in layouts whose sizes hang on a value."""
WORDED = (QLabel, QPushButton, QToolButton, QCheckBox)


def _seen(top: QWidget) -> Iterator[QWidget]:
    children: list[QWidget] = top.findChildren(QWidget)
    return (w for w in children if not w.visibleRegion().isEmpty())


# Cut, covered.


def settle() -> None:
    """Give each value that has just changed its room, as before it is painted.

    A layout that gets another size asks those in it anew.
    """
    for _ in range(LAYERS):
        QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)


def faults(top: QWidget) -> Iterator[str]:
    """Name what is cut and what lies over another, in what can be seen."""
    settle()
    for widget in _seen(top):
        if isinstance(widget, WORDED) and _is_cut(widget):
            yield f"cut: {type(widget).__name__} {widget.text()[:60]!r}"
        if widget.layout() is not None:
            yield from _overlaps(widget)


def _is_cut(widget: QLabel | QPushButton | QToolButton | QCheckBox) -> bool:
    if isinstance(widget, ShortLabel) or not widget.text():
        return False
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.heightForWidth(widget.width()) > widget.height() + 1
    if isinstance(widget, QPushButton):  # some of its padding may go, its words may not
        words = widget.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, widget.text()).width()
        return words > widget.width() - 2 * BORDER
    return widget.sizeHint().width() > widget.width() + 1


def _overlaps(parent: QWidget) -> Iterator[str]:
    layout = parent.layout()
    assert layout is not None
    children = [item.widget() for n in range(layout.count()) if (item := layout.itemAt(n))]
    seen = [w for w in children if w is not None and not w.visibleRegion().isEmpty()]
    for number, one in enumerate(seen):
        for other in seen[number + 1 :]:
            both: QRect = one.geometry() & other.geometry()
            if both.width() > 1 and both.height() > 1:
                yield f"overlap: {type(one).__name__} and {type(other).__name__}"


# Faint.


def luminance(colours: F64Array) -> F64Array:
    """Give the relative luminance, shape (n,), of colours (n, 3) of 0 to 255, by WCAG."""
    parts = colours / 255.0
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return np.asarray(linear @ np.array([0.2126, 0.7152, 0.0722]), np.float64)


def _contrast(one: F64Array, other: F64Array) -> F64Array:
    high, low = np.maximum(one, other), np.minimum(one, other)
    return np.asarray((high + 0.05) / (low + 0.05), np.float64)


def token_faults() -> Iterator[str]:
    """Name the colours of text that are faint on a panel."""

    def light(name: str) -> F64Array:
        colour: QColor = theme.colour(name)
        return luminance(np.array([[colour.red(), colour.green(), colour.blue()]], np.float64))

    for front in ("text", "muted", "accent", "alive", "warning", "failed"):
        if (found := float(_contrast(light(front), light("panel"))[0])) < LEAST:
            yield f"contrast of {front}: {found:.2f}"


def faint(top: QWidget, image: QImage) -> Iterator[str]:
    """Name the words that can hardly be read in a picture of the window.

    What cannot be pressed now is meant to stand back.
    """
    scale = image.devicePixelRatio()
    pixels = _pixels(image)
    for widget in _seen(top):
        if not isinstance(widget, WORDED) or not widget.text().strip() or not widget.isEnabled():
            continue
        shown = widget.visibleRegion().boundingRect().translated(widget.mapTo(top, QPoint()))
        rows = slice(round(shown.top() * scale), round((shown.bottom() + 1) * scale))
        columns = slice(round(shown.left() * scale), round((shown.right() + 1) * scale))
        colours = pixels[rows, columns].reshape(-1, 3).astype(np.float64)
        if len(colours) < 50 or shown.height() < widget.fontMetrics().height():
            continue  # the rest of it is scrolled away
        found = _contrast_of(colours)
        if found < LEAST * SMOOTHED:
            yield f"faint: {type(widget).__name__} {widget.text()[:60]!r}, contrast {found:.1f}"


def _pixels(image: QImage) -> npt.NDArray[np.uint8]:
    """Give a picture as red, green and blue, shape (height, width, 3)."""
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1)
    return rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).copy()


def _contrast_of(colours: F64Array) -> float:
    """Give the contrast of the letters to what they stand on: its colour is the commonest."""
    kinds, counts = np.unique(colours, axis=0, return_counts=True)
    ground = luminance(kinds[counts.argmax()][np.newaxis])
    return float(_contrast(luminance(kinds), ground).max())


# Focus.


def unfocused(top: QWidget) -> Iterator[str]:
    """Name what can be reached by Tab and looks the same when it has been."""
    before = QApplication.focusWidget()
    children: list[QWidget] = top.findChildren(QWidget)
    reached = {widget.focusProxy() or widget for widget in children if _is_seen(widget)}
    for widget in [one for one in reached if one.focusPolicy() & Qt.FocusPolicy.TabFocus]:
        # The window lives meanwhile: what it shows anew takes the place of what was there.
        usable = isValid(widget) and widget.isEnabled() and widget.isVisible()
        if usable and not _shows_focus(top, widget):
            yield f"focus not seen: {type(widget).__name__} {widget.accessibleName()!r}"
    if before is not None:
        before.setFocus()


def _is_seen(widget: QWidget) -> bool:
    """Say whether any of it can be seen; what covers it may be its own, as a viewer's plot is."""
    own: list[QWidget] = widget.findChildren(QWidget)
    return any(not one.visibleRegion().isEmpty() for one in (widget, *own))


_LIVES_S: Final = 30.0
"""So long may something live: a list whose rows are still coming shows its focus elsewhere."""


def _shows_focus(top: QWidget, widget: QWidget) -> bool:
    """Say whether any pixel comes and goes with the focus: others change in what is live."""
    deadline = time.monotonic() + _LIVES_S
    while (shown := _look_for_focus(top, widget)) is None and time.monotonic() < deadline:
        pass
    return bool(shown)


def _look_for_focus(top: QWidget, widget: QWidget) -> bool | None:
    """Look once; None: what else has changed meanwhile leaves it open."""
    looks = []
    for _ in range(2):
        top.setFocus()
        without = _look(widget)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        if not widget.hasFocus():  # it gives it to another, which is looked at by itself
            return True
        looks.append((without, _look(widget)))
    laid_out = looks[0][0].shape != looks[1][0].shape  # anew meanwhile: the card has come
    if laid_out or not looks[0][0].size:
        return None
    (first, second), sizes = looks, {look.shape for pair in looks for look in pair}
    if len(sizes) > 1:  # a border that takes room
        return first[0].shape != first[1].shape
    steady = (first[0] == second[0]) & (first[1] == second[1])
    if (steady & (first[0] != first[1])).any():
        return True
    return None if (first[0] != second[0]).any() else False


def _look(widget: QWidget) -> npt.NDArray[np.uint8]:
    QApplication.processEvents()
    return _pixels(widget.grab().toImage())
