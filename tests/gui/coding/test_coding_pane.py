"""Every key of the coding pane in every mode, and what the journal then says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from gui.coding.app import CodingOrder, coder
from gui.coding.keys import DEEDS, Deed
from gui.review.keys import COMMANDS
from gui.review.window import ReviewWindow
from recordings.annotation.action_units import format_units
from recordings.annotation.coder_file import Paths, load, who
from recordings.annotation.model import Mark, Moment
from recordings.errors import RecordingError
from recordings.review.session import ReviewSession
from tests.acquire.program import unisono
from tests.gui.coding.coding import CONTROL, PAD, PLAIN, SHIFT, Coded, coded
from tests.gui.review.walking import session, settle
from tests.recordings.strip_session import Film, Made, make_session

pytestmark = pytest.mark.usefixtures("qapp")
K = Qt.Key


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return session(tmp_path_factory.mktemp("coding"))


@pytest.fixture
def desk(made: Made, tmp_path: Path) -> Iterator[Coded]:
    with coded(CodingOrder(made.folder, "anna", tmp_path)) as found:
        yield found


def moment(made: Made, row: int) -> Moment:
    """What is true of a row of the main camera, as it was filmed."""
    film = made.films["face"]
    stored = int(film.stored[:row].sum())
    return Moment(time=film.times[row], frame=stored, device_frame=int(film.numbers[row]))


def same(found: Moment | None, wanted: Moment) -> bool:
    return (
        found is not None
        and (found.frame, found.device_frame) == (wanted.frame, wanted.device_frame)
        and abs(found.time - wanted.time) < 1e-6
    )


def test_boundaries_are_the_frames_at_the_cursor(desk: Coded, made: Made) -> None:
    desk.at(130)  # after gated and lost frames: rows and stored frames are not the same
    desk.press(K.Key_Return)
    assert same(desk.event.onset, moment(made, 130))
    marks: tuple[tuple[int, Qt.Key, Mark], ...] = (
        (140, K.Key_A, "apex"),
        (150, K.Key_O, "offset"),
        (128, K.Key_I, "onset"),
    )
    for row, key, mark in marks:
        desk.at(row)
        desk.press(key)
        assert same(desk.event.marks[mark], moment(made, row))
    assert desk.event.onset is not None
    assert desk.event.onset.frame == 128 - 2 - 50 - 3
    for key, row in ((K.Key_A, 140), (K.Key_O, 150), (K.Key_I, 128)):
        desk.press(key, SHIFT)
        assert desk.window.position.row == row


def test_a_frame_that_is_not_stored_cannot_be_a_boundary(desk: Coded) -> None:
    desk.at(60)
    for key in (K.Key_Return, K.Key_I, K.Key_A, K.Key_O):
        desk.press(key)
        assert not desk.on_disk.events
        assert "no stored frame here" in desk.window.foot.doing.text()
    desk.at(130)
    desk.press(K.Key_Return)
    assert "no stored frame here" not in desk.window.foot.doing.text()  # it was said for 6 s


def test_the_nearest_boundary_goes_by_one_stored_frame(desk: Coded, made: Made) -> None:
    desk.at(89)
    desk.press(K.Key_Right)
    desk.press(K.Key_Return)
    desk.at(110)
    desk.press(K.Key_O)
    desk.at(91)
    desk.press(K.Key_Comma)  # over the gated frames
    assert same(desk.event.onset, moment(made, 39))
    assert desk.window.position.row == 39
    desk.press(K.Key_Period)
    assert same(desk.event.onset, moment(made, 90))
    assert same(desk.event.offset, moment(made, 110))
    desk.press(K.Key_BracketLeft)  # with a selection, they are the selection's again
    desk.press(K.Key_Period)
    assert same(desk.event.onset, moment(made, 90))


def test_of_boundaries_on_one_frame_the_last_that_was_set_goes(desk: Coded) -> None:
    """It was the onset, whatever had been set."""
    desk.at(150)
    for key in (K.Key_Return, K.Key_A, K.Key_O):
        desk.press(key)
    frame = desk.window.position.stored
    assert frame is not None

    def frames() -> list[int]:
        return [moment.frame - frame for moment in desk.event.marks.values()]

    for _ in range(2):
        desk.press(K.Key_Period)
    assert frames() == [0, 0, 2]
    desk.press(K.Key_A, SHIFT)
    desk.press(K.Key_Period)
    assert frames() == [0, 1, 2]
    desk.press(K.Key_I)
    desk.press(K.Key_Comma)
    assert frames() == [0, 1, 2]


def test_a_digit_opens_the_line_in_which_letters_are_letters(desk: Coded) -> None:
    desk.at(10)
    desk.press(K.Key_Return)
    before = desk.window.position
    desk.type("4")
    line = desk.pane.view.entry
    assert line.is_open
    assert line.line.text() == "4"
    desk.type("B+L12")
    for key in (K.Key_Left, K.Key_Right, K.Key_Home, K.Key_End, K.Key_Space):
        desk.press(key)
    assert desk.window.position == before
    assert desk.event.units == ()
    desk.press(K.Key_Return)
    assert not line.is_open
    assert format_units(desk.event.units) == "4B+L12"
    desk.type("1")
    assert line.line.text() == "4B+L12+1"
    desk.press(K.Key_Escape)
    assert not line.is_open
    assert format_units(desk.event.units) == "4B+L12"
    desk.press(K.Key_V)
    assert line.line.text() == "4B+L12"
    line.line.clear()
    desk.press(K.Key_Enter)
    assert desk.event.units == ()


def test_what_is_wrong_in_the_line_stays_and_is_said(desk: Coded) -> None:
    desk.at(10)
    desk.press(K.Key_Return)
    desk.type("4X")
    desk.press(K.Key_Return)
    entry = desk.pane.view.entry
    assert entry.is_open
    assert entry.line.text() == "4X"
    assert "'4X' is no action unit" in entry.hint.text()
    assert desk.event.units == ()
    desk.press(K.Key_Backspace)
    desk.press(K.Key_Return)
    assert format_units(desk.event.units) == "4"


def test_keys_over_the_pictures_belong_to_an_open_line_too(desk: Coded) -> None:
    desk.at(10)
    desk.press(K.Key_Return)
    desk.type("4")
    desk.window.stage.setFocus()
    QTest.keyClicks(desk.window.stage, "A")
    assert desk.pane.view.entry.line.text() == "4A"
    assert desk.event.apex is None


def test_emotion_by_its_beginning_and_a_note_with_any_letters(desk: Coded) -> None:
    desk.at(10)
    desk.press(K.Key_Return)
    desk.press(K.Key_E)
    desk.type("s")
    desk.press(K.Key_Return)  # sad, surprise
    assert desk.pane.view.entry.is_open
    assert "sad, surprise" in desk.pane.view.entry.hint.text()
    desk.type("u")
    desk.press(K.Key_Return)
    assert desk.event.emotion == "surprise"
    desk.press(K.Key_E)
    desk.type("di")
    desk.press(K.Key_Tab)
    assert desk.pane.view.entry.line.text() == "disgust"
    desk.press(K.Key_Return)
    assert desk.event.emotion == "disgust"
    desk.press(K.Key_E)
    desk.type("awe")  # not in the scheme: kept, and warned about in the line
    desk.press(K.Key_Return)
    assert desk.event.emotion == "awe"
    assert "emotion 'awe' is not in mmme" in desk.pane.view.warning.text()
    desk.press(K.Key_E)
    assert "sad, surprise" in desk.pane.view.entry.hint.text()  # what may be typed instead
    desk.press(K.Key_Return)  # opened to look
    assert desk.event.emotion == "awe"
    desk.press(K.Key_E)
    desk.press(K.Key_Backspace)
    desk.press(K.Key_Return)
    assert desk.event.emotion == ""
    desk.press(K.Key_T)
    desk.type("left first, 也 <b>jklq1")
    desk.press(K.Key_Return)
    assert desk.event.note == "left first, 也 <b>jklq1"


def test_what_stands_in_the_line_when_the_window_closes_is_kept(made: Made, tmp_path: Path) -> None:
    order = CodingOrder(made.folder, "anna", tmp_path)
    for text, note in (("he looks away", "he looks away"), ("", "he looks away")):
        with coded(order) as desk:
            if not desk.store.coding.events:
                desk.at(10)
                desk.press(K.Key_Return)
            desk.press(K.Key_Tab)
            desk.press(K.Key_T)
            desk.type(text)
        loaded = load(Paths(order.folder, who("anna")))
        assert loaded is not None
        (event,) = loaded.coding.events.values()
        assert event.note == note


def test_a_long_note_is_not_cut_off_by_opening_it(desk: Coded) -> None:
    desk.at(20)
    desk.press(K.Key_Return)
    note = "微表情🙂\n\tb" * 700
    desk.store.put("events", desk.event.model_copy(update={"note": note}))
    desk.press(K.Key_T)
    desk.press(K.Key_Return)
    assert desk.event.note == note


def test_kind_confidence_and_an_offset_that_is_not_coded(desk: Coded) -> None:
    desk.at(10)
    desk.press(K.Key_Return)
    kinds = []
    for _ in range(3):
        desk.press(K.Key_M)
        kinds.append(desk.event.kind)
    assert kinds == ["micro", "macro", None]
    sure = []
    for _ in range(6):
        desk.press(K.Key_C)
        sure.append(desk.event.confidence)
    assert sure == [1, 2, 3, 4, 5, None]
    desk.at(20)
    desk.press(K.Key_O)
    desk.press(K.Key_Q)
    assert desk.event.offset is None
    assert not desk.event.offset_coded
    desk.press(K.Key_O)
    assert desk.event.offset is not None
    assert desk.event.offset_coded


def test_undo_and_redo_go_all_the_way(desk: Coded) -> None:
    desk.press(K.Key_End)
    desk.at(10)
    for key in (K.Key_Return, K.Key_M, K.Key_C, K.Key_A, K.Key_Q):
        desk.press(key)
    last = desk.on_disk.events
    for _ in range(5):
        desk.press(K.Key_Z, CONTROL)
    assert not desk.on_disk.events
    desk.press(K.Key_Z, CONTROL)
    assert "nothing is left to undo" in desk.window.foot.doing.text()
    for _ in range(3):
        desk.press(K.Key_Y, CONTROL)
    for _ in range(2):
        desk.press(K.Key_Z, CONTROL | SHIFT)
    assert desk.on_disk.events == last
    desk.press(K.Key_Y, CONTROL)
    assert "nothing is left to redo" in desk.window.foot.doing.text()
    desk.press(K.Key_Delete)
    assert not desk.on_disk.events
    desk.press(K.Key_Z, CONTROL)
    assert desk.on_disk.events == last


def test_next_and_previous_event_and_a_click(desk: Coded) -> None:
    for row in (20, 100, 300):
        desk.at(row)
        desk.press(K.Key_Return)
    places = []
    for key, modifiers in (
        (K.Key_Backtab, SHIFT),
        (K.Key_Backtab, SHIFT),
        (K.Key_Backtab, SHIFT),
        (K.Key_Tab, PLAIN),
    ):
        desk.press(key, modifiers)
        places.append(desk.window.position.row)
    assert places == [100, 20, 20, 100]
    view = desk.pane.view.list
    last = view.visualRect(view.model().index(2, 0)).center()
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, PLAIN, QPoint(20, last.y()))
    assert desk.window.position.row == 300
    desk.at(310)
    desk.press(K.Key_A)
    assert [e.apex is not None for e in desk.on_disk.on("face")] == [False, False, True]
    desk.press(K.Key_R)
    rows = desk.window.stage.playhead.rows
    assert desk.window.selection == (rows.times[300], rows.times[310])


def test_looked_at_not_codable_and_what_comes_next(desk: Coded, made: Made) -> None:
    trials = desk.pane._desk.shot.trials
    assert [t.number for t in trials] == [1, 2, 3, 4]
    film = made.films["face"]
    times = film.times[film.stored]
    for n, trial in enumerate(trials):
        inside = (times >= 7000.25 + n) & (times <= 7000.75 + n)
        assert trial.frames == tuple(np.flatnonzero(inside)[[0, -1]])
    desk.press(K.Key_Home)
    for trial in trials:
        desk.press(K.Key_U)
        assert desk.window.position.stored == trial.first
        desk.press(K.Key_S)
        assert trial.number in {s.trial for s in desk.on_disk.looked.values()}
    desk.press(K.Key_U)
    said = "all of it was looked at here; not yet of other cameras: side"
    assert said in desk.window.foot.doing.text()
    assert "100.0 %" in desk.pane.view.progress.text()
    desk.press(K.Key_S, SHIFT)
    assert len(desk.on_disk.looked) == 3
    desk.press(K.Key_X)
    desk.press(K.Key_Return)
    assert desk.pane.view.entry.is_open  # a reason is needed
    desk.type("bl")
    desk.press(K.Key_Return)
    (span,) = desk.on_disk.not_codable.values()
    assert (span.reason, span.first, span.last) == ("blink", *trials[3].frames)
    assert "not codable: blink" in desk.pane.view.place.text()
    desk.press(K.Key_X, SHIFT)
    assert not desk.on_disk.not_codable


def test_a_study_that_codes_one_camera_asks_for_no_other(tmp_path: Path) -> None:
    folder = session(tmp_path).folder
    plan = tmp_path / "study" / "coding.toml"
    plan.write_text('coders = ["anna"]\ncameras = ["side", "left"]\n')
    with coded(CodingOrder(folder, "anna")) as desk:
        assert desk.window.position.camera == "side"
        assert desk.window.bar.cameras.currentText() == "side"
        assert "the camera left coded" in desk.pane.view.notes.text()
        for _ in desk.pane._desk.shot.trials:
            desk.press(K.Key_U)
            desk.press(K.Key_S)
        desk.press(K.Key_U)
        assert desk.window.foot.doing.text() == "all of it was looked at"
        desk.window.use_camera("face")
        assert "not coded in this study" in desk.pane.view.progress.text()
    plan.write_text('coders = ["anna"]\ncameras = ["left"]\n')
    refused = unisono("review", str(folder), "--as", "anna", folder=tmp_path)
    assert refused.code == 2
    assert "cameras = left: this session has none of these but face, side" in refused.stderr


def test_a_selection_goes_before_the_trial(desk: Coded) -> None:
    desk.at(5)
    desk.press(K.Key_S)
    assert not desk.on_disk.looked
    assert "no trial here and nothing selected" in desk.window.foot.doing.text()
    desk.press(K.Key_BracketLeft)
    desk.at(15)
    desk.press(K.Key_BracketRight)
    desk.press(K.Key_S)
    (span,) = desk.on_disk.looked.values()
    assert (span.first, span.last, span.trial) == (3, 13, None)


def test_no_key_asks_and_none_changes_what_it_should_not(desk: Coded) -> None:
    """Without an event in hand, what needs one says so and edits nothing."""
    needs = (K.Key_Q, K.Key_M, K.Key_C, K.Key_E, K.Key_T, K.Key_V, K.Key_1, K.Key_Delete, K.Key_R)
    for key in needs:
        desk.window.tell("")
        desk.press(key)
        assert "no event is chosen" in desk.window.foot.doing.text(), key
        assert not desk.pane.view.entry.is_open
    assert desk.store.entries == 0


def test_enter_on_the_number_pad_is_return(desk: Coded, made: Made) -> None:
    desk.at(10)
    desk.press(K.Key_Enter, PAD)
    assert same(desk.event.onset, moment(made, 10))


def test_every_key_of_the_review_but_four_is_still_the_reviews(desk: Coded) -> None:
    taken = {key for key in COMMANDS if key in DEEDS}
    names = {DEEDS[key] for key in taken}
    assert names == {Deed.NEXT, Deed.PREVIOUS, Deed.EARLIER, Deed.LATER}
    desk.at(10)
    desk.press(K.Key_Return)
    for key, modifiers in COMMANDS:
        if (key, modifiers) not in DEEDS:
            desk.press(key, modifiers)
    desk.press(K.Key_Escape)
    assert desk.store.entries == 1


def test_an_own_scheme_lies_beside_the_plan_wherever_one_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_session(tmp_path / "study", Film()).folder
    (tmp_path / "study" / "coding.toml").write_text('coders = ["anna"]\nscheme = "ours.toml"\n')
    order = CodingOrder(folder, "anna")
    with pytest.raises(RecordingError, match="no scheme can be read there"), coder(order):
        pass
    (tmp_path / "study" / "ours.toml").write_text('name = "ours"\nemotions = ["awe"]\n')
    with coder(order) as found:  # nothing was begun with a scheme that was not there
        assert found.scheme.name == "ours"
    monkeypatch.chdir(tmp_path / "study")
    with coder(replace(order, coder="ben", scheme="ours.toml")) as found:
        assert found.scheme.name == "ours"
    monkeypatch.chdir(tmp_path)
    for name in ("anna", "ben"):
        with coder(replace(order, coder=name)) as found:
            assert found.scheme.name == "ours"
            assert not Path(found.store.scheme).is_absolute(), "it would name who codes"


@pytest.mark.parametrize("rate", [150.0, 500.0])
def test_limits_warn_in_the_line_and_stop_nobody(tmp_path: Path, rate: float) -> None:
    made = make_session(tmp_path, Film(rate_hz=rate, frames=400))
    with coded(CodingOrder(made.folder, "anna")) as desk:
        desk.at(1)
        desk.press(K.Key_Return)
        desk.press(K.Key_M)
        desk.at(round(rate * 0.6))
        desk.press(K.Key_O)
        assert "over 500" in desk.pane.view.warning.text()
        assert desk.event.offset is not None
        assert desk.event.offset.frame == round(rate * 0.6)
        assert "▲" in desk.pane.view.list.model().index(0, 0).data()


ALT_GR = CONTROL | Qt.KeyboardModifier.AltModifier


def test_signs_are_typed_as_each_keyboard_types_them(desk: Coded) -> None:
    def press(sign: str, modifiers: Qt.KeyboardModifier) -> None:
        event = QKeyEvent(QEvent.Type.KeyPress, ord(sign), modifiers, sign)
        QApplication.sendEvent(desk.window.stage, event)
        settle(desk.window)

    desk.at(10)
    desk.press(K.Key_Return)
    assert desk.event.onset is not None
    frame = desk.event.onset.frame
    press(".", SHIFT)  # in France
    assert desk.event.onset.frame == frame + 1
    press("[", ALT_GR)  # in Germany, on Windows
    desk.at(20)
    press("]", Qt.KeyboardModifier.AltModifier)  # the same on a Mac
    assert desk.window.selection is not None
    press("\\", Qt.KeyboardModifier.GroupSwitchModifier)  # on X11
    assert desk.window.stage.playhead.speed > 0
    desk.press(K.Key_K)
    before = desk.store.entries
    event = QKeyEvent(QEvent.Type.KeyPress, K.Key_Period, ALT_GR, "")  # a shortcut of the system
    QApplication.sendEvent(desk.window.stage, event)
    assert desk.store.entries == before


# Other programs' keys.


def test_the_number_pad_of_datavyu(made: Made, tmp_path: Path) -> None:
    with coded(CodingOrder(made.folder, "anna", tmp_path, keys="datavyu")) as desk:
        desk.at(10)
        desk.press(K.Key_3, PAD)
        assert desk.window.position.row == 11
        desk.press(K.Key_1, PAD)
        assert desk.window.position.row == 10
        desk.press(K.Key_0, PAD)
        desk.at(20)
        desk.press(K.Key_9, PAD)
        assert same(desk.event.offset, moment(made, 20))
        desk.at(9)
        desk.press(K.Key_7, PAD)
        assert same(desk.event.onset, moment(made, 9))
        assert same(desk.event.offset, moment(made, 20))
        desk.press(K.Key_6, PAD)
        assert desk.window.stage.playhead.speed == 1.0
        desk.press(K.Key_5, PAD)
        assert desk.window.stage.playhead.speed == 0.0
        desk.press(K.Key_8, PAD)
        assert desk.window.stage.playhead.speed == 1.0
        desk.press(K.Key_2, PAD)
        assert desk.window.stage.playhead.speed == 0.0
        desk.press(K.Key_4, PAD)
        assert desk.window.stage.playhead.speed == -1.0
        desk.press(K.Key_5, PAD)
        desk.at(390)
        desk.press(K.Key_Plus, PAD)
        assert desk.window.position.row < 300
        held = QKeyEvent(QEvent.Type.KeyPress, K.Key_8, PAD, "8", autorep=True)
        QApplication.sendEvent(desk.window.stage, held)
        assert not desk.pane.view.entry.is_open
        desk.type("4")
        assert desk.pane.view.entry.is_open  # the row of digits is still there


def test_the_keys_of_boris(made: Made, tmp_path: Path) -> None:
    with coded(CodingOrder(made.folder, "anna", tmp_path, keys="boris")) as desk:
        desk.at(10)
        desk.press(K.Key_Return)
        desk.press(K.Key_Asterisk, SHIFT)
        assert desk.window.position.row == 11
        desk.press(K.Key_Asterisk, PAD)
        desk.press(K.Key_Slash, PAD)
        assert desk.window.position.row == 11
        desk.press(K.Key_Return)
        assert same(desk.event.onset, moment(made, 10))
        assert same(desk.event.offset, moment(made, 11))
        desk.press(K.Key_Up)
        assert desk.window.position.row > 90
        desk.press(K.Key_Down)
        assert desk.window.position.row < 20


# Whose file it is.


def test_what_was_coded_is_there_again(made: Made, tmp_path: Path) -> None:
    order = CodingOrder(made.folder, "anna", tmp_path)
    with coded(order) as desk:
        desk.at(10)
        desk.press(K.Key_Return)
        before = desk.on_disk
    with coded(order) as desk:
        assert desk.on_disk == before
        assert desk.pane.view.list.model().rowCount() == 1
        desk.press(K.Key_Z, CONTROL)
        assert not desk.on_disk.events


def test_a_second_window_is_read_only_and_says_so(made: Made, tmp_path: Path) -> None:
    order = CodingOrder(made.folder, "anna", tmp_path)
    with coded(order) as first:
        first.at(10)
        first.press(K.Key_Return)
        with coded(order) as second:
            view = second.pane.view
            assert view.notes.isVisible()
            assert "read-only" in view.notes.text()
            second.at(5)
            second.press(K.Key_Tab)
            for key in (K.Key_A, K.Key_M, K.Key_Delete, K.Key_E, K.Key_1, K.Key_X, K.Key_Return):
                second.press(key)
                assert "open in process" in view.failure.text(), key
                assert not view.entry.is_open
        assert first.event.apex is None
        first.press(K.Key_A)
        assert first.event.apex is not None


@pytest.mark.parametrize("spoil", ["damaged", "later"])
def test_a_file_that_cannot_be_read_is_named_and_kept(
    made: Made, tmp_path: Path, spoil: str
) -> None:
    order = CodingOrder(made.folder, "anna", tmp_path)
    with coded(order) as desk:
        desk.at(10)
        desk.press(K.Key_Return)
    path = order.folder / "anna.json"
    text = path.read_text()
    path.write_text(
        text[:-9] if spoil == "damaged" else json.dumps(json.loads(text) | {"version": 9})
    )
    before = path.read_bytes()
    with pytest.raises(RecordingError, match=r"anna\.json") as caught, coder(order):
        pass
    assert "is damaged" in str(caught.value) or "version 9" in str(caught.value)
    assert path.read_bytes() == before


def test_a_blind_coder_sees_no_marker_signal_or_participant(tmp_path: Path) -> None:
    made = session(tmp_path)
    (tmp_path / "coding.toml").write_text(
        'coders = ["anna", "ben"]\nscheme = "samm"\n'
        'hide = ["markers", "signals", "suggestions", "participant"]\n'
    )
    with coded(CodingOrder(made.folder, "ben")) as other:
        other.at(20)
        other.press(K.Key_Return)
        other.press(K.Key_T)
        other.type("bens note")
        other.press(K.Key_Return)
    with coded(CodingOrder(made.folder, "anna")) as desk:
        lanes = {lane.name: lane for lane in desk.window.stage.plot.lanes}
        assert {"markers", "alarms"}.isdisjoint(lanes)
        assert [mark.text for mark in lanes["trials"].marks] == ["1", "2", "3", "4"]
        assert not any("samples lost" in mark.text for mark in lanes["gaps"].marks)
        assert not desk.window.session.signals
        assert not desk.window.stage.plot.rows
        assert desk.window.bar.channels.isHidden()
        said = [label.text() for label in desk.window.findChildren(QLabel)]
        said += [desk.window.windowTitle()]
        assert not [text for text in said if "clip-" in text or "sub" in text or "bens" in text]
        assert desk.pane.view.list.model().rowCount() == 0
        assert "samm" in desk.pane.view.head.text()
        desk.at(20)
        desk.press(K.Key_Return)
        assert desk.event.visible == ()
        assert desk.pane.view.notes.isHidden()
    with coded(CodingOrder(made.folder, "cleo")) as third:
        assert "coding.toml names no coder cleo" in third.pane.view.notes.text()


def test_what_is_wrong_tells_a_blind_coder_no_participant(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=20), Film("side", frames=20), seconds=1.0)
    (made.folder.parent / "coding.toml").write_text('coders = ["anna"]\nhide = ["participant"]\n')
    order = CodingOrder(made.folder, "anna")
    order.folder.mkdir()
    (order.folder / "anna.lock").write_text('{"name": "elsewhere", "pid": "7"}')
    (made.folder / "side.nut").write_bytes(b"no video at all")
    with coder(order) as found:
        window = ReviewWindow(ReviewSession(made.folder, found.hidden))
        pane = found.sit_down(window)
        said = window.notices.label.text() + pane.view.notes.text()
        window.close()
    assert "side.nut: cannot be read as video" in said
    assert "delete anna.lock" in said
    assert "sub-01" not in said


def test_what_was_visible_is_kept(desk: Coded) -> None:
    desk.at(20)
    desk.press(K.Key_Return)
    assert desk.event.visible == ("markers", "signals", "participant")


def test_another_camera_has_events_of_its_own(desk: Coded, made: Made) -> None:
    desk.at(20)
    desk.press(K.Key_Return)
    desk.window.stage.set_main("side")
    assert desk.pane.view.list.model().rowCount() == 0
    row = desk.window.position.row
    desk.press(K.Key_Return)
    own = desk.on_disk.on("side")[0]
    assert own.onset is not None
    assert own.onset.device_frame == made.films["side"].numbers[row]
    desk.window.stage.set_main("face")
    assert desk.pane.view.list.model().rowCount() == 1


def test_what_is_undone_on_another_camera_is_said(desk: Coded) -> None:
    desk.at(20)
    desk.press(K.Key_Return)
    desk.window.stage.set_main("side")
    for key, words in ((K.Key_Z, "that was on the camera face"), (K.Key_Y, "the camera face")):
        desk.press(key, CONTROL)
        assert words in desk.window.foot.doing.text()
    desk.window.stage.set_main("face")
    desk.press(K.Key_Z, CONTROL)
    assert not desk.on_disk.events


def test_why_it_cannot_be_coded_is_said_of_the_camera_that_it_was_asked_of(desk: Coded) -> None:
    for key in (K.Key_Home, K.Key_BracketLeft, K.Key_End, K.Key_BracketRight, K.Key_X):
        desk.press(key)
    desk.window.stage.set_main("side")  # by the mouse, while the line is open
    desk.type("hand")
    desk.press(K.Key_Return)
    (span,) = desk.on_disk.not_codable.values()
    assert (span.camera, span.reason) == ("face", "hand")


def test_a_held_key_of_the_pane_makes_no_queue_either(desk: Coded) -> None:
    desk.at(20)
    desk.press(K.Key_Return)
    first = desk.event.place
    assert first is not None
    held = QKeyEvent(QEvent.Type.KeyPress, K.Key_Period, PLAIN, ".", autorep=True)
    desk.window.stage.tiles["face"].area.is_painted = False
    QApplication.sendEvent(desk.window.stage, held)
    assert desk.event.place == first
    desk.window.stage.tiles["face"].area.is_painted = True
    QApplication.sendEvent(desk.window.stage, held)
    assert desk.event.place is not None
    assert desk.event.place.frame == first.frame + 1


def test_a_disk_that_refuses_is_said_and_the_event_is_as_it_was(
    desk: Coded, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.at(20)
    desk.press(K.Key_Return)
    journal = desk.store._journal
    assert journal is not None

    def full(data: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(journal, "write", full)
        desk.press(K.Key_A)
        said = desk.pane.view.failure.text()
        assert "No space left on device" in said
        assert "anna.journal" in said
        assert str(desk.order.folder) not in said
        assert desk.event.apex is None
    desk.press(K.Key_A)
    assert desk.pane.view.failure.isHidden()
    assert desk.event.apex is not None


def test_an_event_of_a_repaired_session_keeps_its_frame_and_says_so(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film())
    order = CodingOrder(made.folder, "anna", tmp_path / "elsewhere")
    with coded(order) as desk:
        desk.at(50)
        desk.press(K.Key_Return)
    path = order.folder / "anna.json"
    said = json.loads(path.read_text())
    (event,) = said["coding"]["events"].values()
    event["onset"]["time"] -= 0.5
    path.write_text(json.dumps(said))
    with coded(order) as desk:
        desk.press(K.Key_Tab)
        assert desk.window.position.row == 50
        assert "onset: frame 50 is +500.0 ms" in desk.pane.view.warning.text()


# The command.


def test_the_command_refuses_in_one_line(made: Made, tmp_path: Path) -> None:
    dark = make_session(tmp_path / "data").folder
    for arguments, words in (
        ((str(tmp_path), "--as", "anna"), "coding.toml: is not there; write it as the handbook"),
        ((str(dark), "--as", "anna"), "has no video whose frames could be coded"),
        ((str(made.folder), "--as", "a/b"), "coder"),
        ((str(made.folder), "--as", "consensus"), "no coder can be called consensus"),
        (
            (str(made.folder), "--as", "anna", "--scheme", "none"),
            f"{Path.cwd() / 'none'}: no scheme",
        ),
        ((str(made.folder), "--keys", "boris"), "only with --as"),
        ((str(made.folder), "--as", "anna", "--arbitrate", "ben"), "two coders"),
    ):
        run = unisono("review", *arguments, folder=tmp_path)
        assert run.code != 0
        assert words in " ".join(run.stderr.split()), run.stderr
        assert "Traceback" not in run.stderr
    # Nobody who was refused is a coder of the session.
    assert not [folder for folder in (made.folder, dark) if (folder / "annotations").exists()]
