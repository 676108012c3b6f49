"""Copies, and repaired copies, of a session in a study: its minutes count once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recordings.export.bids.dataset import Settings as Bids
from recordings.export.tasks import Order, run
from recordings.layout import XDF_NAME
from recordings.manifest import Manifest
from recordings.read.left_out import Recorded, content_of, same_recordings
from recordings.read.sessions import session_folders
from recordings.repair.session import repair
from recordings.study.facts import Facts
from recordings.study.ledger import Ledger
from recordings.study.running import chosen
from recordings.study.scan import scan
from recordings.study.status import study_status
from tests.recordings.study.simulated_study import make_study


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("model"), 2, 3.0, {"02": "crashed"})


@pytest.fixture
def root(model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(model, tmp_path / "data" / "simulated"))


def facts_of(root: Path) -> list[Facts]:
    with Ledger(root) as ledger:
        return scan(root, ledger)


def test_what_was_recorded_is_told_by_the_streams_alone(root: Path) -> None:
    manifest = Manifest.load(session_folders(root)[0])
    (xdf,) = (entry for entry in manifest.files if entry.path == XDF_NAME)
    report = xdf.model_copy(update={"path": "report.html", "sha256": "0" * 64})
    changed = xdf.model_copy(update={"sha256": "1" * 64})
    same, other = (
        content_of(manifest.model_copy(update={"files": files}))
        for files in ((report, xdf), (report, changed))
    )
    assert same == content_of(manifest) == xdf.sha256
    assert other != same


def test_what_is_there_twice_is_done_once_and_told(root: Path) -> None:
    first, crashed = session_folders(root)
    copied = Path(shutil.copytree(first, first.with_name(f"{first.name} (copy)")))
    manifest = Manifest.load(copied)
    changes = {"notes": "which one?", "participant": "07", "run": 2}  # the same bytes all the same
    manifest.model_copy(update=changes).save(copied)
    repaired = repair(crashed).target.parent
    found = facts_of(root)
    taken, left_out = chosen(found, [])
    assert [facts.name for facts in taken] == [first.name, repaired.name]
    told = {facts.name: why for facts, why in left_out}
    assert told == {
        copied.name: f"the same recording as {first.name}",
        crashed.name: f"the same recording as {repaired.name}",
    }
    rows = {row.facts.name: row.cells["recorded"] for row in study_status(root, found, {}).rows}
    assert {name: rows[name].why for name in told} == told
    assert rows[crashed.name].state == "done", "it was repaired"
    manifest.model_copy(update={"unusable": "a copy"}).save(first)
    taken, _ = chosen(facts_of(root), [])
    assert [facts.name for facts in taken] == [copied.name, repaired.name]


def test_recordings_that_are_two_are_not_taken_for_one() -> None:
    def one(place: str, digest: str, state: str, utc: str = "09:00", study: str = "a") -> Recorded:
        return Recorded(place, digest, (study, "01", "01"), utc, state, lacks="lacks" in place)

    whole = [one("1", "a", "complete"), one("2", "b", "complete"), one("3", "c", "recording")]
    assert same_recordings(whole) == {}
    assert same_recordings([*whole, one("4", "d", "repaired", "10:00")]) == {}
    assert same_recordings([*whole, one("4", "d", "repaired", study="b")]) == {}
    undated = [one("1", "a", "recording", ""), one("2", "b", "repaired", "")]
    assert same_recordings(undated) == {}
    twice = [one("1", "a", "failed"), one("2", "b", "repaired"), one("3 copy", "b", "repaired")]
    assert same_recordings(twice) == {"1": "2", "3 copy": "2"}
    lacks = [one("lacks", "a", "complete"), one("a longer path", "a", "complete")]
    assert same_recordings(lacks) == {"lacks": "a longer path"}


def test_files_of_another_recording_are_not_replaced(root: Path, tmp_path: Path) -> None:
    """What says of itself what another says goes to the same files of a dataset."""
    crashed = session_folders(root)[1]
    repaired = repair(crashed).target.parent
    target = tmp_path / "bids"

    def outcome(session: Path) -> tuple[str, str]:
        (done,) = run(Order("bids", (session,), target, Bids()))
        return done.outcome, done.error

    assert outcome(repaired) == ("exported", "")
    before = {path: path.read_bytes() for path in target.rglob("sub-*") if path.is_file()}
    said, error = outcome(crashed)
    assert said == "failed"
    assert f"is of '{repaired.name}' already" in error
    assert {path: path.read_bytes() for path in before} == before
    renamed = repaired.rename(repaired.with_name("renamed"))
    assert outcome(renamed) == ("exported", "")
