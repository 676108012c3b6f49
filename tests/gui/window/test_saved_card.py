"""After Stop: what was saved, how much of it, and what the check says."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QApplication, QDockWidget, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from acquire.engine.status import Phase
from acquire.server.api.models import LastInfo
from gui.sessions.saved_card import SavedCard
from gui.window.gate_panel import GatePanel
from gui.window.start_gate import Finding
from gui.window.window import RecorderWindow
from recordings.certificate import Verdict
from recordings.manifest import State
from recordings.manifest_entries import LostFile
from tests.acquire.program import posix_only, unique
from tests.acquire.sources import Source, Sources
from tests.gui.window.statuses import recording_status
from tests.gui.windows import (
    click,
    expecting,
    hold,
    idle,
    light,
    picture,
    record,
    wait_until,
    window,
)

pytestmark = [pytest.mark.usefixtures("qapp"), posix_only]


def state(found: RecorderWindow) -> Phase | None:
    return None if found.status is None else found.status.state


def test_a_recording_ends_in_a_card_and_the_next_run_is_a_click_away(
    tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile()))
    name = unique("gaze")
    with Sources(Source(name, "EEG")), window(expecting(tmp_path, name)) as found:
        idle(found)
        assert not found.saved.isVisible()
        wait_until(lambda: light(found, name) == "alive", what="alive")
        record(found, "01")
        assert not found.saved.isVisible()
        hold(found.bar.stop, lambda: state(found) is not Phase.RECORDING)
        wait_until(found.saved.isVisible, what="card")
        card = found.saved
        assert card.title.text().startswith("Saved  00:00:")
        assert "samples, 0 lost" in card.counts.text()
        folder = Path(card.path.text())
        assert "Only here" in card.copies.text()
        assert (folder / "session.json").is_file()
        wait_until(lambda: "being checked" not in card.verdict.text(), what="verdict")
        assert found.status is not None
        assert found.status.last is not None
        verdict = found.status.last.verdict
        assert verdict in (Verdict.PASS, Verdict.WARN), card.verdict.text()
        assert str(verdict) in card.verdict.text()
        dock = found.findChild(QDockWidget, "sessions")
        assert dock is not None
        dock.raise_()
        wait_until(lambda: found.sessions.rows and found.sessions.rows[0].verdict, what="listed")
        assert found.sessions.rows[0].session == str(folder)
        found.sessions.table.selectRow(0)
        assert found.sessions.report.isEnabled()
        found.sessions.filter.setText("nobody")
        assert found.sessions.table.isRowHidden(0)
        found.sessions.filter.setText("01")
        assert not found.sessions.table.isRowHidden(0)
        picture(found, "saved")
        click(card.copy)
        assert QGuiApplication.clipboard().text() == str(folder)
        click(card.report)
        click(card.open_folder)
        assert opened == [str(folder / "report.html"), str(folder)]
        assert Path(opened[0]).is_file()
        click(card.next)
        wait_until(lambda: state(found) is Phase.RECORDING, what="next run")
        wait_until(lambda: not card.isVisible(), what="card gone")
        # The engine records a moment before the daemon says by what name.
        wait_until(lambda: found.status and found.status.labels, what="labels")
        assert found.status.session != str(folder)
        assert found.status.labels is not None
        assert found.status.labels.participant == "01"
        hold(found.bar.stop, lambda: state(found) is not Phase.RECORDING)
        wait_until(card.isVisible, what="card")
        click(card.close_card)
        assert not card.isVisible()
        qtbot.wait(300)  # some statuses later it is still closed
        assert not card.isVisible()


def last_of(session: str) -> LastInfo:
    return LastInfo(
        id="study.sub-01_ses-01_task-rest_run-01",
        session=session,
        state=State.COMPLETE,
        seconds=10.0,
        samples=1,
        lost_samples=0,
        frames=0,
        lost_frames=0,
        alarms=0,
        error=None,
        verdict=None,
        findings=(),
        problem=None,
    )


def test_the_card_of_the_recording_before_is_not_shown_for_the_one_that_ended(
    qtbot: QtBot,
) -> None:
    card = SavedCard()
    qtbot.addWidget(card)
    before, ended = (last_of(f"/data/run-0{run}") for run in (1, 2))
    recording = recording_status().model_copy(update={"last": before})
    card.show_status(recording, same_computer=True)
    idle = recording.model_copy(update={"state": Phase.IDLE})
    card.show_status(idle, same_computer=True)  # idle, and the daemon does not know more yet
    assert not card.isVisible()
    card.show_status(idle.model_copy(update={"last": ended}), same_computer=True)
    assert (card.isVisible(), card.path.text()) == (True, "/data/run-02")


def test_how_many_findings_there_are_beside_the_first_is_said(qtbot: QtBot) -> None:
    card = SavedCard()
    qtbot.addWidget(card)
    first = ("a: ends early", "b: ends early", "c: ends early")
    told = {"verdict": Verdict.WARN, "findings": first, "more_findings": 26}
    recording = recording_status()
    card.show_status(recording, same_computer=True)
    for more, last_line in ((26, "and 26 more"), (0, "c: ends early")):
        last = last_of("/data/run-01").model_copy(update={**told, "more_findings": more})
        ended = recording.model_copy(update={"state": Phase.IDLE, "last": last})
        card.show_status(ended, same_computer=True)
        assert card.verdict.text().splitlines()[-1] == last_line


def test_a_failed_recording_says_in_one_line_that_what_there_is_is_saved(qtbot: QtBot) -> None:
    card = SavedCard()
    qtbot.addWidget(card)
    error = "/data/run-01/recording.xdf: cannot be written at byte 5: the disk is full"
    failed = last_of("/data/run-01").model_copy(update={"state": State.FAILED, "error": error})
    recording = recording_status()
    for state in (Phase.RECORDING, Phase.FAILED):
        last = failed if state is Phase.FAILED else None
        card.show_status(
            recording.model_copy(update={"state": state, "last": last}), same_computer=True
        )
    card.resize(1000, 200)
    QApplication.processEvents()
    title = card.title
    assert title.width() >= title.fontMetrics().horizontalAdvance(title.text()), "in one line"
    assert card.verdict.text().splitlines()[-1].startswith("recording.xdf: cannot be written")
    assert card.verdict.property("light") == "failed"


def test_the_card_says_what_is_still_on_a_node_and_what_is_lost_there() -> None:
    card = SavedCard()
    last = last_of("/data/run-01").model_copy(update={"on_nodes": ("cam-pc",)})
    recording = recording_status()
    idle = recording.model_copy(update={"state": Phase.IDLE, "last": last})
    for status in (recording, idle):
        card.show_status(status, same_computer=True)
    assert card.copies.text() == "▲ Partly on cam-pc: fetched while nothing is recorded"
    lost = LostFile(path="face.nut", node="cam-pc", reason="its disk is broken")
    given_up = last.model_copy(update={"on_nodes": (), "lost": (lost,), "copies": ("/share/a",)})
    card.show_status(idle.model_copy(update={"last": given_up}), same_computer=True)
    told = card.copies.text().splitlines()
    assert told == ["✖ face.nut is lost on cam-pc: its disk is broken", "/share/a"]
    card.deleteLater()


def test_the_card_gives_its_room_to_the_start_gate(qtbot: QtBot) -> None:
    """Both and an alarm made a window of 700 pixels grow."""
    window = QWidget()
    qtbot.addWidget(window)
    column = QVBoxLayout(window)
    card, gate = SavedCard(), GatePanel()
    column.addWidget(card)
    column.addWidget(gate)
    window.setMinimumSize(600, 10)
    gate.shown.connect(partial(card.give_way, "gate"))
    window.show()
    idle = recording_status().model_copy(
        update={"state": Phase.IDLE, "last": last_of("/data/run-01")}
    )
    card.show_status(recording_status(), same_computer=True)
    card.show_status(idle, same_computer=True)
    assert card.isVisible()
    QApplication.processEvents()
    window.resize(600, window.minimumSizeHint().height())
    before = window.height()
    gate.ask([Finding("warning", "eeg is silent", "It has a gap.")])
    card.show_status(idle, same_computer=True)
    assert not card.isVisible()
    QApplication.processEvents()
    assert window.height() == before, "a window that has grown stays so"
    card.give_way("protocol", True)
    gate.wait.click()
    card.show_status(idle, same_computer=True)
    assert not card.isVisible(), "a protocol plays meanwhile"
    card.give_way("protocol", False)
    card.show_status(idle, same_computer=True)
    assert card.isVisible(), "the report is still to be had"
