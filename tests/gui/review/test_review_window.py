"""What keys and buttons do, what a pane learns, and what is said of a session that has faults."""

from __future__ import annotations

import os
import shutil
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QLocale, QPointF, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from gui.review.keys import COMMANDS
from gui.review.pane import Position
from gui.review.picture_area import Mode
from gui.review.window import ReviewWindow
from gui.review.wording import clock, lane_title
from gui.signals.display_filter import FilterSettings
from gui.texts import install
from recordings.manifest import State
from recordings.review.lanes import Lane, Mark
from recordings.stream_kinds import Fate
from tests.acquire.program import unisono
from tests.gui.picture_faults import unfocused
from tests.gui.review.reviewing import CONTROL, SHIFT, press, review
from tests.gui.review.walking import FACE, SIDE, look, session, settle
from tests.gui.windows import wait_until
from tests.recordings.strip_session import START, Film, Made, make_session

pytestmark = pytest.mark.usefixtures("qapp")
K = Qt.Key


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return session(tmp_path_factory.mktemp("review"))


def test_keys_move_the_cursor(made: Made) -> None:
    with review(made.folder) as window:
        rows = []
        for key, modifiers in (
            (K.Key_Right, Qt.KeyboardModifier.NoModifier),
            (K.Key_Right, SHIFT),
            (K.Key_Left, Qt.KeyboardModifier.NoModifier),
            (K.Key_Right, CONTROL),
            (K.Key_Left, SHIFT),
            (K.Key_End, Qt.KeyboardModifier.NoModifier),
            (K.Key_Home, Qt.KeyboardModifier.NoModifier),
        ):
            press(window, key, modifiers)
            look(window, made)
            rows.append(window.position.row)
        assert rows[:3] == [1, 11, 10]
        assert rows[3] in (109, 110, 111)
        assert rows[4:] == [rows[3] - 10, 399, 0]


def test_where_the_focus_is_is_seen(made: Made) -> None:
    with review(made.folder) as window:
        assert list(unfocused(window)) == []


def test_a_held_key_makes_no_queue(made: Made) -> None:
    with review(made.folder) as window:
        window.go_to(START + 1.0)
        settle(window)
        row = window.position.row
        for _ in range(5):  # before Qt comes to paint
            held = QKeyEvent(
                QEvent.Type.KeyPress, K.Key_Right, Qt.KeyboardModifier.NoModifier, "", True
            )
            QApplication.sendEvent(window.stage, held)
        assert window.position.row == row + 1
        settle(window)
        look(window, made)


def test_tab_goes_to_the_next_event_and_back(made: Made) -> None:
    with review(made.folder) as window:
        press(window, K.Key_Tab)
        first = window.position.time
        starts = sorted({m.start for lane in window.session.lanes for m in lane.marks})
        passed = [s for s in starts if window.session.start < s <= first]
        assert passed
        for _ in range(5):
            press(window, K.Key_Tab)
            look(window, made)
        later = window.position.time
        for _ in range(5):
            QTest.keyClick(window.stage, K.Key_Backtab, SHIFT)
        settle(window)
        assert window.position.time == first < later


def test_a_selection_its_boundaries_and_its_loop(made: Made) -> None:
    with review(made.folder) as window:
        window.go_to(START + 1.0)
        press(window, K.Key_BracketLeft)
        window.go_to(START + 1.2)
        press(window, K.Key_BracketRight)
        selection = window.selection
        assert selection is not None
        before = window.stage.playhead.rows.at(selection[1])
        press(window, K.Key_Period)
        press(window, K.Key_Comma)
        press(window, K.Key_Comma)
        assert window.selection is not None
        assert window.stage.playhead.rows.at(window.selection[1]) == before - 1
        assert window.position.row == before - 1
        assert window.selection[0] == selection[0]
        QTest.keyClick(window.stage, K.Key_Backslash)
        playhead = window.stage.playhead
        assert playhead.is_looping
        assert playhead.speed == 0.125
        first, last = (playhead.rows.at(time) for time in window.selection)
        seen: set[int] = set()

        def has_moved() -> bool:
            seen.add(playhead.at)
            return len(seen) > 4

        wait_until(has_moved, what="some frames of the loop")
        assert seen <= set(range(first, last + 1))
        QTest.keyClick(window.stage, K.Key_Escape)
        assert playhead.speed == 0
        settle(window)
        QTest.keyClick(window.stage, K.Key_Escape)
        assert window.selection is None


def test_playing_goes_by_stamps_and_says_what_was_left_out(made: Made) -> None:
    with review(made.folder) as window:
        playhead = window.stage.playhead
        now = 0.0
        playhead._clock = lambda: now
        QTest.keyClick(window.stage, K.Key_L)
        QTest.keyClick(window.stage, K.Key_L)
        assert playhead.speed == 2.0
        playhead._timer.stop()
        for _ in range(30):
            now += 0.02
            wait_until(lambda: _tick(window), what="the picture that is due")
        settle(window)
        look(window, made)
        assert window.position.time == pytest.approx(START + 1.2, abs=0.05)
        assert playhead.dropped > 0
        assert playhead.shown + playhead.dropped == window.position.row
        assert f"{playhead.dropped:,} left out" in window.foot.doing.text()
        QTest.keyClick(window.stage, K.Key_J)
        assert playhead.speed == 1.0
        QTest.keyClick(window.stage, K.Key_K)
        assert playhead.speed == 0


def _tick(window: ReviewWindow) -> bool:
    """Let the playhead look; whether it is where the clock says."""
    playhead = window.stage.playhead
    playhead.tick()
    run = playhead._playing
    assert run is not None
    return playhead._due_row(run.at(playhead._clock()), run) == playhead.at


def test_a_frame_that_is_not_stored_is_an_empty_picture_in_words(made: Made) -> None:
    with review(made.folder) as window:
        face = window.stage.tiles["face"]
        for row, fate, words in (
            (60, Fate.GATED, "gated"),
            (121, Fate.DEVICE_LOST, "lost by the device"),
            (0, Fate.ENCODER_ERROR, "the encoder failed"),
        ):
            window.go_to(float(face.rows.times[row]))
            settle(window)
            assert face.rows.fate(row) is fate
            assert window.position.stored is None
            assert words in face.area.shown.text
            assert words in face.fate.text()
            assert not face.area.shown.is_current
            if row > 0:  # the picture before it is decoded first
                wait_until(lambda: "dimmed" in face.area.shown.caption, what="that picture")
            else:
                assert "dimmed" not in face.area.shown.caption


def test_other_cameras_say_how_far_they_are(made: Made) -> None:
    with review(made.folder) as window:
        side = window.stage.tiles["side"]
        assert "before the first frame" in side.area.shown.text
        window.go_to(START + 2.013)
        settle(window)
        away = 1e3 * (side.rows.times[side.at] - window.position.time)
        assert away < 0
        assert side.distance.text() == f"−{-away:.1f} ms"
        window.bar.cameras.setCurrentText("side")
        settle(window)
        assert window.position.camera == "side"
        assert side.distance.text() == ""
        look(window, made)


def test_a_pinned_frame_beside_over_and_against_another(made: Made) -> None:
    with review(made.folder) as window:
        area = window.stage.tiles["face"].area
        window.go_to(START + 1.0)
        settle(window)
        press(window, K.Key_N)
        assert area.pinned is not None
        pinned = area.pinned[0]
        press(window, K.Key_Right)
        looks = []
        for key, mode in (
            (K.Key_B, Mode.BESIDE),
            (K.Key_G, Mode.GHOST),
            (K.Key_D, Mode.DIFFERENCE),
            (K.Key_F, Mode.FLICKER),
        ):
            press(window, key)
            assert window.bar.look.mode is mode
            looks.append(area.grab().toImage())
        assert all(one != two for one, two in pairwise(looks))
        wait_until(lambda: area.is_flipped, what="the other side of the flicker")
        press(window, K.Key_F)
        assert window.bar.look.mode is Mode.PLAIN
        assert area.pinned[0] == pinned == area.shown.number - 1
        window.go_to(START + 0.6)
        settle(window)
        press(window, K.Key_N)
        assert area.pinned[0] == pinned, "what is not stored cannot be pinned"


def test_zoom_keeps_the_pixel_under_the_pointer(made: Made) -> None:
    with review(made.folder) as window:
        window.go_to(START + 1.0)
        settle(window)
        area = window.stage.tiles["face"].area
        area.zoom(0.5, area.rect().center().toPointF())
        QApplication.processEvents()
        assert area.box is not None
        left, top, width, height = area.box
        assert (width, height) == (FACE.size[0] // 2, FACE.size[1] // 2)
        assert abs(left + width / 2 - FACE.size[0] / 2) <= 2
        assert abs(top + height / 2 - FACE.size[1] / 2) <= 2
        press(window, K.Key_W)
        assert area.box is None


class Note:
    """A pane that takes digits."""

    def __init__(self) -> None:
        self.label = QLabel("pane")
        self.keys: list[int] = []
        self.positions: list[Position] = []
        self.selections: list[object] = []

    @property
    def widget(self) -> QWidget:
        return self.label

    def take_key(self, event: QKeyEvent) -> bool:
        self.keys.append(event.key())
        return event.text().isdigit() or event.key() == K.Key_N

    def moved(self, position: Position) -> None:
        self.positions.append(position)

    def selected(self, selection: tuple[float, float] | None) -> None:
        self.selections.append(selection)

    def closing(self) -> None:
        self.label.setText("closing")


def test_a_pane_sees_every_key_first_and_learns_of_each_move(made: Made) -> None:
    with review(made.folder) as window:
        note = Note()
        window.set_pane(note)
        assert note.label.isVisible()
        window.go_to(START + 1.0)
        press(window, K.Key_Right)
        press(window, K.Key_4)
        press(window, K.Key_N)
        assert window.stage.tiles["face"].area.pinned is None, "the pane has taken N"
        assert note.keys == [K.Key_Right, K.Key_4, K.Key_N]
        last = note.positions[-1]
        assert last == window.position
        assert last.stored is not None
        assert last.device == 1000 + last.row
        window.select(START + 1.0, START + 1.1)
        assert note.selections[-1] == window.selection
        mark = Mark(START + 3.0, START + 3.2, "AU12")
        window.show_lanes((Lane("coded", (mark,)),))
        assert [lane.name for lane in window.stage.plot.lanes][-1] == "coded"


def test_letters_that_the_review_uses_are_told() -> None:
    """A digit and most letters stay free for coding."""
    free = {K(ord(c)) for c in "0123456789AEIOQRSTUVXY"}
    assert not free & {key for key, _ in COMMANDS}


def test_signals_follow_the_cursor_and_say_their_values(made: Made) -> None:
    with review(made.folder) as window:
        plot = window.stage.plot
        assert [row.channel.label for row in plot.rows] == ["Fp1", "Cz", "ECG"]
        assert len(plot._data[0][0]) > 1000
        plot.show_span(START, 1.0)
        window.go_to(START + 2.5)
        assert plot.left_s <= 2.5 <= plot.left_s + plot.length_s == plot.left_s + 1.0
        window.bar.filters.set(FilterSettings(low_pass_hz=15.0))
        assert plot.are_filtered
        before = plot._data[0][1].std()
        window.bar.filters.set(FilterSettings())
        assert before < 0.5 * plot._data[0][1].std()
        window.bar.channels.list.item(0).setCheckState(Qt.CheckState.Unchecked)
        assert [row.channel.label for row in plot.rows] == ["Cz", "ECG"]


def test_a_session_without_camera_is_walked_in_steps(tmp_path: Path) -> None:
    bare = tmp_path / "bare.xdf"
    shutil.copy(make_session(tmp_path, Film(frames=5)).folder / "recording.xdf", bare)
    with review(bare) as window:
        press(window, K.Key_Right, SHIFT)
        assert window.position.time == pytest.approx(window.session.start + 0.1)
        assert window.position.camera == ""
        press(window, K.Key_Z)


def test_refresh_shows_what_came_since(tmp_path: Path) -> None:
    film = Film(frames=100, codecs=("raw",))
    made = make_session(tmp_path / "data", film, seconds=1.0, state=State.RECORDING)
    folder = tmp_path / "growing"
    shutil.copytree(made.folder, folder)
    video = folder / made.films["face"].files[0]
    whole = video.read_bytes()
    video.write_bytes(whole[: 4096 + 50 * 272 * 64 + 11])
    with review(folder) as window:
        assert "being recorded" in window.notices.label.text()
        assert window.bar.refresh.isVisible()
        face = window.stage.tiles["face"]
        window.go_to(float(face.rows.times[49]))
        settle(window)
        look(window, made)
        window.go_to(float(face.rows.times[60]))
        wait_until(lambda: "refresh" in face.area.shown.text, what="why there is no picture")
        video.write_bytes(whole)
        at = window.position.time
        QTest.keyClick(window.stage, K.Key_F5)
        settle(window)
        assert window.position.time == at
        look(window, made)
    assert not (folder / ".review").exists(), "nothing is written while it is recorded"


def test_what_is_wrong_is_said_and_the_rest_is_shown(tmp_path: Path) -> None:
    made = make_session(tmp_path, Film(frames=40), SIDE)
    (made.folder / "side.nut").unlink()
    video = made.folder / made.films["face"].files[0]
    with video.open("r+b") as file:
        file.seek(-40, 2)
        file.write(b"\x55" * 8)
    with review(made.folder) as window:
        assert "side.nut" in window.notices.label.text()
        assert "side.nut" in window.stage.tiles["side"].area.shown.text
        wait_until(lambda: "SHA-256" in window.notices.label.text(), what="the changed file")
        press(window, K.Key_Right)
        assert window.stage.tiles["face"].area.shown.is_current


def test_a_recording_that_goes_away_under_the_window_is_said_and_the_window_stays(
    tmp_path: Path,
) -> None:
    made = make_session(tmp_path, Film(frames=40), seconds=20.0)
    with review(made.folder) as window:
        plot = window.stage.plot
        wait_until(lambda: window._background._thread.is_alive() is False, what="the pyramids")
        os.truncate(made.folder / "recording.xdf", 4096)
        plot.show_span(window.session.start + 12.0, 2.0)
        assert not any(len(times) for times, _ in plot._data)
        said = [text for _, text in plot.getPlotItem().getAxis("right")._tickLevels[0]]
        assert said.count("cannot be read") == len(plot.rows)
        assert "▲ recording.xdf: was cut off while it was read" in window.notices.label.text()
        window.go_to(float(window.stage.tiles["face"].rows.times[20]))
        settle(window)
        look(window, made)  # the pictures are there


def test_closing_leaves_no_thread(made: Made) -> None:
    with review(made.folder) as window:
        QTest.keyClick(window.stage, K.Key_Space)
        QApplication.processEvents()
    left = [t.name for t in threading.enumerate() if t.name.startswith("review")]
    assert left == []


def test_the_command_refuses_what_is_no_session_in_one_line(tmp_path: Path) -> None:
    done = unisono("review", tmp_path, folder=tmp_path)
    assert done.code == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("seconds", "digits", "text"),
    [
        (0, 3, "0:00:00.000"),
        (3723.4567, 3, "1:02:03.457"),
        (59.9996, 3, "0:01:00.000"),
        (7, 0, "0:00:07"),
    ],
)
def test_the_clock(seconds: float, digits: int, text: str) -> None:
    assert clock(seconds, digits) == text


def test_lanes_are_called_in_the_language_of_the_window(made: Made, qapp: QApplication) -> None:
    translator = install(qapp, QLocale("zh_CN"))
    assert translator is not None
    try:
        with review(made.folder) as window:
            titles = [lane_title(lane.name) for lane in window.session.lanes]
            assert titles == ["标记", "试次", "缺失", "警报"]
            ticks, *_ = window.stage.plot.getPlotItem().getAxis("left")._tickLevels
            assert [name for _, name in ticks][-len(titles) :] == titles
    finally:
        qapp.removeTranslator(translator)


def test_names_of_lanes_have_room_in_a_low_plot(made: Made) -> None:
    with review(made.folder) as window:
        plot = window.stage.plot
        for height in (160, 300, 700):
            plot.setFixedHeight(height)
            wait_until(lambda h=height: plot.height() == h, what="its height")  # type: ignore[misc]
            names, *_ = plot.getPlotItem().getAxis("left")._tickLevels
            lanes = [y for y, name in names if name in {lane.name for lane in plot.lanes}]
            box = plot.getPlotItem().getViewBox()
            apart = [box.mapViewToScene(QPointF(0, y)).y() for y in lanes]
            assert min(b - a for a, b in pairwise(apart)) >= plot.fontMetrics().height() - 1


def test_no_name_or_value_lies_over_another_in_a_low_plot(made: Made) -> None:
    with review(made.folder) as window:
        plot = window.stage.plot
        box = plot.getPlotItem().getViewBox()
        plot.show_rows([*plot.rows] * 5)
        window.stage.playhead.seconds(1.0)  # where every channel has a value
        for height in (700, 240, 700):
            plot.setFixedHeight(height)
            wait_until(lambda h=height: plot.height() == h, what="its height")  # type: ignore[misc]
            for side in ("left", "right"):
                texts, *_ = plot.getPlotItem().getAxis(side)._tickLevels
                apart = [box.mapViewToScene(QPointF(0, y)).y() for y, _ in texts]
                least = min(b - a for a, b in pairwise(apart))
                assert least >= plot.fontMetrics().height() - 1, (side, height)
            labels = {row.channel.label for row in plot.rows}
            names, *_ = plot.getPlotItem().getAxis("left")._tickLevels
            shown = [name for _, name in names if name in labels]
            assert (len(shown) == len(plot.rows)) is (height == 700), "there is room for all"
