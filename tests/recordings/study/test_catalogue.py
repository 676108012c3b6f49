"""The sessions of a data folder: one row each, whatever state they are in."""

from __future__ import annotations

import os
import time
from pathlib import Path

from recordings.certificate import Verdict
from recordings.manifest import Manifest, State
from recordings.report.html import check_and_report
from recordings.study.catalogue import sessions
from tests.recordings.simulated_session import Plan, make_session


def test_each_session_is_a_row_the_newest_first_damaged_ones_too(tmp_path: Path) -> None:
    good, unchecked, damaged = (make_session(tmp_path, Plan(seconds=4.0)) for _ in range(3))
    report = check_and_report(good)
    (damaged / "session.json").write_text('{"format": "unisono-session", "version": 1')
    manifest = Manifest.load(unchecked)
    manifest.model_copy(update={"state": State.FAILED, "notes": "fell asleep"}).save(unchecked)
    for age, folder in enumerate((unchecked, damaged, good)):
        os.utime(folder / "session.json", (time.time() - age, time.time() - age))
    rows = list(sessions(tmp_path))
    assert [row.folder for row in rows] == [unchecked, damaged, good]
    first, broken, last = rows
    assert (first.state, first.verdict, first.notes) == (State.FAILED, None, "fell asleep")
    assert broken.state is None
    assert "session.json" in broken.problem
    assert (last.participant, last.task, last.run) == ("01", "test", 1)
    assert last.verdict is report.verdict is not Verdict.FAIL
    assert last.has_report
    assert last.seconds == 4.0
    assert last.bytes == sum(
        f.stat().st_size for f in good.iterdir() if f.suffix in (".xdf", ".nut", ".tsv")
    )


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    assert list(sessions(tmp_path)) == []
