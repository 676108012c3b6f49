"""How large a window is at first."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QScreen
from PySide6.QtWidgets import QLabel, QMainWindow
from pytestqt.qtbot import QtBot

from gui.widgets.first_size import open_at


@pytest.mark.parametrize(
    ("screen", "opened"), [((1920, 1080), (1280, 800)), ((1366, 768), (1280, 720))]
)
def test_a_window_opens_no_larger_than_the_screen(
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    screen: tuple[int, int],
    opened: tuple[int, int],
) -> None:
    monkeypatch.setattr(QScreen, "availableSize", lambda self: QSize(*screen))
    window = QMainWindow()
    qtbot.addWidget(window)
    part = QLabel()
    window.setCentralWidget(part)
    part.setMinimumHeight(900)  # as the recorder window needed while its parts came in
    window.layout().activate()  # type: ignore[union-attr]
    part.setMinimumHeight(100)
    open_at(window, 1280, 800)
    window.show()
    assert (window.width(), window.height()) == opened
