"""The list of streams or devices: where the focus is in it."""

from __future__ import annotations

from dataclasses import replace

from pytestqt.qtbot import QtBot

from gui.client.status_text import Row
from gui.rig.row_list import RowList
from tests.gui.windows import wait_until

ONE = Row("eeg", "good", "eeg", "1000 Hz", "", None)


def test_rows_that_come_to_a_list_with_the_focus_show_where_it_is(qtbot: QtBot) -> None:
    """An empty list that was reached by Tab showed nothing any more once it had rows."""
    rows = RowList("Streams", "No stream yet")
    qtbot.addWidget(rows)
    chosen: list[str] = []
    rows.chosen.connect(chosen.append)
    rows.show_rows([ONE])
    assert rows.current == "", "without the focus nothing is chosen"
    rows.show_rows([])
    rows.show()
    rows.setFocus()
    wait_until(rows.hasFocus, what="the focus")
    rows.show_rows([ONE, replace(ONE, key="face", title="face")])
    assert rows.current == "eeg"
    rows.show_rows([replace(ONE, key="ecg"), ONE])
    assert (rows.current, chosen) == ("eeg", ["eeg"])


def test_a_stream_that_comes_does_not_take_the_details_from_a_device(qtbot: QtBot) -> None:
    """The row of the list that was left is still its current one, and was chosen once more."""
    rows = RowList("Streams", "No stream yet")
    qtbot.addWidget(rows)
    rows.show_rows([ONE])
    rows.setCurrentIndex(rows.rows.index(0))
    chosen: list[str] = []
    rows.chosen.connect(chosen.append)
    rows.clearSelection()  # a device was chosen
    rows.show_rows([ONE, replace(ONE, key="face", title="face")])
    assert chosen == []
    assert rows.selectedIndexes() == []
    rows.setCurrentIndex(rows.rows.index(0))
    rows.show_rows([ONE])
    assert [index.row() for index in rows.selectedIndexes()] == [0]
