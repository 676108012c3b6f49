"""A session is copied, repaired and exported from the list, by real processes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtCore import QProcess

from gui.sessions import session_job
from gui.sessions.export_command import export_words
from gui.sessions.job_line import JobLine
from recordings.study.copies import copies, place
from tests.acquire.program import alive, posix_only, wait_for
from tests.gui.windows import click, wait_until
from tests.recordings.simulated_session import Plan, make_session

pytestmark = pytest.mark.usefixtures("qapp")


@pytest.fixture
def line() -> Iterator[JobLine]:
    found = JobLine()
    yield found
    found.job.close()
    assert not found.job.runs
    found.deleteLater()


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make_session(tmp_path / "data", Plan(seconds=3))


def finish(line: JobLine) -> str:
    wait_until(lambda: not line.job.runs, 120, what=f"the end of {line.text.text()}")
    return line.text.text()


def test_a_line_that_arrives_in_pieces_is_one(
    line: JobLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go = tmp_path / "go"
    program = (
        "import pathlib, sys\n"
        "print('written: sub-01', end='', flush=True)\n"
        f"while not pathlib.Path({str(go)!r}).exists(): pass\n"
        "print('_ses-01')"
    )
    monkeypatch.setattr(session_job, "command", lambda *_: (sys.executable, "-c", program))
    heard: list[str] = []
    line.job.said.connect(heard.append)
    line.start("Copy", "copy")
    process = line.job._process
    assert process is not None
    wait_until(lambda: process.bytesAvailable() > 0)
    go.touch()
    assert "written: sub-01_ses-01" in finish(line)
    assert heard == ["written: sub-01_ses-01"]


def test_a_copy_a_repair_and_an_export_are_made_and_said(
    line: JobLine, session: Path, tmp_path: Path
) -> None:
    heard: list[str] = []
    line.job.said.connect(heard.append)
    line.start("Copy", "copy", "--idle", str(session), "--to", str(tmp_path / "share"))
    assert not line.isHidden()
    assert "● " in finish(line)
    assert any("%" in text for text in heard), heard
    assert copies(session) == (place(session, tmp_path / "share"),)

    line.start("Repair", "repair", str(session))
    assert "● " in finish(line)
    assert (session.with_name(f"{session.name}-repaired") / "session.json").is_file()
    line.start("Repair", "repair", str(session))
    assert "▲ " in finish(line)
    assert "exists already" in line.text.text()

    line.start("Export", *export_words("csv", session))
    told = finish(line)
    assert "● " in told
    assert "exported, " in told, "the result, not what was said of a part of it"
    assert list((tmp_path / "data" / "study-csv").rglob("*.csv*"))


@posix_only
def test_it_is_held_still_while_anything_records_and_can_be_ended(
    line: JobLine, session: Path, tmp_path: Path
) -> None:
    line.start("Copy", *copying(session, tmp_path))
    process = line.job.findChild(QProcess)
    assert process is not None
    started = psutil.Process(int(process.processId()))
    line.job.rest(True)
    wait_until(lambda: is_held(started), what="stop")
    line.start("Another", "check", str(session))
    assert "one thing at a time" in line.text.text()
    line.job.rest(False)
    wait_until(lambda: not is_held(started), what="going on")
    line.job.rest(True)
    wait_until(lambda: is_held(started), what="stop")
    (held,) = started.children()
    click_end(line)
    assert "order it again" in finish(line)
    assert alive([held]) == []
    assert copies(session) == ()


A_WINDOW = """
import sys
from PySide6.QtCore import QCoreApplication
from gui.sessions.session_job import SessionJob
app = QCoreApplication([])
job = SessionJob()
job.start(*sys.argv[1:])
job.rest(True)
app.exec()
"""


@posix_only
@pytest.mark.parametrize("victim", ["the window", "who holds it still"])
def test_what_is_held_still_ends_with_a_window_that_is_killed(
    session: Path, tmp_path: Path, victim: str
) -> None:
    """It stayed, stopped, until the computer was started again."""
    order = [sys.executable, "-c", A_WINDOW, *copying(session, tmp_path)]
    with subprocess.Popen(order, stdout=subprocess.DEVNULL) as window:
        started = psutil.Process(window.pid)
        wait_for(lambda: any(map(is_held, started.children())), what="stop")
        (holder,) = started.children()
        left = started.children(recursive=True)
        (started if victim == "the window" else holder).kill()
        wait_for(lambda: not alive(left), what="the end of what was held still")
        window.kill()


def copying(session: Path, folder: Path) -> list[str]:
    """Give the words for a copy that takes a while."""
    with (session / "large.bin").open("wb") as file:
        file.truncate(1 << 30)
    return ["copy", str(session), "--to", str(folder / "share")]


def is_held(job: psutil.Process) -> bool:
    return [child.status() for child in job.children()] == [psutil.STATUS_STOPPED]


def click_end(line: JobLine) -> None:
    line.show()
    click(line.end)
