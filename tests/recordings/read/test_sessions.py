"""Which sessions a path names: those that are linked, and those that nobody may read, too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recordings import layout
from recordings.engines.local import Here
from recordings.errors import RecordingError
from recordings.read.sessions import find_sessions, holds_sessions, session_folders
from recordings.report.many import check_many
from recordings.study.catalogue import Catalogue
from recordings.study.ledger import Ledger
from recordings.study.reading import read_facts
from recordings.study.scan import scan
from tests.recordings.bare_files import bare, eeg


def made(study: Path, participant: str) -> Path:
    name = f"sub-{participant}"
    folder = study / name / "ses-01" / f"{name}_ses-01_task-a_run-01"
    folder.mkdir(parents=True)
    (folder / "session.json").write_text("{}")
    return folder


def test_what_is_linked_into_a_study_is_found_once_and_no_loop_is_walked(tmp_path: Path) -> None:
    study, disk = tmp_path / "study", tmp_path / "disk"
    first, second = made(study, "01"), made(disk, "02")
    (study / "sub-02").symlink_to(disk / "sub-02", target_is_directory=True)
    (study / "sub-03").symlink_to(disk / "nowhere", target_is_directory=True)
    (study / "sub-04").symlink_to(study, target_is_directory=True)  # a loop
    (first / "sub-05").symlink_to(first, target_is_directory=True)
    (study / "backup").symlink_to(tmp_path, target_is_directory=True)  # leads elsewhere
    linked, lost = study / second.relative_to(disk), study / "sub-03"
    assert find_sessions([study]) == (first, linked, lost)
    assert session_folders(study) == [first, linked, lost]


@pytest.fixture
def shut(monkeypatch: pytest.MonkeyPatch) -> set[Path]:
    """Folders that nobody may read; permissions would not keep an administrator out."""
    folders: set[Path] = set()
    scandir = os.scandir

    def refuse(folder: str) -> object:
        if Path(folder) in folders:
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    return folders


def test_a_participant_whose_folder_may_not_be_read_does_not_vanish(
    tmp_path: Path, shut: set[Path]
) -> None:
    first, second, third = (made(tmp_path, name) for name in ("01", "02", "03"))
    (tmp_path / "lost+found").mkdir()
    shut |= {second.parents[1], third.parent, tmp_path / "lost+found"}
    assert find_sessions([tmp_path]) == (first, second.parents[1], third.parent)
    places = session_folders(tmp_path)
    assert places == [first, tmp_path / "sub-02", tmp_path / "sub-03/ses-01"]
    facts = [read_facts(tmp_path, place) for place in places[1:]]
    assert [one.name for one in facts] == ["sub-02", "sub-03_ses-01"]
    assert [one.participant for one in facts] == ["02", "03"]
    assert all(one.problem for one in facts)


def test_a_folder_without_any_is_none(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="no session"):
        find_sessions([tmp_path])


def links_to_nowhere(data_dir: Path) -> dict[str, Path]:
    """Lay links at each level that lead nowhere, or to themselves; those that are told."""
    session = made(data_dir / "study", "01")
    told = {
        "study": data_dir / "away",
        "participant": data_dir / "study" / "sub-02",
        "session": session.parents[1] / "ses-02",
        "run": session.with_name("sub-01_ses-01_task-a_run-02"),
    }
    for path in told.values():
        path.symlink_to(data_dir.parent / "unplugged", target_is_directory=True)
    told["loop"] = data_dir / "study" / "sub-03"
    told["loop"].symlink_to("sub-03")
    others = (data_dir / "notes.txt", session / "loop", data_dir / "study" / "exports")
    for path in others:
        path.symlink_to(path.name)
    return told | {"whole": session}


def test_links_that_lead_nowhere_are_rows_of_every_list(tmp_path: Path) -> None:
    """One link to itself hid all that lay beside it, or ended the list in a traceback."""
    data_dir = tmp_path / "data"
    wanted = links_to_nowhere(data_dir)
    paths = set(wanted.values())
    whole = wanted.pop("whole")
    assert set(session_folders(data_dir)) == set(find_sessions([data_dir])) == paths
    for root in (data_dir / "study", data_dir):
        with Ledger(root) as ledger:
            facts = {root / one.folder: one for one in scan(root, ledger)}
        assert set(facts) == {path for path in paths if path.is_relative_to(root)}
    rows = {row.folder: row for row in Catalogue(data_dir).page(0, 99)}
    assert set(rows) == paths
    for path in wanted.values():
        for problem in (rows[path].problem, facts[path].problem):
            assert "is a link to" in problem
    assert {rows[path].study for path in (whole, *wanted.values())} == {"study", "away"}
    ids = [layout.session_id(path) for path in paths]
    assert len(set(ids)) == len(ids)
    checked = check_many(find_sessions([data_dir]), None, Here(), lambda _: None)
    assert {Path(one.path) for one in checked if one.error} == paths


def test_a_folder_that_may_not_be_read_is_a_row_of_every_list(
    tmp_path: Path, shut: set[Path]
) -> None:
    data_dir = tmp_path / "data"
    first, second = made(data_dir / "study", "01"), made(data_dir / "study", "02")
    other = made(data_dir / "other", "01")
    shut |= {second.parents[1], data_dir / "other", data_dir / "lost+found"}
    (data_dir / "lost+found").mkdir()
    wanted = {first, second.parents[1], data_dir / "other"}
    assert set(session_folders(data_dir)) == set(find_sessions([data_dir])) == wanted
    assert {row.folder for row in Catalogue(data_dir).page(0, 99)} == wanted
    shut.add(data_dir)
    assert session_folders(data_dir) == list(find_sessions([data_dir])) == [data_dir]
    assert other not in wanted


def test_a_disk_that_comes_back_is_seen_by_a_list_that_is_asked_again(tmp_path: Path) -> None:
    data_dir, disk = tmp_path / "data", tmp_path / "disk"
    second = made(disk, "02")
    (data_dir / "study").mkdir(parents=True)
    (data_dir / "study" / "sub-02").symlink_to(disk / "sub-02")
    found = Catalogue(data_dir)
    linked = data_dir / "study" / second.relative_to(disk)
    for _ in range(2):
        for path in (data_dir / "study", disk / "sub-02", disk / "sub-02" / "ses-01"):
            os.utime(path, (1e9, 1e9))
        assert found.folders() == [linked]
        assert found.folders() == [linked]
        disk.rename(tmp_path / "unplugged")
        assert found.folders() == [data_dir / "study" / "sub-02"]
        (tmp_path / "unplugged").rename(disk)


def test_a_folder_of_xdf_files_is_many_whatever_their_names(tmp_path: Path) -> None:
    files = tuple(bare(tmp_path / name, eeg(1.0)) for name in ("a.xdf", "b.XDF"))
    assert find_sessions([tmp_path]) == files
    assert holds_sessions(tmp_path)
    results = check_many(find_sessions([tmp_path]), None, Here(), lambda _: None)
    assert [Path(done.path).name for done in results] == ["a.xdf", "b.XDF"]
    assert not any(done.error for done in results)
