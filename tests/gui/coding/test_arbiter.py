"""Arbitration in the window: both events shown, and what a key makes of them on the disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from gui.coding.app import CodingOrder, coder
from gui.coding.arbiter import ArbiterPart
from recordings.annotation.action_units import format_units
from recordings.annotation.coder_file import Paths, Who, load
from recordings.annotation.model import Coding
from recordings.errors import RecordingError
from tests.gui.coding.coding import CONTROL, PAD, Coded, coded
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
        assert "there is no such event to keep" in desk.window.foot.doing.text()
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
        assert "all is decided" in desk.window.foot.doing.text()
        desk.press(K.Key_Tab)
        desk.press(K.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
        desk.press(K.Key_Tab)
        desk.press(K.Key_3)  # again: what was edited stays
        assert units(consensus(desk)) == ["1", "7", "12+25"]
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
        assert "all is decided" in desk.window.foot.doing.text()


def two_apart(desk: Coded) -> None:
    """Look at all of the main camera and code two events, 100 and 200."""
    for key in (K.Key_Home, K.Key_BracketLeft, K.Key_End, K.Key_BracketRight, K.Key_S):
        desk.press(key)
    desk.press(K.Key_Escape)
    for onset in (100, 200):
        desk.at(onset)
        desk.press(K.Key_Return)
        desk.at(onset + 20)
        desk.press(K.Key_O)
        desk.type("4" if desk.order.coder == "anna" else "7")
        desk.press(K.Key_Return)


def test_the_window_opens_at_the_first_case_and_tab_leaves_none_out(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Film(), Film("side")).folder
    for who in ("anna", "ben"):
        with coded(CodingOrder(folder, who)) as desk:
            for camera in ("side", "face"):
                desk.window.stage.set_main(camera)
                two_apart(desk)
    order = CodingOrder(folder, "cleo", arbitrate=("anna", "ben"))
    with coded(order) as desk:
        assert desk.window.position.row == 100
        desk.press(K.Key_Tab)
        assert desk.window.position.row == 200
        desk.press(K.Key_Tab)
        assert "no further disagreement" in desk.window.foot.doing.text()
        desk.press(K.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
        assert desk.window.position.row == 100
        desk.press(K.Key_End)  # looked about; another camera keeps the moment, and Tab its first
        desk.window.stage.set_main("side")
        desk.press(K.Key_Tab)
        assert desk.window.position.row == 100
        desk.press(K.Key_1)
        assert desk.window.position.row == 200
        desk.window.stage.set_main("face")
        desk.press(K.Key_Tab)
        assert desk.window.position.row == 200  # where this camera was, and on
    with coded(order) as desk:
        assert desk.window.position.row == 100
        arbiter = desk.pane._arbiter
        assert isinstance(arbiter, ArbiterPart)
        row = arbiter.list.visualRect(arbiter.list.model().index(1, 0))
        assert row.height() == arbiter.list.sizeHintForRow(1)  # laid out before it had its style
        desk.press(K.Key_1)
        assert desk.window.position.row == 200
        desk.press(K.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
        assert "kept: anna, by cleo" in arbiter.both.text()
    with coded(order) as desk:
        assert desk.window.position.row == 200  # the first is decided
        desk.window.stage.set_main("side")
        desk.press(K.Key_U)
        assert desk.window.position.row == 200


def test_a_coder_who_has_no_file_is_named_and_nothing_begun(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film())
    order = CodingOrder(made.folder, "cleo", arbitrate=("anna", "ben"))
    with pytest.raises(RecordingError, match="not coded by 'anna'"), coder(order):
        pass
    assert not (made.folder / "annotations").exists()


def arbitrated(folder: Path, by: str, first: str = "anna", second: str = "ben") -> CodingOrder:
    return CodingOrder(folder, by, arbitrate=(first, second))


def two_coders(tmp_path: Path) -> Path:
    """One event that both have, and one that they disagree about; anna's is kept, by cleo."""
    folder = make_session(tmp_path, Film()).folder
    code(folder, "anna", ((20, 40, "1"), (100, 120, "4")))
    code(folder, "ben", ((20, 40, "1"), (100, 120, "7")))
    with coded(arbitrated(folder, "cleo")) as desk:
        desk.press(K.Key_1)
        assert units(consensus(desk)) == ["1", "4"]
    return folder


def test_coders_named_the_other_way_round_are_the_same_two(tmp_path: Path) -> None:
    folder = two_coders(tmp_path)
    with coded(arbitrated(folder, "dora", "ben", "anna")) as desk:
        assert units(consensus(desk)) == ["1", "4"]
        desk.press(K.Key_U)
        assert "all is decided" in desk.window.foot.doing.text()


def test_a_consensus_is_between_two_coders(tmp_path: Path) -> None:
    folder = two_coders(tmp_path)
    code(folder, "dora", ((20, 40, "1"),))
    before = load(Paths(folder / "annotations", Who("consensus")))
    for other, words in (("dora", "is between anna and ben"), ("consensus", "no coder")):
        order = arbitrated(folder, "cleo", "anna", other)
        with pytest.raises(RecordingError, match=words), coder(order):
            pass
    after = load(Paths(folder / "annotations", Who("consensus")))
    assert before is not None
    assert after is not None
    assert after.coding == before.coding


def test_what_coders_have_deleted_since_is_no_longer_in_the_consensus(tmp_path: Path) -> None:
    folder = two_coders(tmp_path)
    for who in ("anna", "ben"):
        with coded(CodingOrder(folder, who)) as desk:
            desk.press(K.Key_Tab)
            desk.press(K.Key_Delete)
    with coded(arbitrated(folder, "cleo")) as desk:
        assert units(consensus(desk)) == ["4"]
        assert "1 decisions taken back" in desk.pane.view.notes.text()
        desk.press(K.Key_Z, CONTROL)
        assert units(consensus(desk)) == ["1", "4"]


def test_what_the_other_codes_later_is_not_there_twice(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Film()).folder
    code(folder, "anna", ((20, 40, "1"),))
    with coded(CodingOrder(folder, "ben")):
        pass  # has looked at nothing yet
    with coded(arbitrated(folder, "cleo")) as desk:
        assert [d.choice for d in consensus(desk).decisions.values()] == ["alone"]
        (seen,) = consensus(desk).looked.values()  # where the consensus says something
        assert (seen.first, seen.last) == (0, 399)
    code(folder, "ben", ((20, 40, "1"),))
    with coded(arbitrated(folder, "cleo")) as desk:
        assert [d.choice for d in consensus(desk).decisions.values()] == ["agreed"]
        assert units(consensus(desk)) == ["1"]


def test_a_consensus_is_as_new_as_what_it_was_compared_with(tmp_path: Path) -> None:
    folder = two_coders(tmp_path)
    file = folder / "annotations" / "consensus.json"
    for path in file.parent.iterdir():
        os.utime(path, (1e9, 1e9))
    with coded(arbitrated(folder, "cleo")):
        pass
    assert file.stat().st_mtime == 1e9  # what was made from it is not stale
    os.utime(file.with_name("anna.json"), (2e9, 2e9))
    with coded(arbitrated(folder, "cleo")):
        pass
    assert file.stat().st_mtime > 1e9


def test_what_one_alone_has_looked_at_is_kept_and_said(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Film()).folder
    code(folder, "anna", ((20, 40, "1"), (100, 120, "4")))
    with coded(CodingOrder(folder, "ben")):
        pass
    with coded(arbitrated(folder, "cleo")) as desk:
        assert units(consensus(desk)) == ["1", "4"]
        assert "2 events of one coder are kept" in desk.pane.view.notes.text()


def test_the_number_pad_of_datavyu_decides_nothing(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Film()).folder
    code(folder, "anna", ((100, 120, "4"),))
    code(folder, "ben", ((100, 120, "7"),))
    order = CodingOrder(folder, "cleo", arbitrate=("anna", "ben"), keys="datavyu")
    with coded(order) as desk:
        desk.press(K.Key_1, PAD)
        assert desk.window.position.row == 99  # a frame back
        assert not consensus(desk).decisions
        desk.press(K.Key_2)
        assert units(consensus(desk)) == ["7"]


def test_what_is_edited_in_the_consensus_is_a_third_by_whoever_did_it(tmp_path: Path) -> None:
    folder = two_coders(tmp_path)
    with coded(arbitrated(folder, "dora")) as desk:
        desk.pane.take_up(consensus(desk).on("face")[1])
        desk.press(K.Key_M)
        (case,) = (d for d in consensus(desk).decisions.values() if d.choice != "agreed")
        assert (case.choice, case.by) == ("third", "dora")
        desk.press(K.Key_Delete)
        (case,) = (d for d in consensus(desk).decisions.values() if d.choice != "agreed")
        assert (case.choice, case.by, case.event) == ("neither", "dora", "")
        desk.press(K.Key_Z, CONTROL)
        desk.at(200)
        desk.press(K.Key_Return)
        (own,) = (d for d in consensus(desk).decisions.values() if d.first is None is d.second)
        assert (own.choice, own.by) == ("third", "dora")
    with coded(arbitrated(folder, "cleo")) as desk:  # nobody takes that one back
        assert len(consensus(desk).events) == 3


def test_what_is_undecided_of_another_camera_is_said(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Film(), Film("side")).folder
    for who, number in (("anna", "4"), ("ben", "7")):
        with coded(CodingOrder(folder, who)) as desk:
            for camera in ("side", "face"):
                desk.window.stage.set_main(camera)
                desk.press(K.Key_Home)
                desk.press(K.Key_BracketLeft)
                desk.press(K.Key_End)
                desk.press(K.Key_BracketRight)
                desk.press(K.Key_S)
                desk.press(K.Key_Escape)
                desk.at(100)
                desk.press(K.Key_Return)
                desk.at(120)
                desk.press(K.Key_O)
                desk.type(number)
                desk.press(K.Key_Return)
    with coded(arbitrated(folder, "cleo")) as desk:
        desk.press(K.Key_1)
        assert "undecided of other cameras: side 1" in desk.window.foot.doing.text()
        desk.window.stage.set_main("side")
        desk.press(K.Key_1)
        assert "all is decided" in desk.window.foot.doing.text()
        assert "other cameras" not in desk.window.foot.doing.text()
