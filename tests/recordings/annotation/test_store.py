"""A coder's file on the disk: nothing is lost, nothing overwritten, one writes, nobody peeks."""

from __future__ import annotations

import errno
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from recordings.annotation import lock
from recordings.annotation.coder_file import Paths, Who, annotations_folder, load, who
from recordings.annotation.model import Moment, Span
from recordings.annotation.store import CodingStore
from recordings.check.examination import examine
from recordings.errors import RecordingError
from recordings.privacy.erase import erase, plan
from tests.recordings.annotation.coded import event
from tests.recordings.annotation.killing import ROOT, kill_once
from tests.recordings.simulated_session import Plan, make_session

ANNA = Who("anna")


def test_what_was_edited_is_there_again_and_can_be_taken_back(tmp_path: Path) -> None:
    with CodingStore(tmp_path, ANNA, scheme="mmme") as store:
        for n in range(30):
            store.put("events", event(f"e{n % 4}", n, n + 1, n + 2))
        store.put("looked", Span(id="s", camera="face", first=0, last=99, trial=1))
        store.put("not_codable", Span(id="h", camera="face", first=5, last=9, reason="hand"))
        before = store.coding
        assert store.undo()
        assert store.redo()
    with CodingStore(tmp_path, ANNA) as store:
        assert store.coding == before
        assert store.scheme == "mmme"
        for _ in range(32):
            assert store.undo()
        assert not store.undo()
        assert not store.coding.events
        assert store.redo()
        assert list(store.coding.events) == ["e0"]


def test_each_edit_is_in_the_files_before_the_call_returns(tmp_path: Path) -> None:
    with CodingStore(tmp_path, ANNA) as store:
        for n in range(5):
            store.put("events", event("e", n, None, None))
            loaded = load(Paths(tmp_path, ANNA))  # reading takes no lock
            assert loaded is not None
            assert loaded.coding == store.coding


@pytest.mark.parametrize("what", ["edit", "compact", "arbitrate"])
def test_a_killed_coder_loses_at_most_the_last_edit(tmp_path: Path, what: str) -> None:
    chance = random.Random(what)
    for _ in range(5):
        told, there = kill_once(tmp_path, what, chance)
        # One may be on the disk that the process had no time to tell of.
        assert told <= there <= told + 1


def test_a_torn_edit_is_told_and_what_came_before_is_kept(tmp_path: Path) -> None:
    store = CodingStore(tmp_path, ANNA)
    store.put("events", event("a", 1, 2, 3))
    store.close()
    with Paths(tmp_path, ANNA).journal.open("ab") as file:
        file.write(b'0badc0de {"n":2,"at"')
    with CodingStore(tmp_path, ANNA) as again:
        assert "the last edit was cut off in writing" in again.notes[0]
        assert list(again.coding.events) == ["a"]
        again.put("events", event("b", 1, 2, 3))
    with CodingStore(tmp_path, ANNA) as again:
        assert list(again.coding.events) == ["a", "b"]
        assert not again.notes


def damaged_journal(paths: Paths) -> Path:
    paths.journal.write_bytes(b"00000000 {}\n")
    return paths.journal


def damaged_file(paths: Paths) -> Path:
    paths.file.write_bytes(paths.file.read_bytes()[:-9])
    return paths.file


def later_version(paths: Paths) -> Path:
    said = json.loads(paths.file.read_text())
    paths.file.write_text(json.dumps(said | {"version": 2, "new": 1}))
    return paths.file


def taken_away(paths: Paths) -> Path:
    paths.journal.write_bytes(b"x")
    paths.file.unlink()
    return paths.journal


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (damaged_journal, "is damaged .line 1 is not as it was written.; it is kept"),
        (damaged_file, "is damaged"),
        (later_version, "version 2; this program reads version 1"),
        (taken_away, "a journal without anna.json"),
    ],
)
def test_what_cannot_be_read_is_named_and_never_overwritten(
    tmp_path: Path, spoil: object, words: str
) -> None:
    with CodingStore(tmp_path, ANNA) as store:
        store.put("events", event("a", 1, 2, 3))
    assert callable(spoil)
    named = spoil(Paths(tmp_path, ANNA))
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.suffix != ".lock"}
    with pytest.raises(RecordingError, match=words) as caught:
        CodingStore(tmp_path, ANNA)
    assert named.name in str(caught.value)
    after = {p.name: p.read_bytes() for p in tmp_path.iterdir() if p.suffix != ".lock"}
    assert after == before


def test_who_only_looks_leaves_the_dates_as_they_are(tmp_path: Path) -> None:
    with CodingStore(tmp_path, ANNA) as store:
        store.put("events", event("a", 1, 2, 3))
    paths = Paths(tmp_path, ANNA)
    for path in (paths.file, paths.journal):
        os.utime(path, (1e9, 1e9))
    with CodingStore(tmp_path, ANNA) as store:
        assert store.coding.events
    assert [path.stat().st_mtime for path in (paths.file, paths.journal)] == [1e9, 1e9]
    with CodingStore(tmp_path, ANNA) as store:
        store.undo()
    assert paths.file.stat().st_mtime > 1e9


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such rights")
def test_a_folder_of_several_people_lets_the_next_one_go_on(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        with CodingStore(tmp_path, Who("consensus")) as store:
            store.put("events", event("a", 1, 2, 3))
    finally:
        os.umask(before)
    files = list(tmp_path.iterdir())
    assert {path.suffix for path in files} == {".json", ".journal", ".lock"}
    assert all(path.stat().st_mode & 0o020 for path in files)  # the group may write


def test_a_second_window_is_read_only(tmp_path: Path) -> None:
    with CodingStore(tmp_path, ANNA) as first:
        first.put("events", event("a", 1, 2, 3))
        second = CodingStore(tmp_path, ANNA)
        assert not second.writable
        assert f"process {os.getpid()}" in second.held_by
        assert re.search(r", since \d{4}-\d\d-\d\d \d\d:\d\d$", second.held_by)
        assert list(second.coding.events) == ["a"]
        with pytest.raises(RecordingError, match="it cannot be edited here"):
            second.put("events", event("b", 1, 2, 3))
        second.close()
        first.put("events", event("c", 1, 2, 3))
    with CodingStore(tmp_path, ANNA) as third:
        assert third.writable
        assert not third.notes


def test_the_lock_of_a_killed_process_is_taken_over_and_that_is_said(tmp_path: Path) -> None:
    kill_once(tmp_path, "edit", random.Random(1))
    lock = Paths(tmp_path, ANNA).lock
    owner = subprocess.run(  # a process that has surely ended
        [sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True
    )
    pid = owner.stdout.decode().strip()
    lock.write_text(json.dumps({"name": socket.gethostname(), "pid": pid, "pid_started": "1"}))
    with CodingStore(tmp_path, ANNA) as store:
        assert store.writable
        assert store.notes[0].startswith(f"taken over from process {pid}")


def test_the_lock_of_another_computer_is_not_taken_over(tmp_path: Path) -> None:
    tmp_path.joinpath("anna.lock").write_text(json.dumps({"name": "elsewhere", "pid": "7"}))
    store = CodingStore(tmp_path, ANNA)
    assert "process 7 on elsewhere; if nobody codes there, delete" in store.held_by
    store.close()


def test_where_nothing_can_be_locked_the_file_says_who_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(file: int) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(lock, "lock_file", refuse)
    first = CodingStore(tmp_path, ANNA)
    assert first.writable
    second = CodingStore(tmp_path, ANNA)
    assert f"process {os.getpid()} on {socket.gethostname()}" in second.held_by
    second.close()
    first.close()
    ended = {"name": socket.gethostname(), "pid": "4194303", "pid_started": "1"}
    (tmp_path / "anna.lock").write_text(json.dumps(ended))
    with CodingStore(tmp_path, ANNA) as store:
        assert "taken over from process 4194303" in store.notes[0]


def test_a_folder_that_cannot_be_written_names_the_option(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordingError, match="--annotations DIR"):
        CodingStore(tmp_path / "file" / "annotations", ANNA)
    session = tmp_path / "sub-01_ses-01_task-test_run-01"
    assert annotations_folder(session) == session / "annotations"
    assert annotations_folder(session, tmp_path / "x") == tmp_path / "x" / session.name


def test_a_disk_that_refuses_leaves_the_edit_unmade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = CodingStore(tmp_path, ANNA)
    store.put("events", event("a", 1, 2, 3))
    real, calls = os.write, iter([True, False])

    def write(file: int, data: bytes) -> int:
        if next(calls, False):  # half a line fits
            return real(file, data[:10])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", write)
        with pytest.raises(RecordingError, match="could not be written"):
            store.put("events", event("b", 1, 2, 3))
    assert list(store.coding.events) == ["a"]
    store.put("events", event("c", 1, 2, 3))
    loaded = load(Paths(tmp_path, ANNA))
    assert loaded is not None
    assert list(loaded.coding.events) == ["a", "c"]
    assert not loaded.torn
    store.close()


def test_a_journal_that_was_taken_away_is_told_at_the_next_edit(tmp_path: Path) -> None:
    folder = tmp_path / "annotations"
    store = CodingStore(folder, ANNA)
    store.put("events", event("a", 1, 2, 3))
    folder.rename(tmp_path / "elsewhere")  # as where a disk is unplugged
    with pytest.raises(RecordingError, match="taken away while it was open"):
        store.put("events", event("b", 1, 2, 3))
    assert list(store.coding.events) == ["a"]
    (tmp_path / "elsewhere").rename(folder)
    store.put("events", event("c", 1, 2, 3))
    shutil.rmtree(folder)
    with pytest.raises(RecordingError, match="close this window"):
        store.put("events", event("d", 1, 2, 3))
    store.close()
    loaded = load(Paths(folder, ANNA))
    assert loaded is not None
    assert list(loaded.coding.events) == ["a", "c"]


def test_a_session_that_was_erased_is_not_begun_again(tmp_path: Path) -> None:
    folder = tmp_path / "session" / "annotations"
    store = CodingStore(folder, ANNA)
    store.put("events", event("a", 1, 2, 3))
    shutil.rmtree(tmp_path / "session")
    with pytest.raises(RecordingError, match="cannot be written"):
        store.close()
    assert not (tmp_path / "session").exists()


def test_a_file_that_another_program_has_changed_meanwhile_is_kept(tmp_path: Path) -> None:
    store = CodingStore(tmp_path, ANNA)
    store.put("events", event("a", 1, 2, 3))
    store.compact()
    theirs = later_version(Paths(tmp_path, ANNA)).read_bytes()
    store.put("events", event("b", 1, 2, 3))
    store.close()
    loaded = load(Paths(tmp_path, ANNA))
    assert loaded is not None
    assert list(loaded.coding.events) == ["a", "b"]
    (kept,) = tmp_path.glob("anna (*).json")
    assert kept.read_bytes() == theirs
    assert kept.name in store.notes[-1]


NEVER = Moment.model_construct(time=float("nan"), frame=1, device_frame=None)


@pytest.mark.parametrize(
    "wrong",
    [{"offset_coded": False}, {"note": "\ud800"}, {"confidence": 9}, {"onset": NEVER}],
    ids=["offset", "text", "confidence", "time"],
)
def test_what_could_not_be_read_again_is_not_written(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    with CodingStore(tmp_path, ANNA) as store:
        good = event("a", 1, 2, 3)
        store.put("events", good)
        with pytest.raises(RecordingError, match="none that can be kept"):
            store.put("events", good.model_copy(update=wrong))
        assert store.coding.events == {"a": good}
    with CodingStore(tmp_path, ANNA) as store:
        assert store.coding.events == {"a": good}


@pytest.mark.parametrize("name", ["", "../x", "a b", "anna+1", "anna+x", "a" * 65, "Émile", "con"])
def test_a_name_that_could_be_a_path_is_refused(name: str) -> None:
    with pytest.raises(RecordingError, match="coder"):
        who(name)


def test_names_that_differ_in_case_alone_are_refused(tmp_path: Path) -> None:
    CodingStore(tmp_path, ANNA).close()
    with pytest.raises(RecordingError, match=r"has anna\.json"):
        CodingStore(tmp_path, Who("Anna"))


PEEK = """
import sys
from pathlib import Path
opened = []
sys.addaudithook(lambda name, args: opened.append(str(args[0])) if name == "open" else None)
from recordings.annotation.coder_file import Who
from recordings.annotation.store import CodingStore
from tests.recordings.annotation.coded import event
with CodingStore(Path(sys.argv[1]), Who("ben")) as store:
    store.put("events", event("b", 1, 2, 3)); store.undo(); store.redo(); store.compact()
    reached = [name for name in dir(store) if "anna" in repr(getattr(store, name))]
print([p for p in opened if Path(p).name.startswith(("anna", "consensus"))], reached)
"""


def test_a_coder_s_store_never_opens_the_file_of_another(tmp_path: Path) -> None:
    for other in ("anna", "consensus"):
        with CodingStore(tmp_path, Who(other)) as store:
            store.put("events", event("a", 1, 2, 3))
    done = subprocess.run(
        [sys.executable, "-c", PEEK, str(tmp_path)],
        capture_output=True, text=True, cwd=ROOT, check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.strip() == "[] []"


@pytest.fixture
def session(tmp_path: Path) -> Path:
    folder = make_session(tmp_path, Plan(seconds=6.0))
    with CodingStore(annotations_folder(folder), ANNA) as store:
        store.put("events", event("a", 1, 2, 3))
    return folder


def test_check_and_hashes_do_not_mind_annotations(session: Path) -> None:
    said = {f.code for f in examine(session).report.findings}
    with CodingStore(annotations_folder(session), ANNA) as store:
        store.put("events", event("b", 1, 2, 3))
    examination = examine(session)
    assert {f.code for f in examination.report.findings} == said
    examination.close()


def test_erase_takes_annotations(session: Path) -> None:
    study = session.parents[2]
    erase(study, plan(study, "01"))
    assert not session.exists()
    assert not list(study.rglob("anna*"))
