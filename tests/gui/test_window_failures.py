"""What the window says when something goes wrong, on the real daemon."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.app import WindowOrder
from gui.window import RecorderWindow
from recordings.manifest import Manifest
from tests.acquire.program import posix_only, unique
from tests.acquire.sources import Source, Sources
from tests.acquire.test_disk_full import MB, disk, fill
from tests.gui.windows import click, idle, picture, record, wait_until, window

pytestmark = [pytest.mark.usefixtures("qapp"), posix_only]

RIG = """\
[rig]
name = "failures"

[[expect]]
name = "{name}"
"""


def expecting(folder: Path, name: str) -> WindowOrder:
    rig = folder / "rig.toml"
    rig.write_text(RIG.format(name=name))
    return WindowOrder(rig, data_dir=folder / "data")


def light(found: RecorderWindow, name: str) -> str:
    rows = [r for r in found.panel.streams.rows.rows if name in r.title]
    return rows[0].health if rows else ""


def test_a_stream_that_is_unplugged_is_red_within_three_seconds(
    tmp_path: Path, qtbot: QtBot
) -> None:
    name = unique("gaze")
    with Sources(Source(name, "EEG")) as source, window(expecting(tmp_path, name)) as found:
        idle(found)
        wait_until(lambda: light(found, name) == "alive", what="alive")
        record(found, "01")
        wait_until(lambda: any(s.key.name == name for s in found.viewer.signals()))
        source.kill()
        gone = time.monotonic()
        wait_until(lambda: light(found, name) == "missing", what="red")
        assert time.monotonic() - gone < 3.0
        wait_until(lambda: found.alarm.isVisible(), 3.0, "alarm")
        assert found.alarm.shown is not None
        assert found.alarm.shown.level == "error"
        assert name in found.alarm.shown.text
        picture(found, "stream-lost")
        click(found.alarm.read)
        assert not found.alarm.isVisible()
        found.stop()
        idle(found)


def test_a_missing_stream_is_said_before_the_start(tmp_path: Path, qtbot: QtBot) -> None:
    name = unique("ghost")
    with window(expecting(tmp_path, name)) as found:
        idle(found)
        QTest.keyClicks(found.bar.participant, "01")
        click(found.bar.record)
        assert found.gate.isVisible()
        assert any(name in line for line in found.gate.lines)
        with Sources(Source(name, "EEG")):
            wait_until(lambda: not any(name in line for line in found.gate.lines), what="gate")


def test_a_killed_engine_is_said_and_started_again(tmp_path: Path, qtbot: QtBot) -> None:
    name = unique("gaze")
    with Sources(Source(name, "EEG")), window(expecting(tmp_path, name)) as found:
        idle(found)
        wait_until(lambda: light(found, name) == "alive", what="alive")
        record(found, "01")
        process = found.link.process
        assert process is not None
        below = psutil.Process(process.pid).children(recursive=True)
        os.kill(process.pid, signal.SIGKILL)
        wait_until(lambda: found.alarm.isVisible(), 5.0, "alarm")
        assert found.alarm.shown is not None
        assert "killed (signal 9)" in found.alarm.shown.text
        assert "NO ENGINE" in found.bar.state.text()
        picture(found, "engine-gone")
        psutil.wait_procs(below, timeout=10)
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
            second.stop()
            idle(second)
            assert second.link.end_engine()
            wait_until(lambda: second.alarm.isVisible(), what="gone")
        assert Manifest.load(session.parent).state == "complete"


def test_a_full_disk_is_said_with_its_remedy(tmp_path: Path, qtbot: QtBot) -> None:
    name = unique("wide")
    source = Source(name, "EEG", channels=64, rate_hz=2000.0)
    with Sources(source), disk(tmp_path, 100 * MB) as data_dir:
        order = replace(expecting(tmp_path, name), data_dir=data_dir)
        with window(order) as found:
            idle(found)
            wait_until(lambda: light(found, name) == "alive", what="alive")
            record(found, "03", anyway=True)
            fill(data_dir, 2 * MB)
            wait_until(lambda: found.status and found.status.state == "failed", what="failed")
            wait_until(lambda: found.alarm.shown is not None, what="alarm")
            assert any("full" in a.text or "space" in a.text for a in found.alarm.unread)
            assert "FAILED" in found.bar.state.text()
            picture(found, "disk-full")
            assert found.bar.record.isEnabled()
