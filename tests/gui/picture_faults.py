"""What code can say of a window and its picture: cut, covered, faint, no sign of the focus."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage
from PySide6.QtWidgets import QApplication, QCheckBox, QLabel, QPushButton, QToolButton, QWidget

from devices.arrays import F64Array
from gui.widgets import theme
from gui.widgets.short_label import ShortLabel

LEAST = 4.5
"""Contrast of text, by WCAG."""
SMOOTHED = 0.85
"""What thin letters keep of their colour's contrast where their edges are smoothed."""
BORDER = 4
"""What a button keeps free of words on either side, at least, in pixels."""
WORDED = (QLabel, QPushButton, QToolButton, QCheckBox)


def _seen(top: QWidget) -> Iterator[QWidget]:
    children: list[QWidget] = top.findChildren(QWidget)
    return (w for w in children if not w.visibleRegion().isEmpty())


# Cut, covered.


def faults(top: QWidget) -> Iterator[str]:
    """Name what is cut and what lies over another, in what can be seen."""
    # A value that has just changed is given its room first, as before it is painted.
    QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest)
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
        colours = pixels[rows, columns].reshape(-1, 3)
        if len(colours) < 50:
            continue
        found = _contrast_of(colours)
        if found < LEAST * SMOOTHED:
            yield f"faint: {type(widget).__name__} {widget.text()[:60]!r}, contrast {found:.1f}"


def _pixels(image: QImage) -> F64Array:
    plain = image.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(plain.constBits(), np.uint8).reshape(plain.height(), -1)
    return rows[:, : 3 * plain.width()].reshape(plain.height(), plain.width(), 3).astype(np.float64)


def _contrast_of(colours: F64Array) -> float:
    """Give the contrast of the letters to what they stand on: its colour is the commonest."""
    kinds, counts = np.unique(colours, axis=0, return_counts=True)
    ground = luminance(kinds[counts.argmax()][np.newaxis])
    return float(_contrast(luminance(kinds), ground).max())


# Focus.


def unfocused(top: QWidget) -> Iterator[str]:
    """Name what can be reached by Tab and looks the same when it has been."""
    before = QApplication.focusWidget()
    reached = {widget.focusProxy() or widget for widget in _seen(top)}
    for widget in reached:
        by_tab = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        if not by_tab or not widget.isEnabled() or not widget.isVisible():
            continue
        top.setFocus()
        without = _look(widget)
        widget.setFocus(Qt.FocusReason.TabFocusReason)
        if widget.hasFocus() and _look(widget) == without:
            yield f"focus not seen: {type(widget).__name__} {widget.accessibleName()!r}"
    if before is not None:
        before.setFocus()


def _look(widget: QWidget) -> QImage:
    QApplication.processEvents()
    return widget.grab().toImage()
