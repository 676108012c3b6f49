"""Every session × every step: what the files say, however the catalogue was lost or locked."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import platformdirs
import pytest

from recordings import load_study
from recordings.annotation.agreement.progress import due_of
from recordings.annotation.coder_file import Who, annotations_folder
from recordings.annotation.model import Span
from recordings.annotation.store import CodingStore
from recordings.engines.local import Here
from recordings.errors import NotWritten, RecordingError
from recordings.export import tables
from recordings.export.tasks import Order, run
from recordings.manifest import Manifest, State
from recordings.read.sessions import session_folders
from recordings.report.html import check_and_report
from recordings.report.page import write_page
from recordings.study import ledger_place, reading, status
from recordings.study.cells import Cell, StepState
from recordings.study.exported import export_names, exported
from recordings.study.facts import CoderFacts, ExportFacts, Facts
from recordings.study.ledger import Failure, Ledger
from recordings.study.page import absent, render
from recordings.study.running import chosen, plan, run_step
from recordings.study.scan import scan
from recordings.study.status import StudyStatus, study_status
from recordings.study.steps import export_step, make_step, standing
from recordings.version import program_version
from tests.recordings.simulated_session import Plan, make_session
from tests.recordings.strip_session import Film
from tests.recordings.strip_session import make_session as strip_session
from tests.recordings.study.simulated_study import BROKEN, make_study

CSV = tables.Settings(streams=("protocol",))


def status_of(root: Path) -> StudyStatus:
    with Ledger(root) as ledger:
        return study_status(root, scan(root, ledger), ledger.failures())


def cell(root: Path, step: str, row: int = 0) -> Cell:
    return status_of(root).rows[row].cells[step]


def test_sessions_are_found_in_a_study_and_in_a_data_folder(root: Path) -> None:
    names = [folder.name for folder in session_folders(root)]
    assert [name[:6] for name in names] == ["sub-01", "sub-02"]
    (root / ".hidden" / "sub-09" / "ses-01" / "sub-09_run-01").mkdir(parents=True)
    (root / "sub-01" / "ses-01" / "notes").mkdir()
    assert [folder.name for folder in session_folders(root)] == names
    assert [folder.name for folder in session_folders(root.parent)] == names
    assert session_folders(root / "nowhere") == []


@pytest.mark.parametrize(
    "where", ["week2/sub-01/ses-01/{name}", "Anna/{name}", "sub-01/ses-01/Anna first", "张伟"]
)
def test_a_session_is_found_whatever_its_folder_is_called_and_wherever_it_lies(
    root: Path, session: Path, where: str
) -> None:
    before = [row.facts.participant for row in status_of(root).rows]
    target = root / where.format(name=session.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    session.rename(target)
    left = Path(shutil.copytree(target, root / "exports" / "csv" / "kept"))
    for looked_at in (root, root.parent):
        rows = status_of(looked_at).rows
        assert sorted(row.facts.participant for row in rows) == before
        (row,) = (row for row in rows if row.facts.participant == "01")
        assert looked_at / row.facts.folder == target
        assert row.cells["recorded"].state == StepState.DONE
        assert chosen([row.facts], ["sub-01"])[0] == [row.facts]
    assert left.is_dir()
    study = load_study(root, signals={"eda": 10}, length_s=1.0)
    assert {place.session for place in study.places if place.participant == "01"} == {target}


def test_a_new_session_is_recorded_and_nothing_else(root: Path) -> None:
    found = status_of(root)
    assert found.steps == ("recorded", "check", "coded", "agreed")
    states = [[c.state for c in row.cells.values()] for row in found.rows]
    assert states == [[StepState.DONE, *[StepState.MISSING] * 3]] * 2
    facts = found.rows[0].facts
    assert (facts.participant, facts.seconds, facts.simulated) == ("01", 2.0, True)


def test_a_check_is_done_until_the_recording_or_the_program_is_another(
    root: Path, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    check_and_report(session)
    assert cell(root, "check") == Cell(StepState.DONE, "PASS")
    manifest = Manifest.load(session)
    manifest.model_copy(update={"unusable": "fell asleep", "notes": "tired"}).save(session)
    assert cell(root, "check").state is StepState.DONE  # it says nothing of what was recorded
    assert "fell asleep" in cell(root, "recorded").why
    monkeypatch.setattr(status, "program_version", lambda: "99.0")
    assert "this is 99.0" in cell(root, "check").why
    monkeypatch.undo()
    manifest.model_copy(update={"lsl_stop": 5.0}).save(session)
    assert cell(root, "check").state is StepState.STALE
    check_and_report(session, hashes=False)
    assert cell(root, "check").why == "the contents of the files were not read yet"


def test_a_report_of_an_earlier_version_counts_by_its_date(root: Path, session: Path) -> None:
    check_and_report(session)
    path = session / "report.json"
    old = json.loads(path.read_text())
    del old["digest"], old["program"]
    path.write_text(json.dumps(old))
    assert cell(root, "check").state is StepState.DONE
    os.utime(path, ns=(0, 0))
    assert cell(root, "check").why == "the manifest is newer than the report"


def test_a_failed_check_names_what_failed(root: Path, session: Path) -> None:
    xdf = session / "recording.xdf"
    xdf.write_bytes(xdf.read_bytes()[:-1000])
    check_and_report(session)
    found = cell(root, "check")
    assert found.state is StepState.FAILED
    assert "recording.xdf" in found.why


@pytest.mark.parametrize("text", ["", "[]", '{"verdict": "PASS"}', '{"findings": 3}', "[" * 9000])
def test_a_report_that_is_none_is_no_check(root: Path, session: Path, text: str) -> None:
    (session / "report.json").write_text(text)
    assert cell(root, "check").state is StepState.MISSING


@pytest.mark.parametrize(
    ("state", "why"), [(State.RECORDING, "unisono repair"), (State.FAILED, "could not go on")]
)
def test_what_was_not_recorded_to_its_end_failed(
    root: Path, session: Path, state: State, why: str
) -> None:
    Manifest.load(session).model_copy(update={"state": state}).save(session)
    found = cell(root, "recorded")
    assert found.state is StepState.FAILED
    assert why in found.why


def test_coders_and_their_consensus(tmp_path: Path) -> None:
    session = make_session(tmp_path, Plan(seconds=2.0))
    root = tmp_path / "study"
    frames = Manifest.load(session).videos[0].frames
    folder = session / "annotations"

    def look(name: str, last: int) -> None:
        with CodingStore(folder, Who(name), session=session.name) as store:
            store.put("looked", Span(id="a", camera="face", first=0, last=last))

    look("anna", frames // 2)
    assert cell(root, "coded") == Cell(StepState.MISSING, "anna 50 %")
    look("ben", frames - 1)
    assert cell(root, "coded") == Cell(StepState.DONE, "anna 50 %, ben 100 %", ("ben",))
    look("consensus", 3)
    assert cell(root, "agreed").state is StepState.DONE
    file = folder / "anna.json"
    later = (folder / "consensus.json").stat().st_mtime_ns + 10**9
    os.utime(file, ns=(later, later))
    assert cell(root, "agreed") == Cell(StepState.STALE, "coded since by anna")
    file.write_text("{")
    assert cell(root, "coded").state is StepState.FAILED


def test_a_coder_is_done_with_the_trials_of_the_cameras_that_are_coded(tmp_path: Path) -> None:
    """All frames of all cameras were asked for, whatever the window called done."""
    film = Film(frames=400, noise=False)
    session = strip_session(tmp_path, film, replace(film, name="side")).folder
    root = tmp_path / "study"
    (trials,) = {
        tuple(frames) for frames in due_of(session, Manifest.load(session).videos).values()
    }
    assert len(trials) == 4

    def look(camera: str) -> None:
        with CodingStore(session / "annotations", Who("anna"), session=session.name) as store:
            for number, (first, last) in enumerate(trials):
                span = Span(id=f"{camera}{number}", camera=camera, first=first, last=last)
                store.put("looked" if number else "not_codable", span)

    look("face")
    assert cell(root, "coded") == Cell(StepState.MISSING, "anna 50 %")
    plan = root / "coding.toml"
    plan.write_text('coders = ["anna"]\ncameras = ["Face"]\n')
    assert cell(root, "coded").state is StepState.FAILED
    assert "has none of these but face, side" in cell(root, "coded").why
    plan.write_text('coders = ["anna"]\ncameras = ["face"]\n')
    assert cell(root, "coded") == Cell(StepState.DONE, "anna 100 %", ("anna",))
    plan.rename(tmp_path / "coding.toml")  # of the whole data folder
    assert cell(root, "coded").state is StepState.DONE
    (tmp_path / "coding.toml").unlink()
    assert cell(root, "coded").state is StepState.MISSING
    look("side")
    assert cell(root, "coded").state is StepState.DONE
    (session / "recording.xdf").unlink()  # where trials are, nobody knows
    assert cell(root, "coded").state is StepState.MISSING


def test_coders_whose_files_lie_elsewhere_are_seen_there(
    root: Path, session: Path, tmp_path: Path
) -> None:
    """Of a study that cannot be written to, nobody could see who had coded it."""
    elsewhere = tmp_path / "coded"

    def seen(annotations: Path | None) -> Cell:
        with Ledger(root) as ledger:
            return study_status(root, scan(root, ledger, annotations), {}).rows[0].cells["coded"]

    with pytest.raises(RecordingError, match="is no folder; name the one with the coders' files"):
        seen(elsewhere)
    elsewhere.mkdir()
    assert seen(elsewhere) == Cell(StepState.MISSING)
    for name in ("anna", "ben"):
        with CodingStore(annotations_folder(session, elsewhere), Who(name)):
            pass
        assert seen(elsewhere).why.endswith(f"{name} 0 %")
    assert seen(None) == Cell(StepState.MISSING)
    shutil.copytree(session, root / "again" / session.name)
    with pytest.raises(RecordingError, match="have one name"):
        seen(elsewhere)


def test_exports_are_known_by_their_records(root: Path, session: Path, tmp_path: Path) -> None:
    target = tmp_path / "tables"
    run(Order("csv", (session,), target, CSV))
    assert cell(root, "csv") == Cell(StepState.DONE)
    assert cell(root, "csv", row=1).state is StepState.MISSING
    run(Order("csv", (session,), tmp_path / "more", CSV))
    assert status_of(root).steps[4:] == ("csv in more", "csv in tables")
    (file,) = target.glob("*.csv")
    file.unlink()
    assert "is gone" in cell(root, "csv in tables").why
    for record in (tmp_path / "more" / ".unisono").iterdir():
        record.unlink()
    assert cell(root, "csv in more").state is StepState.MISSING
    Manifest.load(session).model_copy(update={"lsl_stop": 5.0}).save(session)
    assert cell(root, "csv in tables").why == "the manifest has changed since"


def test_what_became_of_exported_files_is_told_to_whoever_asks(
    root: Path, session: Path, tmp_path: Path
) -> None:
    target = tmp_path / "tables"
    run(Order("csv", (session,), target, CSV))
    with Ledger(root) as ledger:
        facts = scan(root, ledger)

    def seen(*, files: bool) -> Cell:
        return study_status(root, facts, {}, files=files).rows[0].cells["csv"]

    assert seen(files=True) == Cell(StepState.DONE)
    (file,) = target.glob("*.csv")
    content = file.read_bytes()
    file.write_bytes(content[:-1] + b"9")
    after = file.stat().st_mtime_ns + 3 * 10**9
    os.utime(file, ns=(after, after))
    assert seen(files=False) == Cell(StepState.DONE)
    assert seen(files=True) == Cell(
        StepState.STALE, f"{file.name} was changed after it was written"
    )
    file.write_bytes(content + b"9")
    assert "not as large" in seen(files=True).why


def test_what_a_plain_export_could_not_do_failed_until_one_can(
    root: Path, session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[str]:
        raise RecordingError(f"{session / 'recording.xdf'}: cannot be read")

    order = Order("csv", (session,), tmp_path / "tables", CSV)
    with monkeypatch.context() as patch:
        patch.setattr(tables, "export", broken)
        run(order)
    failed = Cell(StepState.FAILED, "recording.xdf: cannot be read")
    assert cell(root, "csv") == failed
    step = export_step("csv", order.target, {"streams": ["protocol"]})
    other = export_step("csv", order.target, {"streams": ["eeg"]})
    shutil.rmtree(root / ".unisono")  # the target says it, not the catalogue
    with Ledger(root) as ledger:
        facts = scan(root, ledger)[0]
        assert standing(step, facts, root, ledger.failures()) == failed
        assert standing(other, facts, root, ledger.failures()).state is StepState.MISSING
    run(order)
    assert cell(root, "csv") == Cell(StepState.DONE)
    assert not list((order.target / ".unisono").glob("*.failed.json"))


def test_what_a_study_could_not_do_and_a_plain_export_has_done_since_is_done(
    root: Path, session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> list[str]:
        raise OSError(errno.ENOSPC, "No space left on device")

    step = export_step("csv", tmp_path / "tables", {"streams": ["protocol"]})
    with Ledger(root) as ledger:
        planned = plan(root, step, scan(root, ledger), ledger, retry_failed=False)
        with monkeypatch.context() as patch:
            patch.setattr(tables, "export", full)
            run_step(root, step, planned, ledger, Here())
        assert "its disk is full" in cell(root, "csv").why
        run(Order("csv", (session,), tmp_path / "tables", CSV))
        assert cell(root, "csv") == Cell(StepState.DONE)
        facts = scan(root, ledger)
        assert standing(step, facts[0], root, ledger.failures()).state is StepState.DONE
        assert standing(step, facts[1], root, ledger.failures()).state is StepState.FAILED


def test_what_a_study_could_not_check_and_somebody_has_since_is_checked(
    root: Path, session: Path
) -> None:
    with Ledger(root) as ledger:
        step = make_step("check", root, {})
        facts = scan(root, ledger)[0]
        failure = Failure(step.mark(facts, root), "its worker was ended four times")
        ledger.note(facts.folder, "check", "", failure)
        assert cell(root, "check") == Cell(StepState.FAILED, failure.reason)
        check_and_report(session)
        assert cell(root, "check").state is StepState.DONE
        assert standing(step, scan(root, ledger)[0], root, ledger.failures()).state is (
            StepState.DONE
        )


def test_only_what_has_changed_is_read_again(
    root: Path, session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = status_of(root)
    read: list[str] = []
    real = reading.read_facts

    def counted(root: Path, folder: Path, annotations: Path | None) -> Facts:
        read.append(folder.name)
        return real(root, folder, annotations)

    monkeypatch.setattr(reading, "read_facts", counted)
    assert status_of(root) == before
    assert read == []
    check_and_report(session)
    assert cell(root, "check").state is StepState.DONE
    assert read == [session.name]


def test_a_session_that_is_gone_is_forgotten(root: Path, session: Path) -> None:
    with Ledger(root) as ledger:
        (first, _) = scan(root, ledger)
        ledger.note(first.folder, "check", "", Failure("x", "y"))
    session.rename(root.parent / "elsewhere")
    assert [row.facts.participant for row in status_of(root).rows] == ["02"]
    with Ledger(root) as ledger:
        assert len(ledger.sessions()) == 1
        assert ledger.failures() == {}


def damaged_pages(base: Path) -> None:
    with base.open("r+b") as file:
        file.seek(4096)
        file.write(bytes(base.stat().st_size - 4096))


def changed_by(*statements: str) -> Callable[[Path], None]:
    def change(base: Path) -> None:
        with contextlib.closing(sqlite3.connect(base)) as raw:
            for statement in statements:
                raw.execute(statement)
            raw.commit()

    return change


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda base: base.write_bytes(b"garbage " * 4096),
        lambda base: base.write_bytes(b""),
        damaged_pages,
        changed_by("PRAGMA user_version = 77"),
        changed_by("UPDATE session SET facts = '{}'"),
        changed_by("UPDATE session SET facts = '7'"),
        changed_by("UPDATE session SET facts = CAST(x'ff00fe' AS TEXT)"),
        changed_by("DROP TABLE session", "CREATE TABLE session (a)"),
        changed_by("DROP TABLE failure"),
    ],
    ids=[
        "deleted", "garbage", "empty", "damaged pages", "another version", "another form",
        "a number", "no text", "other columns", "no table",
    ],
)  # fmt: skip
def test_a_catalogue_that_is_lost_is_made_anew(
    root: Path, damage: Callable[[Path], object]
) -> None:
    before = status_of(root)
    damage(root / ".unisono" / "catalogue.sqlite")
    assert status_of(root) == before
    assert status_of(root) == before


def test_a_failure_is_kept_though_the_file_is_damaged_meanwhile(root: Path) -> None:
    status_of(root)
    with Ledger(root) as ledger:
        damaged_pages(root / ".unisono" / "catalogue.sqlite")
        ledger.note("somewhere", "check", "", Failure("x", "y"))
        assert ledger.failures() == {("somewhere", "check", ""): Failure("x", "y")}


def test_where_no_file_can_be_opened_the_users_cache_has_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: cache / name)
    (root / ".unisono" / "catalogue.sqlite").mkdir(parents=True)
    assert len(status_of(root).rows) == 2
    assert list(cache.rglob("catalogue.sqlite"))


def test_a_look_needs_no_room(root: Path) -> None:
    status_of(root)
    with Ledger(root) as ledger:
        ledger._base.execute("PRAGMA max_page_count = 1")  # none may be added: as a full disk
        many = [(f"{number}", "stamp", "x" * 5000) for number in range(100)]
        ledger.store(many, (), wait=False)
        assert len(ledger.sessions()) == 2
        with pytest.raises(RecordingError, match=r"catalogue\.sqlite"):
            ledger.store(many, ())


def test_where_the_folder_cannot_lock_the_users_cache_has_it(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda name: cache / name)
    monkeypatch.setattr(ledger_place, "_can_lock", lambda folder: False)
    assert len(status_of(root).rows) == 2
    assert list(cache.rglob("catalogue.sqlite"))
    assert not list(root.rglob("catalogue.sqlite"))


@pytest.mark.parametrize("how", [Path.unlink, "link", "folder"])
def test_a_file_that_is_gone_is_told_without_a_check(
    root: Path, session: Path, how: Callable[[Path], None] | str
) -> None:
    assert cell(root, "recorded").state is StepState.DONE
    xdf, kept = session / "recording.xdf", root.parent / "kept"
    xdf.rename(kept)
    if how == "link":
        xdf.symlink_to(root.parent / "annex")
    elif how == "folder":
        xdf.mkdir()
    assert cell(root, "recorded") == Cell(StepState.FAILED, "recording.xdf is gone")
    if how == "link":  # as DataLad gets what was not here
        kept.rename(root.parent / "annex")
        assert cell(root, "recorded").state is StepState.DONE


def test_who_has_coded_what_is_told(root: Path) -> None:
    assert status.coded([CoderFacts("anna", 9, 9), CoderFacts("ben", 3, 9)]) == Cell(
        StepState.DONE, "anna 100 %, ben 33 %", ("anna",)
    )
    export = ExportFacts("csv", str(root), "f", "d", program_version(), (), "anna")
    facts = Facts("sub-01/ses-01/x", "x", digest="d", exports=(export,))
    assert exported(facts, "csv", str(root), {}, root) == Cell(StepState.DONE, by=("anna",))


def test_places_of_exports_are_told_apart() -> None:
    places = [("csv", "/a/one/csv"), ("csv", "/a/two/csv"), ("edf", "/x/edf"), ("csv", "/b/other")]
    assert list(export_names(places).values()) == [
        "csv in one/csv",
        "csv in two/csv",
        "edf",
        "csv in b/other",
    ]


def test_several_read_while_one_writes(root: Path) -> None:
    status_of(root)
    with Ledger(root) as one, Ledger(root) as other:
        with one._writing():
            assert len(other.sessions()) == 2
        assert one.failures() == other.failures() == {}


def test_one_runs_at_a_time(root: Path) -> None:
    entered, done = threading.Event(), threading.Event()

    def hold() -> None:
        with Ledger(root) as mine, mine.alone():
            entered.set()
            done.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert entered.wait(30)
        with (
            Ledger(root) as ledger,
            pytest.raises(RecordingError, match="another `unisono study run`"),
            ledger.alone(),
        ):
            pass
    finally:
        done.set()
        thread.join()
    with Ledger(root) as ledger, ledger.alone():
        pass


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="is no folder"):
        Ledger(tmp_path / "nowhere")


# The page.


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> StudyStatus:
    root = make_study(tmp_path_factory.mktemp("broken"), 9, broken=BROKEN)
    for folder in session_folders(root):
        if "sub-06" in folder.name:
            folder.rename(root / ".taken-away")
            continue
        try:
            check_and_report(folder)
        except RecordingError:
            continue
    return status_of(root)


def test_the_page_says_what_failed_and_who_is_missing(broken: StudyStatus) -> None:
    page = render(broken)
    assert "Study simulated" in page
    assert "sub-06: no session at all" in page
    failed = [why for _, step, why in broken.failed() if step == "recorded"]
    assert len(failed) == 2
    assert "recording.xdf is gone" in failed
    assert "sub-08" in page
    assert page.count("<svg") >= 4
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")


def test_the_page_trusts_nothing(broken: StudyStatus, tmp_path: Path) -> None:
    row = broken.rows[0]
    evil = "<script>alert(1)</script>\"'"
    cells = {**row.cells, "check": Cell(StepState.FAILED, evil)}
    facts = Facts(**{**{n: getattr(row.facts, n) for n in Facts.__slots__}, "study": evil})
    row = status.SessionStatus(facts, evil, cells)
    page = render(StudyStatus(Path(evil), broken.steps, (row,)))
    assert "<script" not in page
    with pytest.raises(NotWritten, match="cannot be written"):
        write_page(tmp_path / "no" / "page.html", render(broken))


def test_an_empty_study_has_a_page(tmp_path: Path) -> None:
    assert "no session is here" in render(StudyStatus(tmp_path, ("recorded",), ()))


def test_who_is_missing() -> None:
    def facts(participant: str, session: str = "01") -> Facts:
        return Facts("", f"sub-{participant}_ses-{session}", "", participant, session)

    assert absent([facts("01"), facts("02")]) == []
    assert absent([facts("01"), facts("05")]) == ["sub-02–04: no session at all"]
    two = [facts("01"), facts("01", "02"), facts("02")]
    assert absent(two) == ["ses-02: not of sub-02"]
    assert absent([facts("anna"), facts("ben")]) == []
