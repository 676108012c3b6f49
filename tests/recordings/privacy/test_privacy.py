"""A participant who withdraws is gone everywhere; what could identify one is listed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recordings.errors import RecordingError
from recordings.export.bids.dataset import Settings as Bids
from recordings.export.bids.shared_tables import read_tsv
from recordings.export.mmme import Settings as Mmme
from recordings.export.places import remember
from recordings.export.tables import Settings as Tables
from recordings.manifest import Manifest
from recordings.manifest_entries import FileEntry, PendingFile
from recordings.privacy import erase
from recordings.privacy.identity import find_traces
from tests.recordings.exporting import exported, study


def _unisono(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    code = "from acquire.cli.main import main; main()"
    return subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
    )


def _names(folder: Path, label: str) -> list[str]:
    """Every file below a folder whose path or content has the label."""
    return [
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file()
        and (label in str(path.relative_to(folder)) or label.encode() in path.read_bytes())
    ]


def test_a_withdrawn_participant_is_gone_from_sessions_and_exports(tmp_path: Path) -> None:
    data, bids, tables, lost = (tmp_path / name for name in ("data", "bids", "tables", "lost"))
    sessions = study(data)
    exported("bids", sessions, bids, Bids())
    exported("csv", sessions, tables, Tables(streams=("protocol",)))
    exported("csv", sessions[:1], lost, Tables(streams=("protocol",)))
    shutil.rmtree(lost)
    (sessions[0] / "remarks.txt").write_text("of the lab")

    listed = _unisono("erase", data, "01", "--dry-run")
    assert listed.returncode == 0
    assert sessions[0].exists()
    assert f"not reached: csv export in {lost}" in listed.stdout

    done = _unisono("erase", data, "01", "--yes")
    assert done.returncode == 1, done
    assert "cannot be reached" in done.stderr
    assert not sessions[0].exists()
    assert sessions[1].exists()
    assert _names(bids, "sub-01") == []
    assert _names(tables, "sub-01") == []
    assert [r["participant_id"] for r in read_tsv(bids / "participants.tsv")[1]] == ["sub-02"]
    assert any("sub-02" in name for name in _names(bids, "sub-02"))
    assert list((bids / "phenotype").glob("*")) == []  # the other one has answered nothing
    (line,) = (data / erase.LOG_NAME).read_text().splitlines()
    entry = json.loads(line)
    assert entry["participant"] == "01"
    assert entry["sessions"] == [sessions[0].name]
    assert entry["files"] > 10
    assert len(entry["exports"]) == 2
    assert len(entry["left"]) == 1

    again = _unisono("erase", data, "01", "--yes")
    assert again.returncode == 2
    assert "no session of participant '01'" in again.stderr


@pytest.mark.parametrize("stays", [True, False])
def test_exports_in_a_study_that_was_copied_or_moved_go_with_it(
    tmp_path: Path, stays: bool
) -> None:
    sessions = study(tmp_path / "old")
    exported("csv", sessions, tmp_path / "old" / "tables" / "csv", Tables(streams=("protocol",)))
    for session in sessions:
        traces = tmp_path / "old" / "traces"
        (traces / session.name).mkdir(parents=True)
        (traces / session.name / "face.parquet").write_text("traces")
        remember(session, "motion", traces)
    place = Path(shutil.copytree(tmp_path / "old", tmp_path / "new"))
    other = Path(shutil.copytree(place / "tables", place / "study" / "tables"))
    for record in (other / "csv" / ".unisono").glob("*.json"):
        record.write_text(json.dumps(json.loads(record.read_text()) | {"recorded": "another"}))
    if not stays:
        shutil.rmtree(tmp_path / "old")
    planned = erase.plan(place, "01")
    assert len(planned.unreachable) == (0 if stays else 2)
    done = erase.erase(place, planned)
    assert len(done.exports) == 1 + stays
    for folder in (place / "tables", place / "traces"):
        assert _names(folder, "sub-01") == []
        assert _names(folder, "sub-02")
    assert _names(other, "sub-01"), "another recording's"


def test_a_session_whose_folder_was_renamed_is_gone_from_exports_of_before(tmp_path: Path) -> None:
    sessions = study(tmp_path / "data")
    tables = tmp_path / "tables"
    exported("csv", sessions, tables, Tables(streams=("protocol",)))
    sessions[0].rename(sessions[0].parent / "first")
    done = erase.erase(tmp_path / "data", erase.plan(tmp_path / "data", "01"))
    assert len(done.exports) == 1
    assert _names(tables, "sub-01") == []
    assert _names(tables, "sub-02")


def test_what_nodes_keep_of_a_withdrawn_participant_is_named(tmp_path: Path) -> None:
    folder, *_ = study(tmp_path)
    before = Manifest.load(folder)
    device = {"name": "side", "driver": "simulated-camera", "node": "cam-pc"}
    node = {"name": "cam-pc", "address": "cam-pc", "fingerprint": "0" * 64}
    copy = FileEntry(path="side+1.copy.xdf", bytes=1, sha256="0" * 64)
    waits = (PendingFile(path="side.copy.xdf", node="cam-pc"),)

    def named(**changes: object) -> list[bool]:
        before.model_copy(update=changes).save(folder)
        left = erase.plan(tmp_path, before.participant).unreachable
        return ["node cam-pc" in text and folder.name in text for text in left]

    rig = {"device": [device], "node": [node]}
    assert named(rig=rig) == []  # it was recorded without the node
    assert named(rig=rig, pending=waits) == [True]
    assert named(rig=rig, files=(*before.files, copy)) == [True]  # and kept there as well
    releasing = {"device": [device], "node": [{**node, "release": True}]}
    assert named(rig=releasing, files=(*before.files, copy)) == []


def test_a_record_that_points_outside_deletes_nothing_there(tmp_path: Path) -> None:
    sessions = study(tmp_path / "data", ("01",))
    exported("csv", sessions, tmp_path / "out", Tables(streams=("protocol",)))
    bystander = tmp_path / "bystander.txt"
    bystander.write_text("mine")
    (record,) = (tmp_path / "out" / ".unisono").glob("*.json")
    text = json.loads(record.read_text())
    text["files"]["../bystander.txt"] = 4
    record.write_text(json.dumps(text))
    done = erase.erase(tmp_path / "data", erase.plan(tmp_path / "data", "01"))
    assert bystander.read_text() == "mine"
    assert done.left == []


def test_a_label_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"participant '\.\./x' has"):
        erase.plan(tmp_path, "../x")


def test_what_could_identify_is_listed(tmp_path: Path) -> None:
    sessions = study(tmp_path / "data", ("01",))
    (sessions[0] / "remarks.txt").write_text("see /home/anna/notes or anna@uni.org")
    found = {(t.file, t.what.split(":")[0]) for t in find_traces(sessions[0])}
    assert ("face.nut", "video of a face") in found
    assert ("recording.xdf", "names of computers") in found
    assert ("session.json", "the computer's name") in found
    assert ("session.json", "date and time") in found
    assert ("remarks.txt", "a path with a user's name") in found
    assert ("remarks.txt", "an e-mail address") in found

    exported("bids", sessions, tmp_path / "bids", Bids(video="none"))
    done = _unisono("export", "--deface-check", tmp_path / "bids")
    assert done.returncode == 1
    assert "dates: 2026-11-20" in done.stdout
    assert "names of computers" not in done.stdout
    assert "video" not in done.stdout
    exported("bids", sessions, tmp_path / "moved", Bids(video="none", days_back=37_500))
    assert not any("date" in t.what for t in find_traces(tmp_path / "moved")), "it is 1924 there"

    named = tmp_path / "sub-Anna" / "x.json"
    named.parent.mkdir()
    named.write_text("{}")
    assert [t.file for t in find_traces(named.parent.parent / "sub-Anna")] == []
    assert any("looks like a name" in t.what for t in find_traces(tmp_path))


def test_dates_in_names_and_tables_are_listed(tmp_path: Path) -> None:
    sessions = study(tmp_path / "data", ("01",))
    exported("mmme", sessions, tmp_path / "mmme", Mmme())
    exported("csv", sessions, tmp_path / "csv", Tables(streams=("eeg",)))
    traces = find_traces(tmp_path / "mmme")
    found = {(Path(t.file.split(" and ")[0]).suffix, t.what) for t in traces}
    assert (".png", "dates in names: 2026-11-20") in found
    assert (".csv", "dates: 2026-11-20") in found
    assert find_traces(tmp_path / "csv") == []


def test_what_is_linked_into_the_study_goes_too(tmp_path: Path) -> None:
    data, disk = tmp_path / "data", tmp_path / "disk"
    first, second = study(data)
    own = second.parents[1]  # its sub- folder lies on another disk, a further session on a third
    (tmp_path / "third").mkdir()
    further = second.parents[1] / "ses-02"
    shutil.copytree(second, tmp_path / "third" / second.name)
    further.mkdir()
    (further / second.name).symlink_to(tmp_path / "third" / second.name, target_is_directory=True)
    shutil.move(own, disk)
    own.symlink_to(disk, target_is_directory=True)
    assert any("sub-02" in t.file and "video" in t.what for t in find_traces(data))
    planned = erase.plan(data, "02")
    assert len(planned.sessions) == 2
    done = erase.erase(data, planned)
    assert not done.left
    assert first.exists()
    assert not own.is_symlink()
    assert not disk.exists()
    assert not list((tmp_path / "third").iterdir())


def test_what_of_a_participant_cannot_be_looked_at_is_left_and_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, second = study(tmp_path)
    shut = second.parents[1] / "ses-09"
    shut.mkdir()
    lost = second.parents[1] / "ses-08"
    lost.symlink_to(tmp_path / "unplugged", target_is_directory=True)
    (tmp_path / "sub-09").symlink_to(tmp_path / "unplugged", target_is_directory=True)
    scandir = os.scandir

    def refuse(folder: str) -> object:
        if Path(folder) == shut:
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    monkeypatch.setattr(os, "scandir", refuse)
    planned = erase.plan(tmp_path, "02")
    assert set(planned.unreachable) == {str(shut), str(lost)}
    unseen = {t.file for t in find_traces(tmp_path) if t.what == "cannot be looked into"}
    assert unseen == {str(p.relative_to(tmp_path)) for p in (shut, lost, tmp_path / "sub-09")}
    monkeypatch.undo()
    done = erase.erase(tmp_path, planned)
    assert not second.exists()
    assert sorted(done.left) == [f"{lost}: cannot be reached", f"{shut}: cannot be reached"]
    assert erase.plan(tmp_path, "09").unreachable == (str(tmp_path / "sub-09"),)


def test_a_study_that_nobody_may_look_into_is_not_reached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study(tmp_path, ("01",))
    scandir = os.scandir

    def refuse(folder: str) -> object:
        if Path(folder).name in ("other", "lost+found"):
            raise PermissionError(13, "Permission denied", folder)
        return scandir(folder)

    for name in ("other", "lost+found"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(os, "scandir", refuse)
    assert erase.plan(tmp_path, "01").unreachable == (str(tmp_path / "other"),)
