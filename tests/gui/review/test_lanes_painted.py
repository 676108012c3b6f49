"""Which marks of a lane are painted, and how many moments of the axis are written."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QFont, QFontMetricsF
from PySide6.QtWidgets import QApplication

from gui.review.signals.axes import TimeAxis
from gui.review.signals.lane_item import apart


def test_what_lies_within_a_longer_mark_is_painted() -> None:
    """A blink within a smile, coded by hand, was in no lane."""
    assert list(apart([(0, 400), (100, 200), (150, 160), (150.2, 160.4)])) == [0, 1, 2]
    crowd = [(n / 1000, n / 1000) for n in range(5000)]
    assert len(list(apart(crowd))) == 5
    assert list(apart([])) == []


@pytest.mark.parametrize("size_px", [10, 24, 40])
def test_moments_have_the_room_that_they_are_written_in(qapp: QApplication, size_px: int) -> None:
    axis, font = TimeAxis("bottom"), QFont(qapp.font())
    font.setPixelSize(size_px)
    axis.setTickFont(font)
    for length, pixels in ((10.0, 300), (0.05, 300), (4000.0, 200)):
        (spacing, _), *_ = axis.tickSpacing(0.0, length, pixels)
        wide = QFontMetricsF(font).horizontalAdvance(axis.tickStrings([length], 1.0, spacing)[0])
        assert spacing / length * pixels > wide
