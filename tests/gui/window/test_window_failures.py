"""What the window says when something goes wrong, on the real daemon."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from tests.acquire.program import posix_only, unique
from tests.acquire.small_disk import MB, disk, fill
from tests.acquire.sources import Source, Sources
from tests.gui.windows import click, expecting, idle, light, picture, record, wait_until, window

pytestmark = [pytest.mark.usefixtures("qapp"), posix_only]


def test_a_stream_that_is_unplugged_is_red_and_an_alarm(tmp_path: Path, qtbot: QtBot) -> None:
    name = unique("gaze")
    with Sources(Source(name, "EEG")) as source, window(expecting(tmp_path, name)) as found:
        idle(found)
        wait_until(lambda: light(found, name) == "alive", what="alive")
        record(found, "01")
        wait_until(lambda: any(s.key.name == name for s in found.viewer.signals()))
        source.kill()
        wait_until(lambda: light(found, name) == "missing", what="red")
        wait_until(lambda: found.alarm.isVisible(), what="alarm")
        assert found.alarm.shown is not None
        assert found.alarm.shown.level == "error"
        assert name in found.alarm.shown.text
        picture(found, "stream-lost")
        click(found.alarm.read)
        assert not found.alarm.isVisible()
        found.recording.stop()
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
