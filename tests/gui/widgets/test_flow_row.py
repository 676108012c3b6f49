"""A row of controls that goes on in the next line."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRect
from PySide6.QtWidgets import QApplication, QWidget

from gui.widgets.flow_row import FlowRow


@pytest.mark.usefixtures("qapp")
def test_what_is_hidden_leaves_no_gap() -> None:
    """A review of one camera had one at the place of the list of cameras."""
    row = FlowRow(parent := QWidget())
    row.setSpacing(8)
    items = [QWidget(parent) for _ in range(4)]
    for item in items:
        item.setFixedSize(50, 20)
        row.addWidget(item)
        item.show()
    row.setContentsMargins(0, 0, 0, 0)
    items[1].hide()
    items[2].hide()
    row.setGeometry(QRect(0, 0, 500, 20))
    assert [items[n].x() for n in (0, 3)] == [0, 58]
    assert row.sizeHint().width() == 108
    items[1].show()
    row.setGeometry(QRect(0, 0, 100, 60))
    assert [(items[n].x(), items[n].y()) for n in (0, 1, 3)] == [(0, 0), (0, 28), (0, 56)]
    QApplication.processEvents()
