"""Arbitration in the window: both events shown, and what a key makes of them on the disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from gui.coding.app import CodingOrder, coder
from recordings.annotation.action_units import format_units
from recordings.annotation.coder_file import Paths, Who, load
from recordings.annotation.model import Coding
from recordings.errors import RecordingError
from tests.gui.coding.coding import CONTROL, Coded, coded
from tests.recordings.strip_session import Film, make_session

pytestmark = pytest.mark.usefixtures("qapp")
K = Qt.Key


def code(folder: Path, who: str, events: tuple[tuple[int, int, str], ...]) -> None:
    with coded(CodingOrder(folder, who)) as desk:
        desk.press(K.Key_BracketLeft)
        desk.press(K.Key_End)
        desk.press(K.Key_BracketRight)
        desk.press(K.Key_S)
        desk.press(K.Key_Escape)
        for onset, offset, units in events:
            desk.at(onset)
            desk.press(K.Key_Return)
            desk.at(offset)
            desk.press(K.Key_O)
            desk.type(units)
            desk.press(K.Key_Return)


def consensus(desk: Coded) -> Coding:
    loaded = load(Paths(desk.order.folder, Who("consensus")))
    assert loaded is not None
    return loaded.coding


def units(coding: Coding) -> list[str]:
    return [format_units(event.units) for event in coding.on("face")]


def test_one_the_other_a_third_and_neither(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film())
    agreed = (20, 40, "1")
    code(made.folder, "anna", (agreed, (100, 120, "4"), (200, 220, "12"), (300, 320, "6")))
    code(made.folder, "ben", (agreed, (100, 120, "7"), (200, 220, "14")))
    before = (made.folder / "annotations" / "anna.json").read_bytes()
    order = CodingOrder(made.folder, "cleo", arbitrate=("anna", "ben"))
    with coded(order) as desk:
        assert units(consensus(desk)) == ["1"]  # what both agree on is kept
        desk.press(K.Key_2)  # anna alone has the event at 300: the worst comes first
        assert "there is no such event to keep" in desk.window.doing.text()
        desk.press(K.Key_0)
        assert desk.window.position.row == 100
        desk.press(K.Key_2)
        assert units(consensus(desk)) == ["1", "7"]
        assert desk.window.position.row == 200
        desk.press(K.Key_3)
        desk.press(K.Key_V)
        desk.type("+25")
        desk.press(K.Key_Return)
        assert units(consensus(desk)) == ["1", "7", "12+25"]
        desk.press(K.Key_U)
        assert "all is decided" in desk.window.doing.text()
        choices = sorted(d.choice for d in consensus(desk).decisions.values())
        assert choices == ["agreed", "neither", "second", "third"]
        assert {d.by for d in consensus(desk).decisions.values()} == {"cleo"}
        desk.press(K.Key_Z, CONTROL)
        assert units(consensus(desk)) == ["1", "7", "12"]
        desk.press(K.Key_Tab)
        desk.press(K.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert (made.folder / "annotations" / "anna.json").read_bytes() == before
    with coded(order) as desk:
        assert units(consensus(desk)) == ["1", "7", "12"]
        desk.press(K.Key_U)
        assert "all is decided" in desk.window.doing.text()


def test_a_coder_who_has_no_file_is_named_and_nothing_begun(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film())
    order = CodingOrder(made.folder, "cleo", arbitrate=("anna", "ben"))
    with pytest.raises(RecordingError, match="not coded by 'anna'"), coder(order):
        pass
    assert not (made.folder / "annotations").exists()
