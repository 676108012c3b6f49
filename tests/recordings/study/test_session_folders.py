"""Folders of sessions are found again; those that have not changed are not read again."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from recordings.study.session_folders import SETTLED_NS, SessionFolders

OLD_S = time.time() - 2 * SETTLED_NS / 1e9


def make(data_dir: Path, participant: str, run: int, *, date: float) -> Path:
    folder = data_dir.joinpath(
        "study", f"sub-{participant}", "ses-1", f"sub-{participant}_ses-1_task-a_run-{run:02d}"
    )
    folder.mkdir(parents=True)
    (folder / "session.json").write_text("{")
    os.utime(folder / "session.json", (date, date))
    return folder


def settle(data_dir: Path) -> None:
    for folder in (data_dir, *data_dir.rglob("*")):
        if folder.is_dir():
            os.utime(folder, (OLD_S, OLD_S))


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the folders that were read."""
    names: list[str] = []
    scandir = os.scandir

    def note(folder: str) -> object:
        names.append(Path(folder).name)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", note)
    return names


def test_what_is_made_renamed_and_deleted_is_seen_and_nothing_else_is_read_again(
    tmp_path: Path, read: list[str]
) -> None:
    data_dir = tmp_path / "data"
    first, second = (make(data_dir, name, 1, date=9e8 + n) for n, name in enumerate("ab"))
    settle(data_dir)
    found = SessionFolders(data_dir)
    assert found.found() == [first, second]
    read.clear()
    assert found.found() == [first, second]
    assert read == []

    third = make(data_dir, "b", 2, date=1e9)
    assert found.found() == [first, second, third]
    assert read == ["ses-1"]

    settle(data_dir)
    found.found()
    read.clear()
    (second / "session.json").touch()  # what changes in a session changes its place alone
    assert found.found() == [first, third, second]
    assert read == []

    (first / "session.json").unlink()
    first.rmdir()
    moved = third.with_name("sub-b_ses-1_task-a_run-03")
    third.rename(moved)
    assert found.found() == [moved, second]


def test_a_folder_that_has_just_changed_is_read_again(tmp_path: Path, read: list[str]) -> None:
    """What changes within one step of the file system's clock has the same date."""
    first = make(tmp_path, "a", 1, date=9e8)
    settle(tmp_path)
    place = first.parent
    for date in (time.time(), time.time() + 3600):  # a share's clock may be ahead
        os.utime(place, (date, date))
        found = SessionFolders(tmp_path)
        assert found.found() == [first]
        read.clear()
        later = make(tmp_path, "a", 2, date=1e9)
        os.utime(place, (date, date))
        assert found.found() == [first, later]
        assert read == ["ses-1"]
        (later / "session.json").unlink()
        later.rmdir()


def test_a_folder_that_cannot_be_read_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make(tmp_path, "a", 1, date=9e8)
    settle(tmp_path)
    found = SessionFolders(tmp_path)

    def refuse(folder: str) -> object:
        raise PermissionError(folder)

    with monkeypatch.context() as patch:
        patch.setattr(os, "scandir", refuse)
        assert found.found() == [tmp_path]  # as a row that says why
    assert found.found() == [session]
