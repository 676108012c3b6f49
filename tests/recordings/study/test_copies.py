"""A copy is whole or is none: compared by hash, resumable, marked where it came from."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from acquire.cli.sessions.recordings import app
from recordings import layout
from recordings.check.examination import check
from recordings.errors import RecordingError
from recordings.export import tables
from recordings.export.tasks import Order, run
from recordings.manifest import MANIFEST_NAME, Manifest
from recordings.manifest_entries import ClockPair, FileEntry
from recordings.privacy.erase import erase, plan
from recordings.repair.session import repair
from recordings.study import catalogue
from recordings.study.copies import COPIES_NAME, PART, copies, copy_session, place
from tests.recordings.simulated_session import Plan, make_session

MB = 1 << 20


@pytest.fixture
def session(tmp_path: Path) -> Path:
    """A session with 4 MB of noise in it, whose hash is not in the manifest."""
    folder = make_session(tmp_path / "data", Plan(seconds=3))
    (folder / "large.bin").write_bytes(bytes(range(256)) * (4 * MB // 256))
    manifest = Manifest.load(folder)
    large = FileEntry(path="large.bin", bytes=4 * MB)
    manifest.model_copy(update={"files": (*manifest.files, large)}).save(folder)
    return folder


class Unplugged(Exception):
    pass


def contents(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir() if p.name != COPIES_NAME}


def test_a_copy_is_the_session_and_the_list_knows_of_it(session: Path, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    done = copy_session(session, tmp_path / "share", lambda *counts: told.append(counts))
    assert done.folder == place(session, tmp_path / "share")
    assert done.folder.relative_to(tmp_path / "share") == session.relative_to(tmp_path / "data")
    assert contents(done.folder) == contents(session)
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1]
    assert copies(session) == (done.folder,)
    assert catalogue.row(session).copies == (done.folder,)
    assert check(done.folder).verdict == check(session).verdict


def test_a_copy_says_what_it_leaves_out(session: Path, tmp_path: Path) -> None:
    """Notes that were a link were in no copy, and it was called whole."""
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "notes.txt").write_text("long ones")
    (session / "annotations").symlink_to(tmp_path / "elsewhere")
    (session / "sub").mkdir()
    (session / "sub" / "gone.txt").symlink_to("nowhere")
    os.mkfifo(session / "pipe")
    told = CliRunner().invoke(app, ["copy", str(session), "--to", str(tmp_path / "share")])
    assert told.exit_code == 0
    said = "left out, as links or no files: annotations, pipe, sub/gone.txt"
    assert said in told.output
    assert not (place(session, tmp_path / "share") / "annotations").exists()


def test_a_copy_goes_on_at_the_byte_at_which_it_was(session: Path, tmp_path: Path) -> None:
    target = tmp_path / "share"
    part = place(session, target) / f"large.bin{PART}"

    def pull_the_plug(done: int, total: int) -> None:
        if part.exists() and part.stat().st_size >= 2 * MB:
            raise Unplugged

    with pytest.raises(Unplugged):
        copy_session(session, target, pull_the_plug)
    assert copies(session) == ()
    assert not (part.parent / MANIFEST_NAME).exists(), "what is not whole is no session"
    left = part.stat()
    assert 2 * MB <= left.st_size < 4 * MB

    copy_session(session, target)
    assert contents(part.parent) == contents(session)
    whole = (part.parent / "large.bin").stat()
    assert whole.st_ino == left.st_ino, "what was copied was kept"


def test_what_lies_there_is_compared_not_believed(session: Path, tmp_path: Path) -> None:
    there = place(session, tmp_path / "share")
    there.mkdir(parents=True)
    wrong = bytearray((session / "large.bin").read_bytes())
    wrong[3 * MB] ^= 1
    (there / "large.bin").write_bytes(wrong)
    (there / f"{layout.XDF_NAME}{PART}").write_bytes(b"another beginning")
    copy_session(session, tmp_path / "share")
    assert contents(there) == contents(session)


def test_a_damaged_session_is_not_copied_as_if_it_were_whole(session: Path, tmp_path: Path) -> None:
    path = session / layout.TRUTH_NAME
    manifest = Manifest.load(session)
    hashed = FileEntry(path=path.name, bytes=path.stat().st_size, sha256="0" * 64)
    others = [entry for entry in manifest.files if entry.path != path.name]
    manifest.model_copy(update={"files": (*others, hashed)}).save(session)
    with pytest.raises(RecordingError, match="not that of the manifest"):
        copy_session(session, tmp_path / "share")
    assert copies(session) == ()


def test_a_copy_of_another_recording_of_the_same_name_is_never_replaced(
    session: Path, tmp_path: Path
) -> None:
    """As of two computers, or of a data folder that was begun anew."""
    other = make_session(tmp_path / "second", Plan(seconds=3, seed=9))
    pair = ClockPair(utc="2026-11-21T09:00:00.000000Z", lsl=5000.0)
    Manifest.load(other).model_copy(update={"clock": (pair,)}).save(other)
    share = tmp_path / "share"
    there = copy_session(session, share).folder
    assert place(other, share) == there
    before = contents(there)
    with pytest.raises(RecordingError, match="is another recording of this name, and stays"):
        copy_session(other, share)
    assert contents(there) == before
    assert copies(other) == ()
    Manifest.load(session).model_copy(update={"notes": "tired"}).save(session)
    copy_session(session, share)  # the same, noted on since
    assert Manifest.load(there).notes == "tired"


def test_a_copy_is_called_after_no_folder_that_is_none_of_a_study(tmp_path: Path) -> None:
    study = Path("/home/anna/data/study/sub-01/ses-02/sub-01_ses-02_task-test_run-01")
    assert place(study, tmp_path) == tmp_path / "study" / "sub-01" / "ses-02" / study.name
    for path in (Path("/home/anna/desk/mine"), Path("/mine")):
        assert place(path, tmp_path) == tmp_path / "mine"


def test_a_copy_is_whole_though_the_session_cannot_say_so(session: Path, tmp_path: Path) -> None:
    """As of an archive, or of a disk that is full: what one copies away from."""
    (session / COPIES_NAME).mkdir()
    told = CliRunner().invoke(app, ["copy", str(session), "--to", str(tmp_path / "share")])
    assert told.exit_code == 0, told.output
    assert "copies.json: cannot be written (Is a directory): it does not say that" in told.output
    (session / COPIES_NAME).rmdir()
    there = contents(place(session, tmp_path / "share"))
    assert there.items() <= contents(session).items()
    assert set(there) > {MANIFEST_NAME, layout.XDF_NAME, "large.bin"}


def test_the_session_is_no_copy_of_itself(session: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="another disk"):
        copy_session(session, tmp_path / "data")


def test_who_withdraws_is_taken_out_of_copies_too(session: Path, tmp_path: Path) -> None:
    near, far = tmp_path / "near", tmp_path / "far"
    one = copy_session(session, near).folder
    repaired = repair(one).target.parent  # by whoever has the copy, who exports it as well
    run(Order("csv", (one,), tmp_path / "tables", tables.Settings()))
    two = copy_session(one, tmp_path / "farther").folder
    copy_session(session, far)
    far.rename(tmp_path / "in the safe")
    foreign = tmp_path / session.name
    foreign.mkdir()
    (foreign / "mine.txt").touch()
    known = json.loads((session / COPIES_NAME).read_text())["copies"]
    (session / COPIES_NAME).write_text(json.dumps({"copies": [*known, str(foreign)]}))

    study = session.parents[2]
    planned = plan(study, "01")
    assert set(planned.sessions) == {session, one, repaired, two}
    assert [str(far) in what for what in planned.unreachable] == [True]
    done = erase(study, planned)
    for target in (near, tmp_path / "tables", tmp_path / "farther"):
        assert not [path for path in target.rglob("*") if "sub-01" in path.name]
    assert len(done.left) == 1
    assert (foreign / "mine.txt").exists(), "a list in a folder is not trusted"


def test_a_copy_that_cannot_be_read_is_said_to_be_left(session: Path, tmp_path: Path) -> None:
    there = copy_session(session, tmp_path / "share").folder
    (there / MANIFEST_NAME).write_text("{")
    assert plan(session.parents[2], "01").unreachable == (f"copy in {there}",)


def test_the_command_says_how_far_it_is_and_what_failed(session: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["copy", str(session), "--to", str(tmp_path / "share")])
    assert result.exit_code == 0
    assert "100 %" in result.stderr
    assert "compared" in result.stdout
    (tmp_path / "file").touch()
    result = CliRunner().invoke(app, ["copy", str(session), "--to", str(tmp_path / "file")])
    assert result.exit_code == 2
    assert "cannot be copied" in result.stderr
