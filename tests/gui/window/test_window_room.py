"""A small window, many devices, long names: nothing is cut, nothing makes the window grow."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from acquire.server.api.models import StreamInfo
from acquire.server.api.protocol_models import ProtocolInfo, TrialInfo
from gui.client import status_text
from gui.client.client import Failed
from gui.events.alarm_bar import Alarm
from gui.plots.picture import PictureView
from gui.rig.row_list import LINES, shortened
from gui.widgets.plain_label import PlainLabel
from gui.widgets.scroll_column import ScrollColumn
from gui.window.app import WindowOrder
from gui.window.parts import dock_of
from tests.gui.picture_faults import settle
from tests.gui.windows import Names, answered, idle, record, wait_until, window

pytestmark = pytest.mark.usefixtures("qapp")

CAMERA = '[[device]]\nname = "{0}"\ndriver = "simulated-camera"\nwidth = 320\nheight = 240\n'
LONG = "on-the-left-above-the-participants-shoulder"


def test_three_cameras_fit_into_a_small_window(tmp_path: Path, qtbot: QtBot) -> None:
    names = Names()
    cameras = [f"{names.face}-{number}-{LONG}" for number in range(3)]
    text = '[[device]]\nname = "{eeg}"\ndriver = "simulated-eeg"\nrate_hz = 250\n'
    rig = names.rig(tmp_path, text + "".join(CAMERA.format(name) for name in cameras))
    with window(WindowOrder(rig, data_dir=tmp_path / "data")) as found:
        idle(found)
        found.resize(1024, 700)
        wait_until(lambda: len(found.cameras.tiles) == 3, what="tiles")
        # Or the gate names what a loaded machine has not connected yet.
        wait_until(lambda: found.status and not found.status.missing, what="all streams")
        found.panel.devices.setCurrentIndex(found.panel.devices.rows.index(0))
        found.recording.start()  # the gate opens: there is no participant
        found.alarm.add(Alarm("error", f"{LONG} died; it is started again " * 6))
        wait_until(lambda: found.gate.isVisible() and found.alarm.isVisible())
        QApplication.processEvents()
        assert (found.width(), found.height()) == (1024, 700)
        for button in found.signals.bar.findChildren(QToolButton):
            assert button.width() >= button.sizeHint().width(), button.text()

        def ours() -> list[str]:
            rows = [r.title for r in found.panel.streams.rows.rows]
            return [r for r in rows if r.startswith((names.eeg, names.face))]

        wait_until(lambda: ours() == [names.eeg, *cameras], what="rows")
        dock = dock_of(found.cameras)
        assert dock is not None
        wait_until(lambda: dock.height() > 100, what="room for the cameras")
        # The keyboard stays where markers are typed.
        found.gate.hide()
        record(found, "07")
        assert found.focusWidget() is found.markers.text
        found.recording.stop()
        idle(found)


def test_a_window_made_lower_takes_no_room_from_a_camera(tmp_path: Path, qtbot: QtBot) -> None:
    names = Names()
    with window(WindowOrder(names.rig(tmp_path), data_dir=tmp_path / "data")) as found:
        idle(found)
        wait_until(lambda: found.cameras.tiles, what="tiles")
        dock = dock_of(found.cameras)
        assert dock is not None
        wait_until(lambda: dock.height() >= dock.sizeHint().height(), what="room for the camera")
        found.resize(1280, 700)
        QApplication.processEvents()  # Qt takes its share of every part
        wait_until(lambda: dock.height() >= dock.sizeHint().height(), what="room after a resize")


def _edge_below(dock: QDockWidget) -> QPoint:
    return dock.geometry().bottomLeft() + QPoint(dock.width() // 2, 3)


def _hovers_below(found: QMainWindow, dock: QDockWidget) -> bool:
    """The parts may still move as room is given: the edge is where it is now."""
    edge = _edge_below(dock)
    QTest.mouseMove(found, edge - QPoint(0, 40))
    QTest.mouseMove(found, edge)
    return found.cursor().shape() == Qt.CursorShape.SplitVCursor


def test_a_part_drawn_larger_by_hand_stays_so(tmp_path: Path, qtbot: QtBot) -> None:
    names = Names()
    with window(WindowOrder(names.rig(tmp_path), data_dir=tmp_path / "data")) as found:
        idle(found)
        wait_until(lambda: found.cameras.tiles, what="tiles")
        dock = dock_of(found.cameras)
        assert dock is not None
        wait_until(lambda: dock.height() >= dock.sizeHint().height(), what="room for the camera")
        settle()
        wait_until(lambda: _hovers_below(found, dock), what="the edge between two parts")
        given, edge = dock.height(), _edge_below(dock)
        QTest.mousePress(found, Qt.MouseButton.LeftButton, pos=edge)
        QTest.mouseMove(found, edge - QPoint(0, 90))
        wait_until(lambda: dock.height() < given - 60, what="the part drawn smaller")
        found.cameras.changed.emit()  # as while it is drawn a tile's text may change
        QApplication.processEvents()  # the timer that gives the cameras their room
        settle()
        assert dock.height() < given - 60
        QTest.mouseRelease(found, Qt.MouseButton.LeftButton, pos=edge - QPoint(0, 90))
        settle()
        assert dock.height() < given - 60
        found.resize(found.width(), found.height() - 1)
        found.cameras.changed.emit()
        QApplication.processEvents()  # the timer that gives the cameras their room
        settle()
        assert dock.height() < given - 60


def test_cameras_and_forms_get_the_room_that_they_come_to_need(
    tmp_path: Path, qtbot: QtBot
) -> None:
    """A complaint of a camera's takes lines, and its picture was cut by them."""
    names = Names()
    with window(WindowOrder(names.rig(tmp_path), data_dir=tmp_path / "data")) as found:
        idle(found)
        found.resize(1280, 800)
        wait_until(lambda: found.cameras.tiles, what="tiles")
        dock = found.findChild(QDockWidget, "cameras")
        assert dock is not None
        wait_until(lambda: dock.height() >= dock.sizeHint().height(), what="room for the camera")
        before = dock.height()
        layout = found.cameras.layout()
        assert layout is not None
        layout.addWidget(PlainLabel("one\ntwo\nthree"))
        wait_until(lambda: dock.height() > before, what="more room")
        wait_until(lambda: dock.height() >= dock.sizeHint().height(), what="room for all lines")
        # Not what somebody works in below them.
        found.rigs.edit()
        wait_until(lambda: found.rigs.editor is not None, what="editor")
        editor = found.rigs.editor
        assert editor is not None
        wait_until(lambda: editor.text.height() > 150, what="room for the text")
        layout.addWidget(PlainLabel("four\nfive\nsix"))
        settle()
        assert editor.text.height() > 150
        # Left, it gives the room back.
        form = dock_of(editor)
        assert form is not None
        form.close()
        wait_until(lambda: dock.height() > 400, what="room given back")


def test_a_step_that_waits_for_the_operator_can_be_ended(tmp_path: Path, qtbot: QtBot) -> None:
    with window(WindowOrder(data_dir=tmp_path)) as found:
        assert not found.markers.isVisible()  # nothing would record one
        panel = found.protocol
        panel.show_info(ProtocolInfo(state="running", trial=1, trials=2, step="clip"))
        assert not panel.orders.buttons["resume"].isEnabled()
        panel.show_info(ProtocolInfo(state="running", trial=1, trials=2, step="ready", waits=True))
        assert panel.orders.buttons["resume"].isEnabled()
        assert "press Go on" in panel.now.text()
        panel.show_info(ProtocolInfo(state="running", trial=1, trials=2, has_keyboard=False))
        assert "click the participant's screen" in panel.now.text()
        for button in panel.findChildren(QPushButton):
            assert button.toolTip(), button.text()


def test_a_long_reason_ends_with_its_last_whole_line(qtbot: QtBot) -> None:
    metrics = QFontMetrics(QApplication.font())
    text = "no port /dev/serial/by-id/usb-FTDI_FT232R_USB_UART-if00-port0; there are: none " * 3
    short = shortened(text, metrics, 200)
    assert short.endswith("…")
    assert metrics.boundingRect(QRect(0, 0, 200, 999), 0x1000, short).height() <= (
        LINES * metrics.lineSpacing()
    )
    assert shortened("cable", metrics, 200) == "cable"


@pytest.mark.parametrize(("rate", "shown"), [(99.96, "100 Hz"), (100.04, "100 Hz")])
def test_a_rate_has_one_form(rate: float, shown: str) -> None:
    stream = StreamInfo.model_construct(
        name="a",
        type="EEG",
        rate_hz=100.0,
        effective_rate_hz=rate,
        reason="",
        health="alive",
        selected=True,
    )
    assert status_text.stream_row(stream).value == shown


Taken = Callable[[bytes, dict[str, str]], None]


@pytest.mark.parametrize(
    "screen",
    [(480, 270), (270, 480), pytest.param((480, 480), marks=pytest.mark.soak)],
    ids=str,
)
def test_the_participants_screen_is_seen_whole_while_a_protocol_plays(
    screen: tuple[int, int], tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = Names()
    plays = ProtocolInfo(
        state="running",
        title="Elicitation of emotions",
        trial=17,
        trials=48,
        condition="fear",
        stimulus="fear-03",
        step="clip",
        remaining_s=900.0,
        following=TrialInfo(trial=18, block="clips", condition="joy", stimulus="joy-01"),
        frames=20_000,
        late=2,
    )
    with window(WindowOrder(names.rig(tmp_path), data_dir=tmp_path / "data")) as found:
        idle(found)
        found.resize(1280, 800)
        wait_until(lambda: found.cameras.tiles, what="camera")
        record(found, "07")
        (tile,) = found.cameras.tiles.values()
        wait_until(lambda: tile.view.image is not None, what="a picture of the camera")
        panel = found.protocol
        panel._ask.stop()  # the engine plays nothing: what it says would wipe this away
        panel._look.stop()
        answered(found, "protocol")
        picture = QImage(*screen, QImage.Format.Format_RGB32)
        picture.fill(Qt.GlobalColor.darkRed)
        panel.show_info(plays)
        settle()
        assert picture.save(str(tmp_path / "mirror.png"))
        data = (tmp_path / "mirror.png").read_bytes()
        told = list[None]()
        panel.playing_changed.connect(lambda: told.append(None))
        of_cameras = panel._client.picture

        def answer(path: str, take: Taken, failed: Failed) -> None:
            if path == "protocol/mirror.jpg":
                take(data, {})
            else:
                of_cameras(path, take, failed)

        monkeypatch.setattr(panel._client, "picture", answer)
        panel._on_look()  # the picture comes when all else has its place
        assert told, "nobody gives it the room that it needs"

        def is_whole(view: PictureView) -> bool:
            columns = found.findChildren(ScrollColumn)
            column = next((c for c in columns if c.isAncestorOf(view)), None)
            if column is None:  # it does not scroll
                return panel.rect().contains(QRect(view.mapTo(panel, QPoint()), view.size()))
            place = QRect(view.mapTo(column.viewport(), QPoint()), view.size())
            high = view.height() >= view.heightForWidth(view.width())
            return high and column.viewport().rect().contains(place)

        wait_until(lambda: is_whole(panel.mirror), what="the whole mirror")
        wait_until(lambda: is_whole(tile.view), what="and the camera's picture beside it")
        assert panel.mirror.width() >= 220
        found.recording.stop()
        idle(found)
        # The card of what was saved and an alarm took the room from both.
        panel.show_info(ProtocolInfo(state="none"))
        wait_until(found.saved.isVisible, what="the card")
        found.alarm.add(Alarm("error", "face: its process died; 143 frames are lost"))
        settle()
        assert is_whole(tile.view)
        panel.show_info(plays)
        panel._on_look()
        wait_until(lambda: is_whole(panel.mirror), what="the whole mirror")
        wait_until(lambda: is_whole(tile.view), what="and the camera's picture beside it")
        panel.show_info(ProtocolInfo(state="none"))
        wait_until(found.saved.isVisible, what="the card is there again")


@pytest.mark.parametrize(
    "size", [(1024, 700), pytest.param((1280, 800), marks=pytest.mark.soak)], ids=str
)
def test_what_guides_a_protocol_is_in_view_whatever_comes_above(
    size: tuple[int, int], tmp_path: Path, qtbot: QtBot
) -> None:
    names = Names()
    with window(WindowOrder(names.rig(tmp_path), data_dir=tmp_path / "data")) as found:
        idle(found)
        found.resize(*size)
        wait_until(lambda: found.cameras.tiles, what="camera")
        panel = found.protocol
        panel._ask.stop()  # the engine plays nothing: what it says would wipe this away
        answered(found, "protocol")
        buttons = list(panel.orders.buttons.values())

        def places() -> list[QPoint]:
            return [button.mapTo(found, QPoint()) for button in buttons]

        def all_seen() -> bool:
            return all(b.visibleRegion().boundingRect() == b.rect() for b in buttons)

        before = places()
        assert all_seen()
        found.alarm.add(Alarm("error", f"{LONG} died; it is started again " * 6))
        record(found, "07")
        found.recording.stop()
        wait_until(lambda: found.saved.isVisible(), what="the card")
        panel.show_info(ProtocolInfo(state="loaded", title="Films", trials=48))
        panel.begin.ask()
        for state in ("running", "paused", "crashed"):
            panel.show_info(ProtocolInfo(state=state, title="Films", trial=17, trials=48))
            settle()
            QApplication.processEvents()
            assert (found.width(), found.height()) == size
            assert all_seen(), state
            assert places() == before, "none moves under the hand"
            assert panel.progress.value() == 16, "of 48 are done while the 17th is on"
