"""Suggestions in the coding window: dim, by rank, used by a key, and off where they are to be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt

from gui.coding.app import CodingOrder
from gui.coding.suggested import Suggestions
from recordings.motion.table import Motion, load_motion, motion_path, save_motion
from recordings.motion.task import used_frames
from recordings.motion.tracing import COLUMNS
from recordings.read.session import open_session
from tests.gui.coding.coding import coded
from tests.gui.review.walking import session
from tests.recordings.strip_session import Film, Made, make_session

pytestmark = pytest.mark.usefixtures("qapp")
K = Qt.Key
SECONDS = 12.0


def with_motion(folder: Path, where: Path | None = None) -> Made:
    """A session whose motion says that two places move, one farther than the other."""
    made = make_session(folder, Film(frames=1200), seconds=SECONDS)
    with open_session(made.folder) as opened:
        times = opened.cameras["face"].times
    frames = used_frames(times)
    rows = np.random.default_rng(1).normal(0, 0.05, (len(frames), len(COLUMNS)))
    rows[:, COLUMNS.index("eyes")] = 50
    for place, at, height in (("lip-left", 3.0, 2.0), ("mouth-corner-right", 8.0, 4.0)):
        x = np.clip((times[frames] - times[0] - at) / 1.0, -0.5, 0.5)
        rows[:, COLUMNS.index(f"{place}-down")] -= height * np.cos(np.pi * x) ** 2
    path = motion_path(where or made.folder / "motion", "face")
    save_motion(path, Motion(frames, times[frames], rows, {"by": "landmarks"}))
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return with_motion(tmp_path_factory.mktemp("suggested"))


def test_they_are_dim_and_by_rank_and_say_what_they_are_worth(made: Made, tmp_path: Path) -> None:
    with coded(CodingOrder(made.folder, "anna", tmp_path)) as desk:
        lane = desk.window.stage.plot.lanes[-1]
        assert lane.name == "suggested"
        assert [mark.text for mark in lane.marks] == ["2 lip-left", "1 mouth-corner-right"]
        assert {mark.tone for mark in lane.marks} == {"muted"}
        view = desk.pane.view.suggestion
        assert "F1 of about 0.25" in view.worth.text()
        assert "no suggestion here; 2 in all" in view.text.text()
        desk.press(K.Key_H)
        assert "suggestion 1 of 2: mouth-corner-right" in view.text.text()
        assert "landmarks" in view.text.text()
        row = desk.window.position.row
        assert made.films["face"].times[row] - made.films["face"].times[0] == pytest.approx(
            8.0, abs=0.15
        )
        desk.press(K.Key_H)
        assert "suggestion 2 of 2: lip-left" in view.text.text()
        desk.press(K.Key_H)
        assert "no further suggestion" in desk.window.foot.doing.text()
        desk.press(K.Key_H)
        assert "suggestion 1 of 2" in view.text.text()
        assert not desk.on_disk.events


def test_one_that_is_used_is_an_event_that_says_so(made: Made, tmp_path: Path) -> None:
    with coded(CodingOrder(made.folder, "anna", tmp_path)) as desk:
        desk.at(0)
        desk.press(K.Key_Y)
        assert "no suggestion here" in desk.window.foot.doing.text()
        assert not desk.on_disk.events
        desk.press(K.Key_H)
        desk.press(K.Key_Y)
        event = desk.event
        assert event.suggestion_used
        assert "suggestions" in event.visible
        assert event.onset is not None
        assert event.apex is not None
        assert event.offset is not None
        assert event.onset.frame < event.apex.frame < event.offset.frame
        assert event.apex.device_frame == made.films["face"].numbers[event.apex.frame]
        desk.at(100)
        desk.press(K.Key_I)
        assert desk.event.suggestion_used
        desk.press(K.Key_Return)
        used = sorted(event.suggestion_used for event in desk.on_disk.events.values())
        assert used == [False, True]


@pytest.mark.parametrize(
    "plan", ['hide = ["suggestions"]', "", "hide = []\nsuggestions = false", "hide = []"]
)
def test_a_study_hides_them_or_switches_them_off(plan: str, tmp_path: Path) -> None:
    made = with_motion(tmp_path)
    (tmp_path / "coding.toml").write_text(f'coders = ["anna"]\n{plan}\n')
    with coded(CodingOrder(made.folder, "anna")) as desk:
        shown = plan == "hide = []"
        assert (desk.window.stage.plot.lanes[-1].name == "suggested") == shown
        assert desk.pane.view.suggestion.isHidden() != shown
        desk.at(20)
        desk.press(K.Key_H)
        assert (desk.window.position.row == 20) != shown
        desk.press(K.Key_Y)
        assert len(desk.on_disk.events) == shown
        desk.press(K.Key_Return)
        assert all(("suggestions" in e.visible) == shown for e in desk.on_disk.events.values())


def test_they_can_lie_elsewhere(tmp_path: Path) -> None:
    made = with_motion(tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (made.folder / "motion").rename(elsewhere / made.folder.name)
    with coded(CodingOrder(made.folder, "anna", tmp_path, motion=elsewhere)) as desk:
        assert desk.window.stage.plot.lanes[-1].name == "suggested"


@pytest.mark.parametrize("spoil", ["damaged", "other"])
def test_motion_of_something_else_is_named_and_not_used(spoil: str, tmp_path: Path) -> None:
    made = with_motion(tmp_path)
    path = motion_path(made.folder / "motion", "face")
    if spoil == "damaged":
        path.write_bytes(path.read_bytes()[:200])
    else:
        motion = load_motion(path)
        save_motion(path, Motion(motion.frames, motion.times + 1, motion.rows, motion.said))
    with coded(CodingOrder(made.folder, "anna", tmp_path)) as desk:
        assert "unisono motion" in desk.pane.view.notes.text()
        assert desk.pane.view.suggestion.isHidden()


def test_without_motion_nothing_is_said_until_it_is_asked_for(tmp_path: Path) -> None:
    made = session(tmp_path)
    with coded(CodingOrder(made.folder, "anna", tmp_path)) as desk:
        assert desk.pane.view.suggestion.isHidden()
        assert desk.pane.view.notes.isHidden()
        desk.press(K.Key_H)
        assert "unisono motion measures them" in desk.window.foot.doing.text()


def test_the_trace_is_that_around_the_apex(made: Made) -> None:
    every = Suggestions(load_motion(motion_path(made.folder / "motion", "face")))
    first = every.marks[0]
    curve = every.curve(first)
    assert curve.onset < curve.apex < curve.offset
    peak = curve.times[np.nanargmax(curve.sizes)]
    assert peak == pytest.approx(curve.apex, abs=0.04)
    assert np.nanmax(curve.sizes) == pytest.approx(first.height_px, rel=0.01)
    assert every.at(first.apex) == first
    assert every.after(None) == first
    assert every.after(every.marks[-1]) is None
