"""The start gate as somebody sees it who waits for what is missing."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication, QToolButton
from pytestqt.qtbot import QtBot

from acquire.engine.status import Phase
from acquire.processes.messages import DeviceState
from acquire.server.api.device_models import DeviceInfo
from acquire.server.api.models import DiskInfo, StreamInfo
from acquire.server.api.session_models import RunsInfo
from gui.client.status_text import disk_text
from gui.texts import install
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel
from gui.window.gate_panel import GatePanel
from gui.window.start_gate import Finding, findings
from gui.window.top_bar import TopBar
from tests.gui.window.statuses import recording_status
from tests.gui.windows import click

pytestmark = pytest.mark.usefixtures("qapp")

SILENT = Finding("warning", "eeg: silent for 2.1 s", "What it does not send cannot be recorded.")


def said(gate: GatePanel) -> str:
    return " ".join(label.text() for label in gate.findChildren(PlainLabel) if label.isVisible())


def test_what_has_passed_by_itself_leaves_a_word_and_a_button(qtbot: QtBot) -> None:
    gate = GatePanel()
    qtbot.addWidget(gate)
    gate.ask([SILENT])
    assert "silent for 2.1 s" in said(gate)
    assert gate.anyway.text() == "Record anyway"
    gate.ask([])
    assert gate.isVisible(), "whoever pressed Record must not believe that it records"
    assert "Nothing is recorded yet" in said(gate), "at once: an empty panel asks nothing"
    assert "silent" not in said(gate)
    assert gate.anyway.text() == "Record now"
    with qtbot.waitSignal(gate.record_anyway):
        click(gate.anyway)
    assert not gate.isVisible()


def stream(causes: tuple[str, ...], reason: str) -> StreamInfo:
    return StreamInfo(
        name="eeg",
        type="EEG",
        source_id="e",
        hostname="lab",
        uid="u",
        device=None,
        channels=1,
        health="warning",
        reason=reason,
        causes=causes,
        connected=True,
        selected=True,
        samples=1,
        lost=0,
        rate_hz=100.0,
        effective_rate_hz=100.0,
        age_s=0.0,
        offset_s=None,
        drift_ppm=None,
        backlog=0,
    )


@pytest.mark.parametrize(
    ("cause", "meaning"),
    [("stamps-far", "not on the common clock"), ("silent", "cannot be recorded")],
)
def test_a_trouble_is_known_by_its_code_whatever_its_words(cause: str, meaning: str) -> None:
    idle = recording_status().model_copy(
        update={"state": Phase.IDLE, "streams": (stream((cause,), "anything at all"),)}
    )
    (found,) = findings(idle, "p1")
    assert (found.text, meaning in found.meaning) == ("eeg: anything at all", True)


def test_nothing_can_be_recorded_of_streams_none_of_which_is_chosen(qtbot: QtBot) -> None:
    """The engine's own are always chosen, and made the gate offer a recording of nothing."""
    own = stream((), "").model_copy(update={"name": "markers", "device": "unisono"})
    eeg = stream((), "").model_copy(update={"health": "alive", "selected": False})
    status = recording_status().model_copy(update={"state": Phase.IDLE, "streams": (own, eeg)})
    found = findings(status, "p1")
    assert (found[0].level, found[0].text) == ("error", "No stream is chosen")
    gate = GatePanel()
    qtbot.addWidget(gate)
    gate.ask(found)
    assert not gate.anyway.isEnabled()


def test_a_stream_that_has_gone_is_told_once(qtbot: QtBot) -> None:
    """It was missing by the rig, and gone by its light: of eight lines four said nothing new."""
    gone = stream(("stream-lost",), "its outlet is gone").model_copy(
        update={"connected": False, "health": "missing"}
    )
    missing = ("a stream with name='eeg' is not there", "a stream with name='gaze' is not there")
    status = recording_status().model_copy(
        update={
            "state": Phase.IDLE,
            "streams": (gone, stream((), "").model_copy(update={"name": "ppg", "health": "alive"})),
            "missing": missing,
            "missing_codes": ("not-found", "not-found"),
        }
    )
    assert [f.text for f in findings(status, "p1")] == [missing[1], "eeg: its outlet is gone"]


def test_the_stream_of_a_device_that_was_stopped_is_told_with_it(qtbot: QtBot) -> None:
    stopped = DeviceInfo(
        name="face",
        driver="simulated-camera",
        state=DeviceState.CLOSED,
        error=None,
        streams=("face",),
        cameras=("face",),
        drift_ppm=None,
        ring_fill=0.0,
        fates={},
    )
    gone = stream(("stream-lost",), "its outlet is gone; check its cable").model_copy(
        update={"name": "face", "device": "face", "connected": False, "health": "missing"}
    )
    status = recording_status().model_copy(
        update={
            "state": Phase.IDLE,
            "streams": (gone, stream((), "").model_copy(update={"health": "alive"})),
            "devices": (stopped,),
        }
    )
    assert [f.text for f in findings(status, "p1")] == ["Device face is closed"]


def test_what_is_missing_is_said_in_the_users_language_by_its_code(qapp: QApplication) -> None:
    texts = ("the streams of device eeg are not connected yet", "name='gaze' is not there")
    status = recording_status().model_copy(
        update={"missing": texts, "missing_codes": ("not-connected", "not-found")}
    )
    assert {f.text for f in findings(status, "01")} >= set(texts)
    translator = install(qapp, QLocale("zh_CN"))
    assert translator is not None
    try:
        told = {f.text for f in findings(status, "01")}
        assert f"预期的数据流不存在 · {texts[1]}" in told
        older = status.model_copy(update={"missing_codes": ()})  # an engine that knows no codes
        assert {f.text for f in findings(older, "01")} >= set(texts)
    finally:
        qapp.removeTranslator(translator)


def test_a_loss_while_nothing_records_is_not_called_that_of_the_recording(qtbot: QtBot) -> None:
    """The card said 25 lost, and the bar above it 84, in the same words."""
    bar = TopBar()
    qtbot.addWidget(bar)
    lossy = stream((), "").model_copy(update={"lost": 84})
    status = recording_status().model_copy(update={"streams": (lossy,)})
    bar.show_status(status, None)
    assert bar.signals.text() == "signals 84 lost"
    bar.show_status(status.model_copy(update={"state": Phase.IDLE}), None)
    assert bar.signals.text() == "signals 84 lost since opening"


@pytest.mark.parametrize(
    ("free", "said"), [(67 * 10**9, "67 GB"), (2_340_000_000, "2.3 GB"), (350_000_000, "350 MB")]
)
def test_little_room_is_not_called_none(free: int, said: str) -> None:
    status = recording_status().model_copy(
        update={"disk": DiskInfo(data_dir="/data", free_bytes=free)}
    )
    assert disk_text(status) == f"disk {said} free"


def test_a_data_folder_that_is_gone_makes_a_start_impossible(qtbot: QtBot) -> None:
    status = recording_status().model_copy(
        update={
            "state": Phase.IDLE,
            "disk": DiskInfo(data_dir="/media/usb", free_bytes=10**12, gone=True),
        }
    )
    (gone,) = [f for f in findings(status, "07") if "data folder" in f.text]
    assert gone.level == "error"
    assert gone.text == "The data folder is gone: /media/usb"
    assert disk_text(status) == "✖ data folder gone"


@pytest.mark.parametrize("phase", Phase)
def test_the_bar_needs_no_more_than_the_smallest_window_in_any_state(
    qtbot: QtBot, phase: Phase
) -> None:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.apply(application)
    bar, menu = TopBar(), QToolButton()
    qtbot.addWidget(bar)
    menu.setText("☰")
    bar.add_menu(menu)
    bar.resize(1024, 70)
    bar.show()
    bar.show_status(recording_status().model_copy(update={"state": phase}), 0.0001)
    bar.show_runs(RunsInfo(existing=(), next=123))
    QApplication.processEvents()
    assert bar.minimumSizeHint().width() <= 1024, "the run's number is squeezed to dots"
