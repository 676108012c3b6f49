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
    assert (rows.current, chosen) == ("eeg", ["eeg", "eeg"])
