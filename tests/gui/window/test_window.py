"""The recorder window: a session recorded by clicking."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from gui.window.app import WindowOrder
from gui.window.window import RecorderWindow
from recordings.manifest import Manifest, State
from tests.acquire.program import load
from tests.gui.windows import (
    RIG,
    Names,
    click,
    hold,
    idle,
    picture,
    press_record,
    wait_until,
    window,
)

pytestmark = pytest.mark.usefixtures("qapp")


def recording(found: RecorderWindow) -> bool:
    return found.status is not None and found.status.state == "recording"


def test_a_session_is_recorded_by_clicking(tmp_path: Path, qtbot: QtBot) -> None:
    names = Names()
    rig = RIG.replace("[rig]\n", '[rig]\nmarker_keys = ["talks", "R&D"]\n')
    order = WindowOrder(names.rig(tmp_path, rig), data_dir=tmp_path / "data")
    with window(order) as found:
        picture(found, "opening")
        idle(found)
        wait_until(lambda: len(found.panel.streams.rows.rows) >= 4, what="streams")
        picture(found, "ready")

        click(found.bar.record)
        assert found.gate.isVisible(), "no participant was given"
        assert "sub-test" in found.gate.lines[-1]
        picture(found, "gate")
        click(found.gate.wait)
        assert not recording(found)

        QTest.keyClicks(found.bar.participant, "07")
        wait_until(lambda: "001" in found.bar.run.text())
        press_record(found)
        assert found.bar.state.text() == "● RECORDING"
        wait_until(lambda: "00:00:01" in found.bar.clock.text())
        QTest.keyClicks(found.markers.text, "sneezed")
        QTest.keyClick(found.markers.text, Qt.Key.Key_Return)
        wait_until(lambda: "sneezed" in found.markers.message.text())
        QTest.keyClick(found, Qt.Key.Key_F2, Qt.KeyboardModifier.ShiftModifier)
        wait_until(lambda: "R&D" in found.markers.message.text())
        picture(found, "recording")

        click(found.bar.stop)
        QTest.qWait(50)
        assert recording(found), "a touch by accident stops nothing"
        hold(found.bar.stop, lambda: not recording(found))
        idle(found)
        wait_until(lambda: "002" in found.bar.run.text(), what="the next run")
    (session,) = (tmp_path / "data").rglob("session.json")
    manifest = Manifest.load(session.parent)
    assert manifest.state is State.COMPLETE
    assert manifest.participant == "07"
    streams = load(session.parent / "recording.xdf")
    assert len(streams[names.eeg].stamps) > 100
    typed, keyed = streams["markers"].strings
    assert "sneezed" in typed
    assert "R&D" in keyed
