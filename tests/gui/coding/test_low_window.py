"""A small screen, and letters as large as somebody needs them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QScrollArea

from gui.coding.app import CodingOrder
from tests.gui.coding.coding import coded
from tests.gui.review.walking import session
from tests.gui.windows import wait_until
from tests.recordings.strip_session import Made

LARGE_PX = 24


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return session(tmp_path_factory.mktemp("low"))


@pytest.fixture
def large_letters(qapp: QApplication) -> Iterator[None]:
    before, font = qapp.font(), qapp.font()
    font.setPixelSize(LARGE_PX)
    qapp.setFont(font)
    yield
    qapp.setFont(before)


@pytest.mark.usefixtures("large_letters")
def test_the_window_grows_over_no_screen_and_the_line_is_seen(made: Made, tmp_path: Path) -> None:
    """The pane's parts made the window 792 pixels high on a screen of 720."""
    with coded(CodingOrder(made.folder, "anna", tmp_path)) as desk:
        window, view = desk.window, desk.pane.view
        window.resize(1280, 640)
        desk.at(10)
        desk.press(Qt.Key.Key_Return)
        desk.press(Qt.Key.Key_T)
        column = view.parentWidget()
        assert column is not None
        assert isinstance(column.parentWidget(), QScrollArea)

        def is_seen() -> bool:
            hint = view.entry.hint
            bottom = hint.mapTo(column, QPoint(0, hint.fontMetrics().height())).y()
            return 0 < view.entry.name.mapTo(column, QPoint()).y() < bottom <= column.height()

        wait_until(is_seen, what="the line in sight")
        assert (window.width(), window.height()) == (1280, 640)
        assert window.stage.width() > view.width()
