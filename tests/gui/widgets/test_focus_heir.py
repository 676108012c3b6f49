"""Who gets the keyboard once a strip that has it closes."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QFrame, QLineEdit, QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from gui.widgets.focus_heir import FocusHeir
from tests.gui.windows import wait_until


@pytest.mark.parametrize("in_front", [True, False], ids=["in-front", "behind"])
def test_what_a_strip_had_goes_to_its_heir(qtbot: QtBot, in_front: bool) -> None:
    window, strip, other = QWidget(), QFrame(), QWidget()
    button, menu, field = QPushButton(), QPushButton(), QLineEdit()
    QVBoxLayout(strip).addWidget(button)
    column = QVBoxLayout(window)
    for part in (strip, menu, field):
        column.addWidget(part)
    FocusHeir(strip, field)
    for shown in (window, other):
        qtbot.addWidget(shown)
        shown.show()
    (window if in_front else other).activateWindow()
    wait_until(lambda: window.isActiveWindow() is in_front, what="which window is in front")
    button.setFocus()
    strip.hide()
    assert window.focusWidget() is field
    strip.show()
    menu.setFocus()
    strip.hide()
    assert window.focusWidget() is menu, "it had none to give"
