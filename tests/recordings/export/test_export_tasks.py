"""What surrounds an export: its session's name, its target, what goes wrong, what is left."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import pytest

from recordings.annotation.coder_file import Who, annotations_folder
from recordings.annotation.model import Event, Moment
from recordings.annotation.store import CodingStore
from recordings.disk.file_lock import lock_file
from recordings.errors import RecordingError
from recordings.export import clips, jobs, mmme, tables, tasks
from recordings.export.bids.dataset import Settings
from recordings.export.bids.shared_tables import merge
from recordings.export.jobs import jobs_that_fit
from recordings.export.places import read_exports
from recordings.export.records import fingerprint, session_name
from recordings.export.tasks import Order, run
from recordings.manifest import Manifest, State
from recordings.privacy import erase
from tests.recordings.exporting import all_files, exported
from tests.recordings.simulated_session import START, Plan, make_session

SETTINGS = tables.Settings(streams=("protocol",))


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make_session(tmp_path / "data", Plan(seconds=3.0))


def test_a_session_has_its_name_by_any_path(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(session)
    paths = (Path(), Path("recording.xdf"), Path("..") / session.name)
    assert {session_name(path) for path in (*paths, session)} == {session.name}
    dotted = session.rename(session.with_name("pilot_v1.2"))
    assert session_name(dotted) == "pilot_v1.2"
    (tmp_path / "old.v2.xdf").write_bytes((dotted / "recording.xdf").read_bytes())
    assert session_name(tmp_path / "old.v2.xdf") == "old.v2"
    (done,) = exported("csv", [Path()], tmp_path / "out", SETTINGS)
    assert list(all_files(tmp_path / "out")) == ["pilot_v1.2_protocol.csv"], done


def test_what_was_exported_before_a_folder_was_renamed_is_told(
    session: Path, tmp_path: Path
) -> None:
    target = tmp_path / "out"
    exported("csv", [session], target, SETTINGS)
    renamed = session.rename(session.with_name("pilot"))
    (done,) = exported("csv", [renamed], target, SETTINGS)
    old = f"{session.name}_protocol.csv"
    assert done.notes[-1].startswith(f"the same recording is here as {session.name}, too")
    assert done.notes[-1].endswith(f"delete {old}")
    (target / old).unlink()
    (done,) = exported("csv", [renamed], target, tables.Settings(streams=("eeg",)))
    assert "the same recording" not in "".join(done.notes)
    # What is called by its manifest was replaced: to delete it would be to delete the new ones.
    exported("bids", [renamed], target, Settings(video="none"))
    (done,) = exported("bids", [renamed.rename(session)], target, Settings(video="none"))
    assert done.outcome == "exported"
    assert "the same recording" not in "".join(done.notes)


def test_a_target_in_a_session_is_refused(session: Path) -> None:
    before = sorted(session.iterdir())
    for target in (session, session / "tables"):
        with pytest.raises(RecordingError, match=r"lies in the session .* with --to"):
            exported("csv", [session], target, SETTINGS)
    assert sorted(session.iterdir()) == before


def test_no_record_beside_shifted_dates_names_the_true_one(session: Path, tmp_path: Path) -> None:
    manifest = Manifest.load(session)
    true = manifest.clock[0].utc
    os.utime(session / "face.nut", (1e9, 1e9))
    (done,) = exported("bids", [session], tmp_path, Settings(days_back=400))
    assert done.outcome == "exported"
    (video,) = tmp_path.rglob("*_video.nut")
    assert video.stat().st_mtime > 1e9 + 1  # a link has the date of the recording
    files = [path for path in tmp_path.rglob("*.json") if session not in path.parents]
    record = next(path for path in files if path.parent.name == ".unisono")
    assert not [path for path in files if true[:10] in path.read_text()]
    # What an older version wrote is the same session's.
    text = json.loads(record.read_text())
    for recorded, outcome in ((true, "there already"), ("1999-01-01T00:00:00.000000Z", "failed")):
        record.write_text(json.dumps(text | {"recorded": recorded}))
        (done,) = exported("bids", [session], tmp_path, Settings(days_back=400))
        assert done.outcome == outcome


@pytest.mark.parametrize("error", [IndexError("out of bounds"), RuntimeError(""), KeyError("x")])
def test_any_error_is_the_sessions_own(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(*_: object) -> list[str]:
        raise error

    monkeypatch.setattr(tables, "export", fail)
    (done,) = exported("csv", [session], tmp_path / "out", SETTINGS)
    assert done.outcome == "failed"
    assert done.error.startswith(type(error).__name__)
    assert all_files(tmp_path / "out") == {}


def test_a_bare_file_that_was_replaced_is_exported_again(session: Path, tmp_path: Path) -> None:
    bare = tmp_path / "bare.xdf"
    bare.write_bytes((session / "recording.xdf").read_bytes())
    outcomes = []
    for change in (False, False, True):
        if change:  # of the same size: another run of the same paradigm
            stat = bare.stat()
            os.utime(bare, ns=(stat.st_atime_ns, stat.st_mtime_ns + 10**9))
        outcomes += [d.outcome for d in exported("csv", [bare], tmp_path / "out", SETTINGS)]
    assert outcomes == ["exported", "there already", "exported"]


@pytest.mark.parametrize("state", [State.RECORDING, State.FAILED])
def test_an_unfinished_session_is_exported_and_that_is_told(
    session: Path, tmp_path: Path, state: State
) -> None:
    Manifest.load(session).model_copy(update={"state": state}).save(session)
    (done,) = exported("csv", [session], tmp_path / "out", SETTINGS)
    assert done.notes == (f"state {state}: run unisono repair and export the copy",)


def test_what_is_missing_of_a_damaged_file_is_told(session: Path, tmp_path: Path) -> None:
    xdf = session / "recording.xdf"
    os.truncate(xdf, xdf.stat().st_size * 2 // 3)
    for kind, settings in (("csv", tables.Settings()), ("mmme", mmme.Settings())):
        (done,) = exported(kind, [session], tmp_path / kind, settings)
        assert done.outcome == "exported"
        assert any("cannot be read; the first at byte" in note for note in done.notes)


def test_a_full_disk_is_named_with_its_remedy(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tables, "export", full)
    (done,) = exported("csv", [session], tmp_path / "csv", tables.Settings())
    assert done.error == (
        f"{tmp_path / 'csv'}: its disk is full; make room, or name a folder on another disk"
    )


def test_a_reason_names_its_file_once(session: Path, tmp_path: Path) -> None:
    (session / "recording.xdf").unlink()
    (done,) = exported("csv", [session], tmp_path / "csv", tables.Settings())
    assert done.error == f"{session / 'recording.xdf'}: cannot be read (No such file or directory)"


def test_an_archive_that_cannot_be_written_is_exported_and_that_is_told(
    session: Path, tmp_path: Path
) -> None:
    (session / "exports.json").mkdir()  # no file can take its place, not even root's
    (done,) = exported("csv", [session], tmp_path / "out", SETTINGS)
    assert done.outcome == "exported"
    assert "unisono erase will miss this export" in done.notes[0]


def test_what_an_interrupted_export_has_left_is_erased(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "out"

    def die(_session: object, folder: Path, _settings: object) -> list[str]:
        (folder / "half.csv").write_text("of participant 01")
        raise KeyboardInterrupt

    monkeypatch.setattr(tables, "export", die)
    with pytest.raises(KeyboardInterrupt):
        run(Order("csv", (session,), target, SETTINGS))
    assert read_exports(session) == [{"kind": "csv", "target": str(target)}]
    (half,) = target.rglob("half.csv")
    data = tmp_path / "data"
    done = erase.erase(data, erase.plan(data, "01"))
    assert not half.exists()
    assert not session.exists()
    assert done.left == []
    assert json.loads((data / erase.LOG_NAME).read_text())["files"] > 5


def test_what_a_failed_export_has_left_is_erased(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unforeseen(*_: object) -> list[str]:
        raise IndexError("out of bounds")

    monkeypatch.setattr(tables, "export", unforeseen)
    target = tmp_path / "out"
    run(Order("csv", (session,), target, SETTINGS))
    left = {path.name.removeprefix(session.name) for path in (target / ".unisono").iterdir()}
    assert left == {".csv.error.txt", ".csv.failed.json"}
    done = erase.erase(tmp_path / "data", erase.plan(tmp_path / "data", "01"))
    assert done.left == []
    assert not list((target / ".unisono").iterdir())


def test_no_more_tasks_than_the_memory_holds(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    size = (session / "recording.xdf").stat().st_size
    both = [session, session.parent / "gone"]
    assert jobs_that_fit("bids", both, memory=5 * jobs.LIBRARIES) == 3
    monkeypatch.setattr(jobs, "LIBRARIES", 0)
    as_edf = Settings(format="EDF")
    assert jobs_that_fit("bids", both, as_edf, memory=size * 6 * 4) == 3
    assert jobs_that_fit("bids", both, as_edf, memory=size) == 1
    assert jobs_that_fit("bids", both, Settings(), memory=size) == 3
    assert jobs_that_fit("bids", both, memory=0) == 6
    assert jobs_that_fit("video", both, memory=size * 100) == 6
    assert jobs_that_fit("csv", [session / "recording.xdf"], memory=size * 8) == 2


def test_a_study_that_was_moved_is_made_from_the_same(session: Path, tmp_path: Path) -> None:
    with CodingStore(annotations_folder(session), Who("anna"), session=session.name) as store:
        onset, offset = (Moment(time=START + n, frame=n) for n in (1, 2))
        store.put("events", Event(id="a", camera="face", onset=onset, offset=offset))
    settings = clips.Settings(coder="anna")
    before = fingerprint("clips", settings, session, "digest")
    moved = session.rename(tmp_path / "elsewhere")
    assert fingerprint("clips", settings, moved, "digest") == before
    with CodingStore(annotations_folder(moved), Who("anna"), session=session.name) as store:
        store.put("events", Event(id="b", camera="face", onset=onset, offset=offset))
    assert fingerprint("clips", settings, moved, "digest") != before


def test_two_programs_merge_tables_of_one_target_in_turn(
    session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    merged: list[str] = []

    def merging(new: Path, there: Path) -> None:
        lock = tmp_path / "bids" / ".unisono" / "publish.lock"
        held = pytest.raises((BlockingIOError, PermissionError))
        with lock.open("ab") as another, held:
            lock_file(another.fileno())
        merged.append(there.name)
        merge(new, there)

    monkeypatch.setattr(tasks, "merge", merging)
    (done,) = exported("bids", [session], tmp_path / "bids", Settings(video="none"))
    assert done.outcome == "exported"
    assert "participants.tsv" in merged
    with (tmp_path / "bids" / ".unisono" / "publish.lock").open("ab") as another:
        lock_file(another.fileno())
