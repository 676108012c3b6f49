"""The sessions of a data folder: one row each, whatever state they are in."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from recordings.certificate import Verdict
from recordings.manifest import Manifest, State
from recordings.manifest_entries import LostFile, PendingFile
from recordings.report.html import check_and_report
from recordings.study import catalogue
from recordings.study.catalogue import Catalogue
from recordings.version import program_version
from tests.acquire.program import posix_only
from tests.recordings.simulated_session import Plan, make_session


def rows_of(data_dir: Path) -> list[catalogue.SessionRow]:
    return [catalogue.row(folder) for folder in reversed(catalogue.folders(data_dir))]


def test_each_session_is_a_row_the_newest_first_damaged_ones_too(tmp_path: Path) -> None:
    good, unchecked, damaged = (make_session(tmp_path, Plan(seconds=4.0)) for _ in range(3))
    report = check_and_report(good)
    (damaged / "session.json").write_text('{"format": "unisono-session", "version": 1')
    manifest = Manifest.load(unchecked)
    manifest.model_copy(update={"state": State.FAILED, "notes": "fell asleep"}).save(unchecked)
    for age, folder in enumerate((unchecked, damaged, good)):
        os.utime(folder / "session.json", (time.time() - age, time.time() - age))
    rows = rows_of(tmp_path)
    assert [row.folder for row in rows] == [unchecked, damaged, good]
    first, broken, last = rows
    assert (first.state, first.verdict, first.notes) == (State.FAILED, None, "fell asleep")
    assert broken.state is None
    assert "session.json" in broken.problem
    assert (last.participant, last.task, last.run) == ("01", "test", 1)
    assert last.verdict is report.verdict is not Verdict.FAIL
    assert last.has_report
    assert last.seconds == 4.0
    assert last.bytes == sum(
        f.stat().st_size for f in good.iterdir() if f.suffix in (".xdf", ".nut", ".tsv")
    )


def test_an_empty_folder_has_none(tmp_path: Path) -> None:
    assert rows_of(tmp_path) == []


@posix_only  # for the link
def test_only_what_is_called_and_made_as_a_session_is_one(tmp_path: Path) -> None:
    def make(*parts: str) -> Path:
        folder = tmp_path.joinpath(*parts)
        folder.mkdir(parents=True)
        (folder / "session.json").write_text("{")
        return folder

    name = "sub-1_ses-1_task-a_run-01"
    real = make("study", "sub-1", "ses-1", name)
    hidden = make(".study", "sub-1", "ses-1", name)
    repaired = make("study", "sub-1", "ses-1", f"{name}-repaired")
    make("study", "sub-1", "ses-1", "sub-1_ses-1_task-a")
    make("study", "derivatives", "ses-1", name)
    (tmp_path / "study" / "sub-1" / "ses-2" / name).mkdir(parents=True)
    (tmp_path / "study" / "sub-2").write_text("a file")
    linked = tmp_path / "linked"
    linked.symlink_to(tmp_path / "study")
    links = [linked / folder.relative_to(tmp_path / "study") for folder in (real, repaired)]
    for age, folder in enumerate((real, hidden, repaired)):
        os.utime(folder / "session.json", (1e9 + age, 1e9 + age))
    assert catalogue.folders(tmp_path) == [links[0], real, links[1], repaired]
    assert hidden.is_dir()  # no study is called so, and none of its sessions has an id
    assert catalogue.folders(tmp_path / "nowhere") == []


def test_pages_are_what_the_whole_is_and_only_what_changed_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = [make_session(tmp_path, Plan(seconds=1.0)) for _ in range(4)]
    for age, folder in enumerate(folders):
        os.utime(folder / "session.json", (1e9 - age, 1e9 - age))
    found = Catalogue(tmp_path)
    whole = rows_of(tmp_path)
    assert [row.folder for row in whole] == folders
    assert found.page(0, 3) + found.page(3, 3) == whole
    assert found.page(4, 3) == []

    read: list[Path] = []

    def note(folder: Path) -> catalogue.SessionRow:
        read.append(folder)
        return whole[0]

    monkeypatch.setattr(catalogue, "row", note)
    found.page(0, 10)
    assert read == []
    manifest = Manifest.load(folders[2])
    manifest.model_copy(update={"unusable": "cable"}).save(folders[2])
    (folders[1] / "report.html").write_text("<p>")
    found.page(0, 10)
    assert sorted(read) == sorted([folders[1], folders[2]])


def test_a_row_that_another_thread_reads_meanwhile_breaks_no_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, other = (make_session(tmp_path, Plan(seconds=1.0)) for _ in range(2))
    found = Catalogue(tmp_path)
    found.of(first)

    class Reads(type(first)):  # type: ignore[misc] # asks for another row while it is compared
        def __hash__(self) -> int:
            found.of(other)
            return hash(first)

    found._known = {Reads(first): found._known.copy().popitem()[1]}
    assert {row.folder for row in found.page(0, 9)} == {first, other}


def test_a_verdict_on_what_is_no_longer_so_is_outdated(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=1.0))
    pending = (PendingFile(path="a.nut", node="cam-pc"),)
    Manifest.load(folder).model_copy(update={"pending": pending}).save(folder)
    assert check_and_report(folder).verdict is Verdict.PENDING
    assert not catalogue.row(folder).outdated
    Manifest.load(folder).model_copy(update={"notes": "calm", "unusable": "cable"}).save(folder)
    assert not catalogue.row(folder).outdated, "what is said of it changes no verdict"
    lost = (LostFile(path="a.nut", node="cam-pc", reason="its disk is broken"),)
    Manifest.load(folder).model_copy(update={"pending": (), "lost": lost}).save(folder)
    row = catalogue.row(folder)
    assert (row.verdict, row.outdated) == (Verdict.PENDING, True)
    report = folder / "report.json"
    report.write_text(
        report.read_text().replace(f'"program": "{program_version()}"', '"program": ""')
    )
    assert catalogue.row(folder).outdated, "whichever version has checked"
    assert check_and_report(folder).verdict is Verdict.FAIL
    assert not catalogue.row(folder).outdated


def test_nodes_that_keep_files_are_named_once(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=1.0))
    assert catalogue.row(folder).on_nodes == ()
    pending = tuple(PendingFile(path=name, node="cam-pc") for name in ("a.nut", "a.copy.xdf"))
    Manifest.load(folder).model_copy(update={"pending": pending}).save(folder)
    assert catalogue.row(folder).on_nodes == ("cam-pc",)
    lost = (LostFile(path="a.nut", node="cam-pc", reason="its disk is broken"),)
    Manifest.load(folder).model_copy(update={"lost": lost, "pending": ()}).save(folder)
    found = catalogue.row(folder)
    assert (found.on_nodes, found.lost) == ((), lost), "given up: nobody waits for it"


def change(session: Path, **fields: Any) -> None:
    Manifest.load(session).model_copy(update=fields).save(session)
