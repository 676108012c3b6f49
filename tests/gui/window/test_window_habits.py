"""What a hand expects of the window: Enter presses, focus harms nothing, leaving is said."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import get_args

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPushButton, QWidget
from pytestqt.qtbot import QtBot

import acquire
from acquire.engine.status import Phase
from acquire.errors import ConfigError
from acquire.processes.messages import DeviceState
from acquire.server.api.device_models import DeviceInfo
from acquire.server.api.models import EventInfo
from acquire.server.api.protocol_models import ProtocolInfo
from gui.cameras.camera_panel import CameraPanel
from gui.client.client import EngineClient
from gui.events.alarm_bar import AlarmBar, alarm_of
from gui.events.event_list import EventList
from gui.events.news import News
from gui.menu import about, shortcuts
from gui.menu.looks import choose_look
from gui.protocol.protocol_panel import ProtocolPanel
from gui.widgets import theme
from gui.widgets.chosen import locale, remembered_look, stored
from gui.widgets.enter_presses import EnterPresses
from gui.widgets.hold_button import HoldButton
from gui.window import app
from gui.window.layout_memory import LayoutMemory
from gui.window.top_bar import TopBar
from recordings.manifest_entries import Event
from tests.acquire.program import posix_only, unique
from tests.acquire.sources import Source, Sources
from tests.gui.window.statuses import recording_status
from tests.gui.windows import expecting, idle, light, record, wait_until, window

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def enter(qapp: QApplication) -> Iterator[EnterPresses]:
    """Have Enter press buttons, as in the program."""
    filter_ = EnterPresses(qapp)
    qapp.installEventFilter(filter_)
    yield filter_
    qapp.removeEventFilter(filter_)


def test_enter_presses_the_focused_button(qtbot: QtBot, enter: EnterPresses) -> None:
    pressed: list[str] = []
    button, hold = QPushButton("Record anyway"), HoldButton("Stop")
    button.clicked.connect(lambda: pressed.append("record"))
    hold.held.connect(lambda: pressed.append("stop"))
    for widget in (button, hold):
        qtbot.addWidget(widget)
        widget.show()
        widget.setFocus()
    QTest.keyClick(button, Qt.Key.Key_Return)
    QTest.keyClick(button, Qt.Key.Key_Enter)
    assert pressed == ["record", "record"]
    QTest.keyClick(hold, Qt.Key.Key_Return)  # too short
    assert pressed == ["record", "record"]
    QTest.keyPress(hold, Qt.Key.Key_Return)
    wait_until(lambda: "stop" in pressed, what="held")


STATES = get_args(ProtocolInfo.model_fields["state"].annotation)


@pytest.mark.parametrize("in_front", [True, False], ids=["in-front", "behind"])
@pytest.mark.parametrize(("before", "after"), list(product(STATES, STATES)))
def test_the_focus_is_never_left_to_what_cannot_be_undone(
    qtbot: QtBot, before: str, after: str, in_front: bool
) -> None:
    """It jumped to Abort after Begin, and to Skip after Pause."""
    panel, screen = ProtocolPanel(EngineClient(None)), QWidget()
    for widget in (panel, screen):
        qtbot.addWidget(widget)
        widget.show()
    (panel if in_front else screen).activateWindow()
    wait_until(lambda: panel.isActiveWindow() is in_front, what="which window is in front")
    for name in ("start", "pause", "resume"):
        panel.show_info(info(before))
        if not panel.orders.buttons[name].isEnabled():
            continue
        panel.orders.buttons[name].setFocus()
        panel.show_info(info(after))
        focused = panel.focusWidget()
        assert focused is not None
        assert focused not in (panel.orders.buttons["abort"], panel.orders.buttons["skip"]), (
            name,
            before,
            after,
        )
        assert focused.isEnabled()


def info(state: str) -> ProtocolInfo:
    return ProtocolInfo.model_validate({"state": state})


def test_a_camera_that_has_failed_is_not_no_camera(qtbot: QtBot) -> None:
    panel = CameraPanel(EngineClient(None))
    qtbot.addWidget(panel)
    failed = DeviceInfo(
        name="webcam",
        driver="camera-opencv",
        state=DeviceState.FAILED,
        error="webcam: no such camera; plug it in",
        streams=(),
        cameras=(),
        drift_ppm=None,
        ring_fill=0.0,
        fates={},
    )
    panel.show_status((failed,), ())
    assert "no such camera" in panel._none.text()
    panel.show_status((), ())
    assert panel._none.text() == "No camera in this rig"


def test_two_faults_of_one_stream_are_one_alarm_that_is_kept_up_to_date(qtbot: QtBot) -> None:
    """Two faults raised five alarms, and "silent for 2.5 s" stayed after an outage of 8 s."""
    bar = AlarmBar()
    qtbot.addWidget(bar)
    status = recording_status()
    faults = (
        ("silent", "eeg: silent for 2.5 s"),
        ("device-hangs", "eeg: its process has said nothing for 3 s"),
        ("stream-lost", "eeg: outlet gone"),
    )
    for code, text in faults:
        event = Event(time=10.0, source="eeg", level="warning", code=code, text=text)
        alarm = alarm_of(event, status, "12:00:00")
        assert alarm is not None
        bar.add(alarm)
    assert len(bar.unread) == 1
    back = Event(time=18.0, source="eeg", level="info", code="stream-back", text="eeg: is back")
    bar.note_return(back, "12:00:08")
    assert "outlet gone" in bar.text.text()
    assert "12:00:08 eeg: is back" in bar.text.text()


def test_what_stop_wants_is_said_for_a_while(qtbot: QtBot) -> None:
    bar = TopBar()
    qtbot.addWidget(bar)
    bar.show_status(recording_status(), None)
    assert bar.state.text() == "● RECORDING"
    bar.stop.too_short.emit()
    bar.show_status(recording_status(), None)
    assert "hold, or Ctrl" in bar.state.text(), "the next status wrote over it"


def test_stop_has_its_key_whatever_is_in_front(qtbot: QtBot) -> None:
    bar = TopBar()
    qtbot.addWidget(bar)
    bar.show_status(recording_status(), None)
    bar.show()
    dialog = shortcuts.show(bar)
    dialog.activateWindow()
    wait_until(dialog.isActiveWindow, what="the list of shortcuts in front")
    with qtbot.waitSignal(bar.stop_wanted):
        QTest.keyClick(
            dialog.windowHandle(), Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier
        )
    dialog.close()


def test_a_missing_library_of_qt_is_said_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gui.widgets.display.XCB_CURSOR", "libno-such-thing.so.0")
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    with pytest.raises(ConfigError, match="apt-get install libxcb-cursor0"):
        app._check(app.WindowOrder())


@posix_only
def test_a_marker_that_nothing_records_is_called_that(tmp_path: Path, qtbot: QtBot) -> None:
    name = unique("gaze")
    with Sources(Source(name, "EEG")), window(expecting(tmp_path, name)) as found:
        idle(found)
        found.orders.mark("F1", None)
        wait_until(lambda: "not recorded" in found.markers.message.text(), what="not recorded")
        found.orders.note("moved", None)
        later = "✓ kept for the next recording: moved"
        wait_until(lambda: found.markers.message.text() == later, what=later)
        wait_until(lambda: light(found, name) == "alive", what="alive")
        record(found, "01")
        found.orders.mark("F1", None)
        wait_until(lambda: found.markers.message.text() == "✓ F1", what="recorded")
        found.orders.note("yawned", None)
        wait_until(lambda: found.markers.message.text() == "✓ yawned", what="the note")
        found.close()
        assert found.isVisible(), "it left a recording without a word"
        assert found.alarm.shown is not None
        assert "goes on without this window" in found.alarm.shown.text
        found.recording.stop()
        idle(found)


@posix_only
def test_the_order_of_the_channels_is_kept_at_each_change(tmp_path: Path, qtbot: QtBot) -> None:
    """A crash may come at any time: the file has it while the window is still open."""
    name = unique("eeg")
    order = expecting(tmp_path, name)
    with Sources(Source(name, "EEG", channels=3)), window(order, end_engine=False) as found:
        idle(found)
        wait_until(lambda: found.viewer.state.traces, what="traces")
        QTest.keyClick(found, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
        tree = found.channels.tree
        wait_until(tree.hasFocus, what="the list")
        tree.setCurrentItem([*tree.items()][3])
        QTest.keyClick(tree, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
        assert [t.channel.label for t in found.viewer.state.traces] == ["1", "3", "2"]
        assert found.rig is not None
        kept = LayoutMemory(found.rig.path or "").text("shown") or ""
        assert json.loads(kept)["order"] == {name: ["1", "3", "2"]}
        with window(order) as again:
            wait_until(lambda: again.viewer.state.traces, what="traces")
            assert [t.channel.label for t in again.viewer.state.traces] == ["1", "3", "2"]


def test_settings_that_are_broken_keep_no_window_from_opening(tmp_path: Path, qtbot: QtBot) -> None:
    """A language that was a list ended the program before there was a window."""
    broken = {"look": ["x"], "language": ["a", "b"], "data-dir": 5, "recent-rigs": ["x" * 9000, 1]}
    order = expecting(tmp_path, unique("eeg"))
    assert order.rig is not None
    try:
        for key, value in broken.items():
            stored().setValue(key, value)
        memory = LayoutMemory(str(order.rig))
        for key, text in (("study", "../a b"), ("window_s", "inf"), ("shown", "{")):
            memory.keep(key, text)
        assert locale() == QLocale()
        with window(order) as found:
            idle(found)
            wait_until(lambda: found.rig, what="the rig")
            assert found.bar.labels.study == "ab"
            assert found.signals.bar.window_s.currentData() == 10
            for menu in found.menu_button.menu().findChildren(QMenu):
                menu.aboutToShow.emit()
    finally:
        stored().clear()


def test_the_look_is_there_again_at_the_next_start(qapp: QApplication) -> None:
    choose_look("dark")
    try:
        assert theme.chosen() == remembered_look() == "dark"
        theme.choose(qapp, None)
        assert remembered_look() == "dark", "only a choice by hand is kept"
    finally:
        choose_look(None)
    assert remembered_look() is None


def test_about_names_what_a_report_of_a_fault_needs(qtbot: QtBot) -> None:
    lines = dict(line.rsplit(" ", 1) for line in about.text().splitlines()[:-1])
    assert lines["Unisono"] == acquire.__version__
    assert lines["pyqtgraph"] >= "0.14"
    assert float(lines["liblsl"]) >= 1.16


def test_the_opening_says_what_it_waits_for(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = unique("Ghost")
    said: list[str] = []
    with window(expecting(tmp_path, name)) as found:
        monkeypatch.setattr(found, "say", said.append)
        idle(found)
    assert any(name in text and "10 s" in text for text in said), said
    assert said[-1] == ""


def test_a_player_that_dies_is_one_alarm(qtbot: QtBot) -> None:
    """It was three: the two that told of its streams stood before what to do."""
    events, bar = EventList(), AlarmBar()
    qtbot.addWidget(events)
    qtbot.addWidget(bar)
    news = News(events, bar)
    status = recording_status()
    news.show_status(status)
    now = (status.first_sample or 0.0) + 10.0

    def hear(time: float, source: str, code: str) -> None:
        event = Event(time=time, source=source, level="error", code=code, text=f"{source} {code}")
        news.hear(EventInfo(number=1, event=event))

    hear(now, "protocol", "player-died")
    hear(now + 0.1, "protocol", "stream-lost")
    hear(now + 0.1, "protocol-frames", "stream-lost")
    assert [alarm.text for alarm in bar.unread] == ["protocol player-died"]
    hear(now + 60.0, "protocol", "stream-lost")  # another program's, or the next one
    assert len(bar.unread) == 2


def test_the_sessions_are_listed_anew_after_whatever_changes_one(qtbot: QtBot) -> None:
    """A session that a crash had left was "recording" in the list, long after it was finished."""
    events, bar = EventList(), AlarmBar()
    qtbot.addWidget(events)
    qtbot.addWidget(bar)
    news, told = News(events, bar), list[str]()
    news.sessions_changed.connect(lambda: told.append("changed"))
    status = recording_status()
    news.show_status(status)
    news.session_changed.connect(told.append)
    for code in ("recovered", "withdrawn", "collected", "silent"):
        event = Event(time=1.0, source="engine", level="info", code=code, text=code)
        news.hear(EventInfo(number=1, event=event))
    assert told == ["changed"] * 3
    event = Event(time=1.0, source="engine", level="info", code="checked", text="sub-1_x: PASS: a")
    news.hear(EventInfo(number=1, event=event))
    assert told[3:] == ["sub-1_x"], "one row: a thousand may be checked one after the other"
    news.show_status(status.model_copy(update={"state": Phase.FINISHING}))
    assert len(told) == 4
    news.show_status(status.model_copy(update={"state": Phase.IDLE}))  # with --no-report, too
    assert len(told) == 5
