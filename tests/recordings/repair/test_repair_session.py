"""Repaired copies of whole sessions."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from acquire.simulation.study import StudyOrder, write_study
from recordings import layout, open_session
from recordings.annotation.agreement.coded_study import coding_of
from recordings.annotation.coder_file import Who, annotations_folder
from recordings.annotation.store import CodingStore
from recordings.check.examination import check
from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.manifest_entries import FileEntry, VideoPart
from recordings.repair.session import repair
from tests.recordings import strip_session
from tests.recordings.annotation.coded import event
from tests.recordings.simulated_session import Plan, make_session


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make_session(tmp_path, Plan(seconds=3.0))


def test_a_copy_has_what_the_session_had(session: Path) -> None:
    for name in (layout.RATINGS_NAME, layout.PROTOCOL_NAME, "thresholds.toml"):
        (session / name).write_text("# mine\n")
    done = repair(session)
    copy = done.target.parent
    assert done.was_whole  # footers that are written anew are not dropped
    assert done.bytes_dropped == 0
    assert copy == session.with_name(f"{session.name}-repaired")
    for name in (layout.RATINGS_NAME, layout.PROTOCOL_NAME, "thresholds.toml"):
        assert (copy / name).read_text() == "# mine\n"
    hashed = {entry.path for entry in Manifest.load(copy).files}
    assert {layout.PROTOCOL_NAME, layout.RATINGS_NAME, layout.TRUTH_NAME} <= hashed
    (copy / "thresholds.toml").unlink()
    assert not {f.code for f in check(copy).findings if f.level == "fail"}


def test_a_session_ends_by_the_recording_computers_clock(tmp_path: Path) -> None:
    """The EEG's computer has a clock of its own, which is half an hour or more off."""
    order = StudyOrder(tmp_path, 1, seconds=8.0, film=None, broken={"01": "crashed"})
    write_study(order)
    (crashed,) = order.folder.glob("sub-01/ses-01/*")
    copy = repair(crashed).target.parent
    with open_session(copy) as session:
        raw = session["eeg"].times(stamps="raw")
        assert abs(raw[0] - session.start) > 60.0
        last = max(stream.last for stream in session)
        assert last - 1.0 < session.stop <= last < session.start + 8.0


def test_a_copy_has_what_was_coded(session: Path) -> None:
    with CodingStore(annotations_folder(session), Who("anna")) as store:
        store.put("events", event("a", 10, 12, 14))
        copy = repair(session).target.parent
        assert coding_of(copy, "anna") == store.coding
    with CodingStore(annotations_folder(copy), Who("anna")) as store:
        assert store.writable  # whoever writes in the original does not write here
    assert (annotations_folder(copy) / "anna.json").exists()


@pytest.mark.parametrize("here", [".", "", "../{name}", "recording.xdf", "../v1.2"])
def test_a_session_is_named_by_any_path_to_it(
    session: Path, monkeypatch: pytest.MonkeyPatch, here: str
) -> None:
    if here.endswith("v1.2"):
        session = session.rename(session.with_name("v1.2"))
    monkeypatch.chdir(session)
    copy = repair(Path(here.format(name=session.name))).target
    wanted = session.with_name(f"{session.name}-repaired")
    if here == "recording.xdf":
        wanted = session / "recording-repaired.xdf"
    assert copy.resolve() == (wanted if wanted.suffix == ".xdf" else wanted / layout.XDF_NAME)
    assert len(read_streams(wanted)) == 5


def read_streams(path: Path) -> list[str]:
    with open_session(path) as session:
        return [stream.name for stream in session]


def test_nothing_is_left_of_what_cannot_be_repaired(session: Path, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="lies in the session that is to be repaired"):
        repair(session, session / "fixed")
    (session / layout.XDF_NAME).write_bytes(b"")
    with pytest.raises(RecordingError, match="not an XDF file"):
        repair(session, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
    assert not (session / "fixed").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no RLIMIT_FSIZE")
def test_nothing_is_left_of_a_copy_that_has_no_room(session: Path, tmp_path: Path) -> None:
    import resource

    room = 2 * (session / layout.XDF_NAME).stat().st_size
    with (session / "face.nut").open("ab") as file:
        file.truncate(2 * room)
    _, most = before = resource.getrlimit(resource.RLIMIT_FSIZE)
    target = tmp_path / "elsewhere" / "copy"
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, most))
    try:
        with pytest.raises(
            RecordingError, match=r"face\.nut: cannot be copied to .*copy \(File too large\)"
        ):
            repair(session, target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(target.parent.iterdir())


def test_what_cannot_be_read_for_the_copy_is_named(session: Path) -> None:
    (session / layout.RATINGS_NAME).symlink_to("/proc/self/mem")  # is a file, and nobody reads it
    with pytest.raises(RecordingError, match=r"ratings\.tsv: cannot be copied"):
        repair(session)


def test_a_repair_hides_no_damage_of_a_session_that_was_closed(session: Path) -> None:
    video = session / Manifest.load(session).videos[0].file
    with video.open("r+b") as file:
        file.seek(-9, 2)
        file.write(b"\0")
    (session / layout.TRUTH_NAME).unlink()
    copy = repair(session).target.parent
    failed = {(f.subject, f.code) for f in check(copy).findings if f.level == "fail"}
    assert {(video.name, "was-changed"), (layout.TRUTH_NAME, "was-missing")} <= failed
    assert (layout.XDF_NAME, "was-changed") not in failed


def test_a_file_of_any_number_is_no_reason_to_look_for_all_before_it(session: Path) -> None:
    """A list of every name up to it would not fit into memory."""
    (entry,) = Manifest.load(session).videos
    (session / f"{entry.name}+{10**15}.nut").write_bytes(b"nothing")
    (copied,) = Manifest.load(repair(session).target.parent).videos
    assert (copied.frames, copied.files) == (entry.frames, entry.files)


def test_a_file_that_never_had_a_frame_is_not_missing(tmp_path: Path) -> None:
    made = strip_session.make_session(tmp_path, strip_session.Film(frames=20), seconds=1.0)
    manifest = Manifest.load(made.folder)
    (made.folder / "face+2.nut").touch()
    part = VideoPart(file="face+2.nut", codec="auto", tiling="none", frames=0)
    video = manifest.videos[0].model_copy(update={"parts": (part,)})
    files = (*manifest.files, FileEntry.of(made.folder / "face+2.nut"))
    manifest.model_copy(update={"videos": (video,), "files": files}).save(made.folder)
    copy = repair(made.folder).target.parent
    codes = [event.code for event in Manifest.load(copy).events]
    assert "repaired" in codes
    assert not {"was-missing", "was-changed"} & set(codes)
