"""A bare XDF file as a session, and what can be done with it then."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recordings import open_session
from recordings.certificate import Verdict
from recordings.check.examination import check
from recordings.errors import RecordingError, RunTaken
from recordings.export import tables
from recordings.export.bids import dataset as bids
from recordings.export.bids.shared_tables import read_tsv
from recordings.read.sessions import find_sessions
from recordings.repair.imported import Labels, import_xdf
from recordings.xdf import chunks
from recordings.xdf.chunks import Tag
from tests.acquire.program import unisono
from tests.recordings.bare_files import START, Sent, bare, eeg, texts
from tests.recordings.exporting import exported
from tests.recordings.xdf_samples import header_xml, write

LABELS = Labels("lab", "07", "02", "rest")


def recorded(folder: Path) -> Path:
    marks = texts("Mk", ["101", "badminton", "late"], [START + 1, START + 2, START + 50])
    move = np.random.default_rng(2).normal(size=(500, 3)).astype(np.float32)
    return bare(folder / "old.xdf", eeg(), Sent("ACC", "ACC", 50.0, move), marks)


def test_a_bare_file_becomes_a_session_that_passes(tmp_path: Path) -> None:
    source = recorded(tmp_path)
    before = source.read_bytes()
    done = import_xdf(source, tmp_path / "data", LABELS, {"unisono": "x"})
    assert done.folder.name == "sub-07_ses-02_task-rest_run-01"
    assert (done.folder / "recording.xdf").read_bytes() == before == source.read_bytes()
    with open_session(done.folder) as session:
        assert session.start == pytest.approx(START)
        assert session.stop == pytest.approx(START + 10, abs=0.01)
    report = check(done.folder)
    assert report.verdict is not Verdict.FAIL
    assert not {f.code for f in report.findings} & {"file-unhashed", "begins-late", "ends-early"}
    assert import_xdf(source, tmp_path / "data", LABELS, {}).folder.name.endswith("run-02")


def test_what_is_a_warning_of_the_file_is_one_of_its_session(tmp_path: Path) -> None:
    """LabRecorder's footers miss what came late: the session failed for it, the file did not."""
    stamps = START + np.arange(500) / 50.0
    parts = [
        chunks.stream_header(1, header_xml(rate_hz=50.0, source_id="x")),
        chunks.samples(1, stamps, np.random.default_rng(0).normal(size=(500, 1)).astype("f4")),
        *(chunks.clock_offset(1, at, 0.0) for at in (START, START + 5.0, START + 10.0)),
        chunks.stream_footer(1, float(stamps[0]), float(stamps[-1]), 490),
    ]
    source = write(tmp_path / "old.xdf", parts)
    assert {f.code for f in check(source).findings if f.level == "warn"} == {"count-footer"}
    report = check(import_xdf(source, tmp_path / "data", LABELS, {}).folder)
    assert {f.code for f in report.findings if f.level == "warn"} == {"count-footer"}
    assert report.verdict is Verdict.WARN


def test_a_file_that_is_cut_off_before_it_is_copied_becomes_no_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, copy = recorded(tmp_path), shutil.copyfile

    def cut_and_copy(old: Path, new: Path) -> None:
        os.truncate(old, 5000)
        copy(old, new)

    monkeypatch.setattr(shutil, "copyfile", cut_and_copy)
    with pytest.raises(
        RecordingError, match=r"old\.xdf: was cut off while it was copied: 5,000 of"
    ):
        import_xdf(source, tmp_path / "data", LABELS, {})
    assert not list((tmp_path / "data").rglob("*run-*"))


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-01-01T01:30:00+0200", "2025-12-31T23:30:00+00:00"),
        ("2026-01-01T01:30:00Z", "2026-01-01T01:30:00+00:00"),
        ("2026-01-01T01:30:00", None),  # of which time zone?
        ("0001-01-01T00:00:00+0200", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_the_date_is_the_one_of_the_file_header(
    tmp_path: Path, written: str, utc: str | None
) -> None:
    source = recorded(tmp_path)
    xml = f"<info><version>1.0</version><datetime>{written}</datetime></info>".encode()
    rest = source.read_bytes().removeprefix(chunks.MAGIC + chunks.file_header())
    source.write_bytes(chunks.MAGIC + chunks.chunk(Tag.FILE_HEADER, xml) + rest)
    done = import_xdf(source, tmp_path / "data", LABELS, {})
    assert bool(done.notes) is (utc is None)
    with open_session(done.folder) as session:
        found = session.utc(START)
        assert (found and found.isoformat()) == utc


def test_what_cannot_be_imported_leaves_nothing(tmp_path: Path) -> None:
    source = recorded(tmp_path)
    done = import_xdf(source, tmp_path / "data", LABELS, {})
    for path in (done.folder, done.folder / "recording.xdf"):
        with pytest.raises(RecordingError, match="name a bare XDF file"):
            import_xdf(path, tmp_path / "data", LABELS, {})
    with pytest.raises(RunTaken):
        import_xdf(source, tmp_path / "data", Labels("lab", "07", "02", "rest", 1), {})
    (tmp_path / "no.xdf").write_bytes(b"no")
    with pytest.raises(RecordingError, match="not an XDF file"):
        import_xdf(tmp_path / "no.xdf", tmp_path / "data", LABELS, {})
    with pytest.raises(RecordingError, match="participant 'Jane Doe'"):
        import_xdf(source, tmp_path / "other", Labels("lab", "Jane Doe", "02", "rest"), {})
    assert [p.name for p in (tmp_path / "data").rglob("*_run-*")] == [done.folder.name]
    assert not (tmp_path / "other").exists()


def test_the_command_and_bids(tmp_path: Path) -> None:
    source = recorded(tmp_path)
    command = ("import", source, "--participant", "07", "--data-dir", tmp_path / "data")
    result = unisono(*command, folder=tmp_path)
    assert result.code == 0, result.stderr
    (folder,) = find_sessions([tmp_path / "data"])
    assert result.stdout.split(":")[0] == str(folder)
    target = tmp_path / "bids"
    (done,) = exported("bids", [folder], target, bids.Settings())
    assert done.outcome == "exported", done
    assert done.notes[0] == "Mk: 1 of 3 markers lie outside of EEG, 1 after it; in events.tsv"
    (table,) = target.rglob("*_events.tsv")
    assert [row["trial_type"] for row in read_tsv(table)[1]] == ["101", "marker/badminton", "late"]
    validator = shutil.which("bids-validator-deno", path=Path(sys.executable).parent)
    if validator is None:
        pytest.skip("bids-validator-deno is not installed")
    run = [validator, "--format", "json", str(target)]
    checked = subprocess.run(run, capture_output=True, text=True, timeout=120)
    issues = json.loads(checked.stdout)["issues"]["issues"]
    assert [issue for issue in issues if issue["severity"] == "error"] == []


def test_a_folder_of_bare_files(tmp_path: Path) -> None:
    recorded(tmp_path)
    bare(tmp_path / "other.xdf", eeg(2.0))
    found = find_sessions([tmp_path])
    assert [path.name for path in found] == ["old.xdf", "other.xdf"]
    done = exported("csv", list(found), tmp_path / "out", tables.Settings())
    assert [one.outcome for one in done] == ["exported"] * 2
    with pytest.raises(RecordingError, match="no folder with sessions or XDF files"):
        find_sessions([tmp_path / "out" / ".unisono"])


def test_an_eeg_without_a_time_costs_neither_the_other_nor_the_start(tmp_path: Path) -> None:
    """The session began at 0, and BIDS ended for the stream that comes first."""
    nowhere = Sent("EEG", "EEG", 250.0, eeg().data, np.full(2500, np.nan))
    path = bare(tmp_path / "a.xdf", nowhere, eeg())
    done = import_xdf(path, tmp_path / "data", LABELS, {})
    with open_session(done.folder) as session:
        assert session.start == pytest.approx(START)
        assert session.eeg is not None
        assert session.eeg.xdf.id == 2
        assert session.to_mne().n_times == 2500
    assert not {f.code for f in check(done.folder).findings} & {"begins-late", "ends-early"}
    (made,) = exported("bids", [done.folder], tmp_path / "bids", bids.Settings())
    assert made.outcome == "exported", made.error
    assert "EEG (EEG) #1: the EEG is EEG (EEG) #2; this stream is physiology" in made.notes
    with open_session(bare(tmp_path / "b.xdf", eeg(0.004), eeg())) as session:  # a single sample
        assert session.eeg is not None
        assert session.eeg.xdf.id == 2
