"""The participant's screen: the one without the window is proposed, and a choice by hand stays."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from gui.protocol.screen_choice import ScreenChoice
from tests.gui.windows import wait_until

pytestmark = pytest.mark.usefixtures("qapp")


@dataclass
class Screen:
    left: int

    def name(self) -> str:
        return f"at-{self.left}"

    def geometry(self) -> QRect:
        return QRect(self.left, 0, 1920, 1080)

    def size(self) -> QSize:
        return self.geometry().size()


def test_the_screen_without_the_window_is_proposed(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    screens = [Screen(0), Screen(1920)]
    monkeypatch.setattr(QGuiApplication, "screens", lambda: screens)
    choice = ScreenChoice()
    qtbot.addWidget(choice)
    choice.move(100, 100)
    choice.show()
    assert choice.order == {"screen": 1, "windowed": False}

    def chosen() -> object:
        return choice.order["screen"]

    choice.move(2000, 100)
    choice.refresh()
    assert chosen() == 0
    choice.screens.setCurrentIndex(1)
    choice.screens.activated.emit(1)
    choice.refresh()
    assert chosen() == 1, "chosen by hand"
    screens.pop()
    choice.refresh()
    assert chosen() == 0, "there is no other"


def test_a_screen_is_named_in_full_where_there_is_little_room(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QGuiApplication, "screens", lambda: [Screen(0)])
    choice = ScreenChoice()
    qtbot.addWidget(choice)
    choice.setFixedWidth(230)
    choice.show()
    wanted = choice.screens.fontMetrics().horizontalAdvance("1: at-0 1920 × 1080")
    wait_until(lambda: choice.screens.width() > wanted, what="the whole name")
    assert choice.windowed.y() > choice.screens.y(), "in the next line"
