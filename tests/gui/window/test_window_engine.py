"""The window and its engine: killed, started again, left alone, found again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest
from pytestqt.qtbot import QtBot

from acquire.server.api.models import EventInfo
from acquire.server.api.protocol_models import ProtocolInfo
from acquire.server.data_lock import DataLock
from gui.client.client import EngineClient
from gui.client.engine_link import EngineLink
from gui.window import app
from gui.window.app import WindowOrder
from gui.window.window import RecorderWindow
from recordings.manifest import Manifest
from recordings.manifest_entries import Event
from tests.acquire.daemon_program import Daemon
from tests.acquire.program import posix_only, unique, unisono
from tests.acquire.sources import Source, Sources
from tests.gui.windows import (
    EXPECTING,
    click,
    end,
    expecting,
    idle,
    light,
    picture,
    record,
    wait_until,
    window,
)

pytestmark = [pytest.mark.usefixtures("qapp"), posix_only]


def test_a_killed_engine_is_said_and_started_again(tmp_path: Path, qtbot: QtBot) -> None:
    name = unique("gaze")
    with Sources(Source(name, "EEG")), window(expecting(tmp_path, name)) as found:
        idle(found)
        wait_until(lambda: light(found, name) == "alive", what="alive")
        record(found, "01")
        found.protocol.show_info(ProtocolInfo(state="loaded"))
        process = found.link.process
        assert process is not None
        below = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: found.alarm.isVisible(), what="alarm")
        assert found.alarm.shown is not None
        assert "killed (signal 9)" in found.alarm.shown.text
        assert "NO ENGINE" in found.bar.state.text()
        assert light(found, name) == "other", "green although nobody knows"
        assert not found.saved.next.isEnabled()
        assert not any(order.isEnabled() for order in found.protocol.orders.buttons.values())
        found.protocol.record_wanted.emit()
        assert "there is no engine" in found.markers.message.text(), "a start that is lost is said"
        picture(found, "engine-gone")
        psutil.wait_procs(below, timeout=60)
        click(found.alarm.action)
        idle(found)
        assert found.bar.record.isEnabled()
        wait_until(lambda: light(found, name) == "alive", what="alive again")


def test_closing_the_window_leaves_a_recording_alone(tmp_path: Path, qtbot: QtBot) -> None:
    name = unique("gaze")
    order = expecting(tmp_path, name)
    with Sources(Source(name, "EEG")):
        with window(order, end_engine=False) as first:
            idle(first)
            wait_until(lambda: light(first, name) == "alive", what="alive")
            record(first, "02")
            process = first.link.process
            assert process is not None
        assert psutil.pid_exists(process.pid)
        (session,) = (tmp_path / "data").rglob("session.json")
        assert Manifest.load(session.parent).state == "recording"
        with window(order, end_engine=False) as second:
            wait_until(lambda: second.status is not None, what="attached")
            assert second.link.process is None, "it started another engine"
            wait_until(lambda: second.bar.participant.text() == "02", what="labels")
            assert second.focusWidget() is second.markers.text, "Stop had the keyboard"
            wait_until(lambda: second.events.count(), what="events")
            times = [second.events.item(row).text() for row in range(second.events.count())]
            assert not any("--:--:--" in text for text in times), times
            assert second.status is not None
            first_sample = second.status.first_sample
            assert first_sample is not None
            # What was lost before this recording is no loss of this recording.
            for number, after in ((9001, -10.0), (9002, 0.1)):
                assert not second.alarm.isVisible()
                lost = Event(
                    time=first_sample + after,
                    source="gaze",
                    level="warning",
                    code="stream-lost",
                    text="gaze is gone",
                )
                second.client.event_came.emit(EventInfo(number=number, event=lost))
            assert second.alarm.shown is not None
            assert second.alarm.shown.level == "error"
            click(second.alarm.read)
            second.recording.stop()
            idle(second)
            assert second.link.end_engine()
            wait_until(lambda: second.alarm.isVisible(), what="gone")
        assert Manifest.load(session.parent).state == "complete"


def test_closing_the_window_leaves_an_engine_alone_that_hangs_while_it_records(
    tmp_path: Path, qtbot: QtBot
) -> None:
    """It was told to end, and obeyed once it went on: the recording ended with the window."""
    name = unique("gaze")
    with Sources(Source(name, "EEG")):
        with window(expecting(tmp_path, name), end_engine=False) as found:
            idle(found)
            wait_until(lambda: light(found, name) == "alive", what="alive")
            record(found, "03")
            process = found.link.process
            assert process is not None
            os.kill(process.pid, signal.SIGSTOP)
            wait_until(lambda: found.status is None, what="that it hangs")
            assert found.alarm.shown is not None
            assert "does not answer; it may be recording still" in found.alarm.shown.text
            for label in (found.bar.disk, found.bar.signals, found.bar.sync):
                assert "–" in label.text(), "as of now, although nobody knows"
        os.kill(process.pid, signal.SIGCONT)
        with window(expecting(tmp_path, name), end_engine=False) as again:
            wait_until(lambda: again.status is not None, what="attached")
            assert again.link.process is None
            assert again.status is not None
            assert again.status.state == "recording"
            again.recording.stop()
            idle(again)
        end(process.pid)


def test_an_engine_that_ends_well_can_be_started_again(tmp_path: Path, qtbot: QtBot) -> None:
    """Its connection ends before it does: that was told, and the button never came."""
    with window(expecting(tmp_path, unique("gaze"))) as found:
        idle(found)
        process = found.link.process
        assert process is not None
        found.protocol.show_info(ProtocolInfo(state="running"))
        assert not found.close(), "a participant's screen would go dark without a word"
        assert "ends with this window" in found.alarm.text.text()
        found.protocol.show_info(ProtocolInfo(state="none"))
        click(found.alarm.read)
        os.kill(process.pid, signal.SIGTERM)
        wait_until(lambda: found.alarm.isVisible(), what="alarm")
        wait_until(lambda: found.alarm.action.isVisible(), what="a way to start it again")
        assert "ended with code 0" in found.alarm.text.text()


def test_an_engine_that_runs_another_rig_is_said(tmp_path: Path, qtbot: QtBot) -> None:
    """All rigs have one data folder unless they name another: the first one's engine is found."""
    rig, other = (tmp_path / name for name in ("rig.toml", "other.toml"))
    for path in (rig, other):
        path.write_text(EXPECTING.format(name=path.stem))

    def shows_its_rig(found: RecorderWindow) -> bool:
        return found.rig is not None

    data = tmp_path / "data"
    with window(WindowOrder(rig, data_dir=data)) as first:
        idle(first)
        with window(WindowOrder(other, data_dir=data)) as second:
            wait_until(lambda: shows_its_rig(second), what="its rig")
            assert second.alarm.shown is not None
            assert second.alarm.shown.text.startswith(f"{other} does not run:")
            assert f"runs {rig}." in second.alarm.shown.text
        with window(WindowOrder(rig, data_dir=data)) as same:
            wait_until(lambda: shows_its_rig(same), what="its rig")
            assert same.alarm.shown is None
        rig.write_text(f"# mended\n{rig.read_text()}")
        with window(WindowOrder(rig, data_dir=data)) as changed:
            wait_until(lambda: shows_its_rig(changed), what="its rig")
            assert changed.alarm.shown is not None
            assert "another text of it" in changed.alarm.shown.text
        first.client.put("rig", {"text": rig.read_text()}, first.take_rig)
        wait_until(lambda: first.rig is not None and "mended" in first.rig.text, what="a change")
        assert first.alarm.shown is None, "what was changed here is no other rig"


def test_an_address_where_nothing_answers_is_said(qtbot: QtBot) -> None:
    """The window waited for an engine for ever, without a word."""
    with window(WindowOrder(attach="http://127.0.0.1:9")) as found:
        wait_until(lambda: found.alarm.isVisible(), what="alarm")
        assert "http://127.0.0.1:9: the engine does not answer" in found.alarm.text.text()
        assert "NO ENGINE" in found.bar.state.text()


def test_a_token_that_is_missing_is_asked_for_in_the_words_of_the_command(
    tmp_path: Path, qtbot: QtBot
) -> None:
    """It was to be sent in a header."""
    (tmp_path / "token").write_text("0123456789abcdef-secret")
    with Daemon(tmp_path, "--token-file", str(tmp_path / "token")) as daemon:
        daemon.ready("0123456789abcdef-secret")
        with window(WindowOrder(attach=daemon.url)) as found:
            wait_until(lambda: found.alarm.isVisible(), what="alarm")
            assert found.alarm.shown is not None
            assert "--token-file" in found.alarm.shown.text
            assert "header" not in found.alarm.shown.text
        daemon.end()


@pytest.mark.parametrize("asked", [False, True], ids=["from-a-field", "from-the-gate"])
def test_the_keyboard_is_in_the_field_for_markers_whoever_began(
    tmp_path: Path, qtbot: QtBot, asked: bool
) -> None:
    """Qt gave it to Stop as the labels went dim, or to the menu as the gate closed."""
    name = unique("gaze")
    with Sources(Source(name, "EEG")), window(expecting(tmp_path, name)) as found:
        idle(found)
        wait_until(lambda: light(found, name) == "alive", what="alive")
        found.bar.participant.setFocus()
        if asked:  # nobody is named yet
            click(found.bar.record)
            assert found.gate.isVisible()
        found.client.post("recording/start", {"participant": "07"})  # as the page would
        wait_until(lambda: found.bar.stop.isVisible(), what="recording")
        assert found.focusWidget() is found.markers.text
        found.recording.stop()
        idle(found)


def test_who_records_at_another_window_is_said(tmp_path: Path, qtbot: QtBot) -> None:
    """Both were pressed, and the label of one operator was changed to the other's in silence."""
    name = unique("gaze")
    order = expecting(tmp_path, name)
    with Sources(Source(name, "EEG")), window(order) as one, window(order) as other:
        idle(one)
        idle(other)
        wait_until(lambda: light(one, name) == light(other, name) == "alive", what="alive")
        one.bar.participant.setText("A")
        other.bar.participant.setText("B")
        one.recording.start()
        wait_until(lambda: one.status and one.status.state == "recording", what="recording")
        other.bar.participant.setText("B")  # pressed a moment before its window knew
        other.gate.record_anyway.emit()
        wait_until(lambda: "sub-A" in other.markers.message.text(), what="who records")
        one.recording.stop()
        idle(one)


def test_what_cannot_work_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nowhere = tmp_path / "nowhere.toml"
    result = unisono("gui", nowhere, folder=tmp_path)
    assert (result.code, result.stderr.count("\n")) == (2, 1)
    assert "no such rig file" in result.error
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    result = unisono("gui", folder=tmp_path)
    assert (result.code, result.stderr.count("\n")) == (2, 1)
    assert "no display" in result.error
    monkeypatch.setenv("DISPLAY", ":31417")  # of a server that has ended, as a tmux keeps it
    result = unisono("gui", folder=tmp_path)
    assert (result.code, result.stderr.count("\n")) == (2, 1)
    assert "':31417' does not answer" in result.error


def test_an_engine_that_was_left_running_is_found_from_any_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `--data-dir data` names was looked for in the folder of the next window."""
    monkeypatch.setattr(app, "user_config_dir", lambda *_, **__: str(tmp_path))
    monkeypatch.setattr(EngineLink, "open", lambda *_: None)  # nobody answers here
    rig, data, elsewhere = tmp_path / "rig.toml", tmp_path / "data", tmp_path / "elsewhere"
    rig.write_text("", encoding="utf-8")
    for folder in (data, elsewhere):
        folder.mkdir()
    monkeypatch.chdir(tmp_path)
    with DataLock(data) as lock:
        lock.announce("http://127.0.0.1:9")
        app.open_rig(EngineLink(EngineClient(None)), Path("rig.toml"), Path("data"))
        monkeypatch.chdir(elsewhere)
        assert app.left_running() == (rig, data)


STOPPED_EARLY = """
import os, signal, sys, time
from pathlib import Path
from acquire.server.data_lock import owner
from gui.window import app

make = app.make_window
rig, data, listens = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "listens"

def stopped(order):
    window = make(order)
    while listens and owner(data) is None:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGTERM)
    return window

app.make_window = stopped
sys.exit(app.run(app.WindowOrder(rig, data_dir=data)))
"""


@pytest.mark.parametrize("engine", ["starts", "listens"])
def test_a_window_that_is_stopped_while_it_opens_takes_its_engine_with_it(
    tmp_path: Path, engine: str
) -> None:
    rig = tmp_path / "rig.toml"
    rig.write_text("", encoding="utf-8")
    data = tmp_path / "data"
    command = [sys.executable, "-c", STOPPED_EARLY, str(rig), str(data), engine]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    wait_until(lambda: not _working_for(data), what="its engine's end")


def _working_for(data: Path) -> list[int]:
    """Give the processes whose command names a data folder: its lock outlives its owner."""
    processes = psutil.process_iter(["cmdline"])
    return [each.pid for each in processes if str(data) in (each.info["cmdline"] or ())]
