"""A menu of check boxes: it stays, and goes for everything else."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from gui.widgets.staying_menu import StayingMenu

pytestmark = pytest.mark.usefixtures("qapp")


def test_several_boxes_are_pressed_in_one_go() -> None:
    menu = StayingMenu()
    boxes = [menu.addAction(name) for name in ("Fp1", "Fp2")]
    for box in boxes:
        box.setCheckable(True)
    once = menu.addAction("All of them")
    done: list[bool] = []
    once.triggered.connect(lambda _=False: done.append(True))
    menu.popup(QPoint(10, 10))
    for box in boxes:
        at = menu.actionGeometry(box).center()
        QTest.mouseMove(menu, at)
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=at)
        assert box.isChecked()
        assert menu.isVisible(), "it closed after a choice"
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert not boxes[1].isChecked()
    assert menu.isVisible()
    at = menu.actionGeometry(once).center()
    QTest.mouseMove(menu, at)
    QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=at)
    assert done == [True]
    assert not menu.isVisible()
    menu.deleteLater()
