"""What lies in a folder is read only if it is a file: a pipe would hold the reader for ever."""

from __future__ import annotations

import os
import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from recordings import layout, open_session
from recordings.annotation.agreement.coded_study import read_sessions
from recordings.disk.regular import (
    MOST,
    NotAFile,
    open_descriptor,
    open_file,
    read_bytes,
    read_text,
)
from recordings.errors import RecordingError
from recordings.export import tables
from recordings.export.places import EXPORTS_NAME
from recordings.manifest import MANIFEST_NAME
from recordings.privacy.erase import erase, plan
from recordings.privacy.identity import find_traces
from recordings.read.usable import being_recorded, usable
from recordings.repair.session import finish_session, repair
from recordings.report.html import check_and_report
from recordings.study.catalogue import row
from recordings.study.copies import COPIES_NAME, copy_session
from recordings.study.facts import stamp
from recordings.study.reading import read_facts
from tests.acquire.program import posix_only
from tests.recordings.exporting import exported
from tests.recordings.simulated_session import Plan, make_session

pytestmark = [posix_only, pytest.mark.timeout(120)]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def a_socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # what a socket may be called is short
    try:
        with closing(socket.socket(socket.AF_UNIX)) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


def device(path: Path) -> None:
    path.symlink_to("/dev/zero")  # it has no end


KINDS: dict[str, Callable[[Path], None]] = {
    "a named pipe": pipe,
    "a socket": a_socket,
    "a folder": Path.mkdir,
    "a device": device,
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_not_opened_and_said_to_be_what_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "session.json"
    KINDS[kind](path)
    for read in (open_file, read_bytes, read_text):
        with pytest.raises(NotAFile, match=f"it is {kind}, not a file"):
            read(path)


def test_what_becomes_another_thing_meanwhile_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "session.json"
    path.write_text("{}")
    was = path.stat()
    path.unlink()
    pipe(path)
    monkeypatch.setattr(os, "stat", lambda *_, **__: was)
    with pytest.raises(NotAFile, match="pipe"):
        open_file(path)


def test_a_file_is_read_as_it_is_and_one_without_an_end_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb")
    assert read_bytes(path) == b"\xef\xbb\xbfa\r\nb"
    assert read_text(path, "utf-8-sig") == "a\nb"
    with path.open("wb") as file:
        file.truncate(MOST + 1)
    with pytest.raises(OSError, match="more than"):
        read_bytes(path)
    os.close(open_descriptor(str(tmp_path / "new"), os.O_RDWR | os.O_CREAT))
    assert stat.S_ISREG((tmp_path / "new").stat().st_mode)


def ways(folder: Path, target: Path) -> Iterator[Callable[[], object]]:
    """All that reads sessions that it finds somewhere."""
    data_dir = folder.parents[3]
    yield lambda: read_facts(data_dir, folder)
    yield lambda: stamp(str(folder))
    yield lambda: row(folder)
    yield lambda: usable([folder])
    yield lambda: being_recorded(folder)
    yield lambda: check_and_report(folder)
    yield lambda: find_traces(folder)
    yield lambda: open_session(folder).close()
    yield lambda: exported("csv", [folder], target / "csv", tables.Settings())
    yield lambda: copy_session(folder, target / "copy")
    yield lambda: repair(folder, target / "repaired")
    yield lambda: read_sessions([folder])
    yield lambda: finish_session(folder)
    yield lambda: erase(folder.parents[2], plan(folder.parents[2], "01"))


@pytest.mark.parametrize(
    "name",
    [
        MANIFEST_NAME,
        layout.XDF_NAME,
        "face.nut",
        layout.REPORT_JSON_NAME,
        layout.THRESHOLDS_NAME,
        EXPORTS_NAME,
        COPIES_NAME,
        layout.CONTENTS_NAME,
        layout.TRUTH_NAME,
        f"{layout.ANNOTATIONS_NAME}/anna.json",
        f"{layout.ANNOTATIONS_NAME}/anna.jsonl",
    ],
)
def test_a_pipe_in_a_session_holds_nobody(tmp_path: Path, name: str) -> None:
    folder = make_session(tmp_path / "data", Plan(seconds=1.0))
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).unlink(missing_ok=True)
    pipe(folder / name)
    for way in ways(folder, tmp_path / "out"):
        try:
            way()
        except RecordingError as error:
            assert "pipe" in str(error) or "no file" in str(error)  # noqa: PT017 - some go on
    assert not folder.exists()  # a withdrawal takes it all the same


@pytest.mark.parametrize("kind", KINDS)
def test_a_manifest_that_is_no_file_is_a_row_with_the_reason(tmp_path: Path, kind: str) -> None:
    folder = make_session(tmp_path, Plan(seconds=1.0))
    (folder / MANIFEST_NAME).unlink()
    KINDS[kind](folder / MANIFEST_NAME)
    for problem in (row(folder).problem, read_facts(tmp_path, folder).problem):
        assert f"session.json: cannot be read (it is {kind}, not a file)" in problem


def test_a_coders_file_that_is_none_is_named(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=1.0))
    (folder / layout.ANNOTATIONS_NAME).mkdir()
    pipe(folder / layout.ANNOTATIONS_NAME / "anna.json")
    (coder,) = read_facts(tmp_path, folder).coders
    assert "pipe" in coder.problem
    assert "pipe" in read_sessions([folder])[1][0]


def test_a_copy_without_one_of_its_files_is_none(tmp_path: Path) -> None:
    folder = make_session(tmp_path / "data", Plan(seconds=1.0))
    (folder / "face.nut").rename(tmp_path / "annex")
    (folder / "face.nut").symlink_to(tmp_path / "annex")
    with pytest.raises(RecordingError, match=r"face\.nut: not there, or no file"):
        copy_session(folder, tmp_path / "disk")
    assert row(folder).copies == ()
