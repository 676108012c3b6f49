"""A camera's tile: the face is looked for in what it shows, and what is found is said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from acquire.processes.messages import DeviceState
from acquire.server.api.device_models import DeviceInfo
from acquire.serving.problem import Problem
from gui.cameras import face_finder
from gui.cameras.camera_panel import CameraPanel
from gui.cameras.camera_tile import CameraTile
from gui.cameras.face_finder import FaceFinder, is_inside
from gui.client.client import Done, EngineClient, Failed
from gui.plots.picture import GUIDE
from gui.widgets import theme
from recordings import palette
from recordings.stream_kinds import Fate
from recordings.video.pixel_formats import Picture
from tests.gui.picture_faults import unfocused
from tests.gui.windows import click, picture, wait_until
from tests.recordings.drawn_faces import drawn, drawn_aside, hide_the_detector

pytest.importorskip("skimage.feature")
pytestmark = pytest.mark.usefixtures("qapp")

CENTRED = drawn(640, 480, "BayerRG8")
WIDE = drawn_aside(640, 340, 300, left=170)
ASIDE = drawn_aside(640, 340, 300, left=0)
LOW = drawn_aside(640, 780, 200, left=220)[:480]  # the chin is 10 pixels from the edge
NONE = np.full((340, 640), 90, np.uint8)


class Pictures(EngineClient):
    """Answers at once: always with the picture that it was given last."""

    def __init__(self, image: Picture) -> None:
        super().__init__()
        self.is_connected = True
        self.image = image
        self.problem: Problem | None = None

    def get(self, path: str, done: Done, failed: Failed | None = None) -> None:
        done({"settings": {"exposure_us": 4000}})

    def picture(
        self, path: str, done: Callable[[bytes, dict[str, str]], None], failed: Failed
    ) -> None:
        if self.problem is not None:
            failed(self.problem)
            return
        turned = self.image if self.image.ndim == 2 else self.image[:, :, ::-1]
        written, data = cv2.imencode(".jpg", np.ascontiguousarray(turned))
        assert written
        done(data.tobytes(), {"x-focus": "100", "x-saturated": "0"})


def camera(stored: int = 0, name: str = "face") -> DeviceInfo:
    return DeviceInfo(
        name=name,
        driver="simulated-camera",
        state=DeviceState.RUNNING,
        error=None,
        streams=(name,),
        cameras=(name,),
        drift_ppm=None,
        ring_fill=0.0,
        fates={name: {Fate.STORED: stored}},
    )


@contextmanager
def tile_of(client: Pictures) -> Iterator[CameraTile]:
    theme.apply(QApplication.instance() or QApplication([]))  # type: ignore[arg-type]
    tile = CameraTile(client, "face", "face")
    tile.resize(260, tile.sizeHint().height())
    tile.show()
    try:
        wait_until(lambda: tile.view.image is not None, what="a picture")
        yield tile
    finally:
        tile.end()
        tile.deleteLater()
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


def boxes(tile: CameraTile) -> tuple[int, int]:
    """Count the pixels of guide and face that are in the accent's colour, left and right half."""
    shot = tile.view.graphics.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    rows = np.frombuffer(shot.constBits(), np.uint32).reshape(shot.height(), shot.width())
    lit = rows == theme.colour("accent").rgb()
    return int(lit[:, : shot.width() // 2].sum()), int(lit[:, shot.width() // 2 :].sum())


@pytest.mark.parametrize(
    ("image", "state", "words"),
    [
        (CENTRED, "alive", "face in the box"),
        (WIDE, "alive", "face in the box"),
        (ASIDE, "warning", "face not in the box: move the camera or chair"),
        (LOW, "warning", "face not in the box: move the camera or chair"),
        (NONE, "warning", "no face seen"),
    ],
    ids=["centred", "wide", "aside", "low", "none"],
)
def test_what_is_found_is_said_and_drawn(
    request: pytest.FixtureRequest, qtbot: QtBot, image: Picture, state: str, words: str
) -> None:
    with tile_of(Pictures(image)) as tile:
        assert not tile.face.isVisible()
        assert sum(boxes(tile)) == 0
        tile.guide.setChecked(True)
        guide = boxes(tile)
        assert min(guide) > 50
        wait_until(tile.face.text, what="words")
        assert tile.face.isVisible()
        assert tile.face.text() == f"{palette.GLYPHS[state]} {words}"
        assert tile.face.palette().windowText().color() == theme.colour(state)
        left, right = boxes(tile)
        assert (left > guide[0] + 50) == (words != "no face seen")
        assert (right > guide[1] + 50) == (image is not NONE and image is not ASIDE)
        name = request.node.callspec.id
        picture(tile, f"camera-tile-{name}")
        tile.guide.setChecked(False)
        assert not tile.face.isVisible()
        assert sum(boxes(tile)) == 0


def test_the_words_follow_the_participant(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(face_finder, "PERIOD_S", 0.05)
    client = Pictures(WIDE)
    with tile_of(client) as tile:
        click(tile.guide)
        wait_until(lambda: "face in the box" in tile.face.text(), what="in the box")
        client.image = ASIDE
        wait_until(lambda: "not in the box" in tile.face.text(), what="beside the box")
        client.image = NONE
        wait_until(lambda: "no face" in tile.face.text(), what="no face")
        assert boxes(tile) == pytest.approx(guide_alone(), abs=40)
        client.image = WIDE
        wait_until(lambda: "face in the box" in tile.face.text(), what="in the box again")
        client.problem = Problem(code="x", text="the camera is closed", remedy="")
        wait_until(lambda: tile.view.image is None, what="no picture")
        assert tile.face.text() == ""


def guide_alone() -> tuple[int, int]:
    with tile_of(Pictures(NONE)) as tile:
        tile.view.show_guide(True)
        return boxes(tile)


def test_a_lost_engine_leaves_no_words_behind(qtbot: QtBot) -> None:
    client = Pictures(WIDE)
    with tile_of(client) as tile:
        tile.guide.setChecked(True)
        wait_until(tile.face.text, what="words")
        client.is_connected = False
        wait_until(lambda: not tile.face.text(), what="no words")


def test_without_the_detector_the_box_stays_and_the_remedy_is_said(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_the_detector(monkeypatch)
    with tile_of(Pictures(WIDE)) as tile:
        tile.guide.setChecked(True)
        shown = tile.view.image
        wait_until(lambda: tile.view.image is not shown, what="another picture")
        assert "pip install 'unisono[face]'" in tile.face.text()
        assert boxes(tile) == pytest.approx(guide_alone(), abs=40)
        picture(tile, "camera-tile-without")


def qimage(image: Picture) -> QImage:
    height, width = image.shape
    return QImage(image.tobytes(), width, height, width, QImage.Format.Format_Grayscale8).copy()


def looking() -> bool:
    return any(thread.name == "face finder" for thread in threading.enumerate())


def test_one_look_at_a_time_beside_the_main_thread(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    going, told = threading.Event(), threading.Event()
    threads: list[str] = []

    def slow(picture: Picture) -> None:
        threads.append(threading.current_thread().name)
        told.set()
        assert going.wait(60)

    monkeypatch.setattr(face_finder, "find_face", slow)
    monkeypatch.setattr(face_finder, "PERIOD_S", 0.0)
    finder = FaceFinder()
    seen: list[object] = []
    finder.looked.connect(seen.append)
    for _ in range(5):
        finder.offer(qimage(NONE))
    assert told.wait(60)
    finder.offer(qimage(NONE))
    assert threads == ["face finder"]
    going.set()
    wait_until(lambda: seen == [None], what="an answer")
    finder.close()
    finder.offer(qimage(NONE))
    assert threads == ["face finder"]


def test_looks_are_a_second_apart(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    looks_at: list[float] = []
    monkeypatch.setattr(face_finder, "find_face", lambda picture: looks_at.append(now))
    finder = FaceFinder(clock=lambda: now)
    for step in range(12):
        now = 100 + step * 0.25
        finder.offer(qimage(NONE))
        wait_until(lambda: not looking(), what="the end of the look")
    assert looks_at == [100.0, 101.0, 102.0]
    finder.look_now()
    finder.offer(qimage(NONE))
    finder.close()
    assert looks_at == [100.0, 101.0, 102.0, 102.75]


def test_a_look_under_way_ends_with_its_tile(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    told, going = threading.Event(), threading.Event()

    def slow(picture: Picture) -> None:
        told.set()
        assert going.wait(60)

    monkeypatch.setattr(face_finder, "find_face", slow)
    panel = CameraPanel(Pictures(NONE))
    qtbot.addWidget(panel)
    device = camera()
    ends: list[Callable[[], None]] = [lambda: panel.show_status((), ()), panel.end]
    for end in ends:
        panel.show_status((device,), ())
        finder = panel.tiles["face", "face"].finder
        told.clear()
        going.clear()
        finder.offer(qimage(NONE))
        assert told.wait(60)
        assert looking()
        threading.Timer(0.2, going.set).start()  # while it is waited for
        end()
        assert not looking()
        finder.look_now()
        finder.offer(qimage(NONE))
        assert not looking()


def test_a_detector_that_fails_is_said_once(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[float] = []

    def broken(picture: Picture) -> None:
        calls.append(time.monotonic())
        raise ImportError("libgomp.so.1 is missing")

    monkeypatch.setattr(face_finder, "find_face", broken)
    monkeypatch.setattr(face_finder, "PERIOD_S", 0.0)
    with tile_of(Pictures(WIDE)) as tile:
        tile.guide.setChecked(True)
        wait_until(lambda: "libgomp" in tile.face.text(), what="the reason")
        shown = tile.view.image
        wait_until(lambda: tile.view.image is not shown, what="another picture")
    assert len(calls) == 1


@pytest.mark.parametrize("side", range(4))
def test_a_little_of_the_box_may_stick_out(side: int) -> None:
    left, top, width, height = GUIDE
    assert is_inside(GUIDE)
    dx, dy = [(-1, 0), (1, 0), (0, -1), (0, 1)][side]
    for share, inside in ((0.15, True), (0.18, False)):
        moved = (left + dx * share * width, top + dy * share * height, width, height)
        assert is_inside(moved) == inside
    assert not is_inside((0.0, 0.0, 1.0, 1.0)), "too near"


def test_a_double_click_shows_a_camera_in_a_window_of_its_own(qtbot: QtBot) -> None:
    theme.apply(QApplication.instance() or QApplication([]))  # type: ignore[arg-type]
    panel = CameraPanel(Pictures(CENTRED))
    qtbot.addWidget(panel)
    panel.show()
    panel.show_status((camera(),), ())
    (tile,) = panel.tiles.values()
    tile.guide.setChecked(True)
    for _ in range(2):  # the second time it is there
        QTest.mouseDClick(tile.view, Qt.MouseButton.LeftButton)
    (large,) = panel.large.values()
    wait_until(lambda: large.tile.view.image is not None, what="a picture")
    assert large.tile.view.width() > 3 * 240
    assert large.tile.guide.isChecked()
    wait_until(lambda: "face in the box" in large.tile.face.text(), what="the face")
    panel.show_status((camera(stored=12),), ())
    assert "12 stored" in large.tile.counts.text()
    assert QApplication.activeWindow() is not large, "Ctrl+. would not stop a recording"
    QTest.mouseDClick(large.tile.view, Qt.MouseButton.LeftButton)
    assert panel.large == {}
    tile.large_wanted.emit()
    panel.show_status((), ())  # the rig has no camera any more
    assert panel.large == {}
    panel.end()


def test_cameras_are_in_the_order_of_the_rig_whichever_opens_first(qtbot: QtBot) -> None:
    panel = CameraPanel(Pictures(CENTRED))
    qtbot.addWidget(panel)
    panel.show()
    rig = tuple(camera(name=name) for name in ("face", "profile", "room"))
    for opened in ({"room"}, {"room", "face"}, {"room", "face", "profile"}):
        known = (
            device if device.name in opened else device.model_copy(update={"cameras": ()})
            for device in rig
        )
        panel.show_status(tuple(known), ())
    QApplication.processEvents()
    tiles = sorted(panel.tiles.values(), key=lambda tile: tile.y())
    assert [tile.camera for tile in tiles] == ["face", "profile", "room"]
    panel.end()


def test_enter_on_a_picture_shows_the_camera_large_and_closes_it(qtbot: QtBot) -> None:
    panel = CameraPanel(Pictures(CENTRED))
    qtbot.addWidget(panel)
    panel.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    panel.show()
    panel.show_status((camera(),), ())
    (tile,) = panel.tiles.values()
    wait_until(lambda: tile.view.image is not None, what="a picture")
    assert list(unfocused(panel)) == []
    panel.setFocus()
    QTest.keyClick(panel, Qt.Key.Key_Tab)
    assert QApplication.focusWidget() is tile.view
    for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
        QTest.keyClick(tile.view, key)
        assert len(panel.large) == 1
        QTest.keyClick(tile.view, key)
        assert panel.large == {}
    tile.guide.setFocus()
    QTest.keyClick(tile.guide, Qt.Key.Key_Return)
    assert panel.large == {}, "of the picture alone"
    panel.end()
