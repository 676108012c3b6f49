"""What a step is for one session, told from facts alone: for which manifest, version, limits."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from recordings import owner
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from recordings.study.cells import Cell, StepState, mark
from recordings.study.exported import changed_file, exported
from recordings.study.facts import CheckFacts, CoderFacts, ExportFacts, Facts, doubles
from recordings.study.ledger import Failure, Ledger
from recordings.study.running import chosen
from recordings.study.scan import scan
from recordings.study.status import agreed, check_mark, checked, coded, recorded, study_status
from recordings.study.steps import make_step, standing
from recordings.version import program_version
from tests.recordings.simulated_session import Plan, make_session

NOW, LIMITS = program_version(), "thresholds.toml"
FACTS = Facts("sub-01/ses-01/x", "x", participant="01", session="01", digest="d", state="complete")


def told(root: Path, failure: Failure | None = None, **changes: str) -> Cell:
    """Judge an export that is whole but for `changes`."""
    fields = {"fingerprint": "f", "digest": "d", "version": NOW} | changes
    export = ExportFacts("csv", str(root), **fields)  # type: ignore[arg-type]
    facts = replace(FACTS, exports=(export,))
    failures = {(facts.folder, "csv", str(root)): failure} if failure else {}
    return exported(facts, "csv", str(root), failures, root)


def test_an_export_is_of_a_manifest_and_a_version(tmp_path: Path) -> None:
    assert told(tmp_path) == Cell(StepState.DONE)
    assert told(tmp_path, digest="e") == Cell(StepState.STALE, "the manifest has changed since")
    assert told(tmp_path, version="0.0").why == f"made by version 0.0, not {NOW}"
    assert told(tmp_path, fingerprint="").state is StepState.MISSING


def test_a_failure_counts_for_the_manifest_and_the_version_that_it_was_of(tmp_path: Path) -> None:
    of_now, of_before = f"{mark(FACTS)}f", f"e {NOW} f"
    assert told(tmp_path, tried=of_now, failed="why") == Cell(StepState.FAILED, "why")
    assert told(tmp_path, tried=of_before, failed="why").state is StepState.DONE
    for fingerprint, state in ((of_now, StepState.FAILED), (of_before, StepState.MISSING)):
        failure = Failure(fingerprint, "why")
        assert told(tmp_path, failure, fingerprint="").state is state
        assert told(tmp_path, failure).state is StepState.DONE, "a plain export has done it since"


def test_a_file_is_changed_where_it_is_younger_than_its_record_by_more_than_clocks_differ(
    tmp_path: Path,
) -> None:
    record, file = tmp_path / "record.json", tmp_path / "a.csv"
    for path in (record, file):
        path.write_text("1")
    written = record.stat().st_mtime_ns
    export = ExportFacts("csv", str(tmp_path), files=(("a.csv", 1), ("gone.tsv", -1)))
    (tmp_path / "gone.tsv").write_text("of several sessions")
    for later_s, why in ((0, ""), (1, ""), (3, "a.csv was changed after it was written")):
        os.utime(file, ns=(written + later_s * 10**9,) * 2)
        assert changed_file(export, record) == why
        assert changed_file(export) == ""
    file.write_text("12")
    assert changed_file(export) == "a.csv is not as large as it was written"
    (tmp_path / "gone.tsv").unlink()
    file.write_text("1")
    assert changed_file(export) == "gone.tsv is gone"


@pytest.mark.parametrize(
    ("changes", "state", "why"),
    [
        ({}, StepState.DONE, ""),
        ({"state": "repaired"}, StepState.DONE, "repaired"),
        ({"unusable": "ill"}, StepState.DONE, "marked as not usable: ill"),
        ({"state": "armed"}, StepState.FAILED, "it was never closed; run unisono repair on it"),
        ({"state": "recording"}, StepState.FAILED, "it was never closed; run unisono repair on it"),
        ({"state": "recording", "being_recorded": True}, StepState.MISSING, "it is being recorded"),
        ({"gone": ("a", "b")}, StepState.FAILED, "a, b are gone"),
        ({"problem": "cut off"}, StepState.FAILED, "cut off"),
    ],
)
def test_whether_a_recording_is_there(
    changes: dict[str, object], state: StepState, why: str
) -> None:
    assert recorded(replace(FACTS, **changes)) == Cell(state, why)  # type: ignore[arg-type]


def test_a_copy_is_recorded_once_with_what_stands_for_it(tmp_path: Path) -> None:
    one = replace(FACTS, content="c")
    copy = replace(one, folder="backup/sub-01/ses-01/x")
    rows = study_status(tmp_path, [one, copy], {}).rows
    assert [row.cells["recorded"] for row in rows] == [
        Cell(StepState.DONE),
        Cell(StepState.DONE, "the same recording as sub-01/ses-01/x"),
    ]


CHECK = CheckFacts("PASS", digest="d", version=NOW, limits="1")


@pytest.mark.parametrize(
    ("check", "limits", "cell"),
    [
        (CHECK, "1", Cell(StepState.DONE, "PASS")),
        (CHECK, "", Cell(StepState.DONE, "PASS")),  # somebody has given others by hand
        (CHECK, "2", Cell(StepState.STALE, f"checked by other limits than those of {LIMITS}")),
        (replace(CHECK, verdict="FAIL", why="cut"), "1", Cell(StepState.FAILED, "cut")),
        (None, "1", Cell(StepState.MISSING)),
    ],
)
def test_a_check_is_by_the_labs_limits(check: CheckFacts | None, limits: str, cell: Cell) -> None:
    assert checked(replace(FACTS, check=check, limits=limits)) == cell


def test_a_check_that_failed_counts_until_something_changes() -> None:
    facts = replace(FACTS, limits="1")
    for of, state in ((check_mark(facts, "1"), StepState.FAILED), ("x", StepState.MISSING)):
        failures = {(facts.folder, "check", ""): Failure(f"{of}s", "ended")}
        assert checked(facts, failures).state is state
        assert checked(replace(facts, check=CHECK), failures).state is StepState.DONE


def test_who_has_looked_at_no_frame_of_none_has_coded_nothing() -> None:
    assert coded([CoderFacts("anna", 0, 0)]) == Cell(StepState.MISSING, "anna 0 %")
    assert coded([CoderFacts("anna", 9, 9), CoderFacts("consensus", 0, 9)]).by == ("anna",)
    both = [CoderFacts("anna", 9, 9, changed_ns=5), CoderFacts("consensus", 9, 9, changed_ns=5)]
    assert agreed(both).state is StepState.DONE
    assert agreed([replace(both[0], changed_ns=6), both[1]]).why == "coded since by anna"
    undecided = replace(both[1], undecided=2)
    assert agreed([both[0], undecided]) == Cell(StepState.MISSING, "2 events are undecided")


def test_a_participant_is_asked_for_by_the_whole_name() -> None:
    names = {"01": "sub-01_ses-01", "010": "sub-010_ses-01"}
    sessions = [
        replace(FACTS, folder=name, name=name, participant=label, content=name)
        for label, name in names.items()
    ]
    assert [facts.participant for facts in chosen(sessions, ["sub-01"])[0]] == ["01"]
    assert [facts.participant for facts in chosen(sessions, ["sub-010_ses-01"])[0]] == ["010"]
    with pytest.raises(RecordingError, match="--only sub-0: no session's name begins so"):
        chosen(sessions, ["sub-0"])


def test_one_that_is_not_usable_stands_for_no_other() -> None:
    one = replace(FACTS, content="c")
    copy = replace(one, folder="backup/x/y/z/copy")
    assert doubles([one, copy]) == {copy.folder: one.folder}
    for changes in ({"unusable": "ill"}, {"being_recorded": True}, {"problem": "cut off"}):
        assert doubles([replace(one, **changes), copy]) == {}


def test_a_run_looks_at_every_file_that_was_made(tmp_path: Path) -> None:
    step = make_step("csv", tmp_path, {})
    target = tmp_path / "csv"
    target.mkdir()
    for name in ("a.csv", "b.csv"):
        (target / name).write_text("1")
    export = ExportFacts(
        *("csv", str(target), step.mark(FACTS, tmp_path).removeprefix(mark(FACTS)), "d", NOW),
        files=(("a.csv", 1), ("b.csv", 1)),
    )
    facts = replace(FACTS, exports=(export,))
    assert step.cell(facts, tmp_path) == Cell(StepState.DONE)
    other = make_step("csv", tmp_path, {"format": "parquet"})
    assert other.cell(facts, tmp_path).why == "made with other settings, or of another coding"
    (target / "b.csv").unlink()
    assert step.cell(facts, tmp_path) == Cell(StepState.STALE, "b.csv is gone")
    tried = replace(export, tried=step.mark(FACTS, tmp_path), failed="why")
    assert step.cell(replace(facts, exports=(tried,)), tmp_path) == Cell(StepState.FAILED, "why")
    assert step.cell(FACTS, tmp_path).state is StepState.MISSING


def test_a_failure_counts_for_the_step_as_it_was_asked_for(tmp_path: Path) -> None:
    step = make_step("csv", tmp_path, {})
    key = (FACTS.folder, "csv", step.target)
    for fingerprint, state in (
        (step.mark(FACTS, tmp_path), StepState.FAILED),
        (f"{mark(FACTS)}other", StepState.MISSING),
    ):
        failures = {key: Failure(fingerprint, "ended")}
        assert standing(step, FACTS, tmp_path, failures).state is state


def test_what_was_being_recorded_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_session(tmp_path, Plan(seconds=1.0))
    Manifest.load(session).model_copy(update={"state": State.RECORDING}).save(session)

    def state() -> StepState:
        with Ledger(tmp_path) as ledger:
            return recorded(scan(tmp_path, ledger)[0]).state

    monkeypatch.setattr(owner, "lives", lambda host: True)
    assert state() is StepState.MISSING
    monkeypatch.setattr(owner, "lives", lambda host: False)
    assert state() is StepState.FAILED, "no file says that it has ended"
