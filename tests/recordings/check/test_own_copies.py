"""A certificate of a session from nodes: what is pending, what own copies have brought back."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from recordings import layout, open_session
from recordings.certificate import Report, Verdict
from recordings.check.examination import check, exit_code
from recordings.errors import RecordingError
from recordings.export import tables
from recordings.export.staging import run_task
from recordings.manifest import Manifest
from recordings.manifest_entries import Gap, PendingFile
from recordings.report.html import check_and_report
from recordings.xdf import chunks
from recordings.xdf.reader import read_xdf
from tests.recordings.cut_session import cut_cable
from tests.recordings.simulated_session import Plan, make_session
from tests.recordings.xdf_samples import header_xml, write

CUT_S = (10.0, 45.0)
NODE = ("eeg", "face")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("whole"), Plan(seconds=60.0, lost_frames=(5000,)))


@pytest.fixture
def cut(whole: Path, tmp_path: Path) -> Path:
    folder = tmp_path / whole.name
    shutil.copytree(whole, folder)
    cut_cable(folder, NODE, *CUT_S)
    return folder


def texts(report: Report, code: str) -> dict[str, str]:
    return {f.subject: f.text for f in report.findings if f.code == code}


def levels(report: Report) -> dict[str, str]:
    return {f.code: f.level for f in report.findings}


def test_what_was_cut_is_there_and_said_to_be_from_the_copy(whole: Path, cut: Path) -> None:
    before, report = check(whole), check(cut)
    assert set(levels(report)) - set(levels(before)) == {
        "from-copy",
        "clock-interpolated",
        "file-unhashed",
    }
    assert report.verdict is before.verdict is Verdict.WARN  # for the frame that the camera lost
    came = {entry.name: entry.samples for entry in Manifest.load(cut).streams}
    for old, new in zip(before.streams, report.streams, strict=True):
        assert (new.samples, new.lost) == (old.samples, old.lost)
        assert new.from_copy == old.samples - came[new.name]
    assert report.streams[0].from_copy == pytest.approx(35_000, abs=10)
    (face,) = (stream for stream in report.streams if stream.name == "face")
    said = f"{face.from_copy:,} rows of face were not received"
    assert texts(report, "from-copy")["face"].startswith(said)
    assert report.cameras == before.cameras
    # The truth is found as before, within a bound that knows of the gap.
    assert {(t.stream, t.kind, t.truth.events) for t in report.truth} == {
        (t.stream, t.kind, t.truth.events) for t in before.truth
    }
    assert "bound-exceeded" not in levels(report)
    eeg = report.streams[0]
    (gap,) = eeg.clock_gaps
    assert gap.end - gap.start == pytest.approx(40.0, abs=5.1)
    assert 0 < gap.error_ms < 1
    assert "interpolated over" in texts(report, "clock-interpolated")["eeg"]
    assert Report.model_validate_json(report.model_dump_json()) == report


def test_a_session_is_read_as_if_no_cable_had_been_cut(whole: Path, cut: Path) -> None:
    before = (cut / layout.XDF_NAME).read_bytes()
    with open_session(whole) as old, open_session(cut) as new:
        for name in ("eeg", "face", "physio"):
            a, b = old[name], new[name]
            assert a.times(stamps="raw").tolist() == b.times(stamps="raw").tolist()
            np.testing.assert_array_equal(a.read()[1], b.read()[1])
            # Windows that lie in the cut, at its edge, and around it.
            for start, stop in ((12.0, 13.0), (9.5, 10.5), (5.0, 50.0)):
                window = (old.start + start, old.start + stop)
                assert len(b.read(*window)[0]) == len(a.read(*window)[0]) > 0
        entry = new["eeg"].entry
        assert entry is not None
        assert (entry.samples, entry.lost, entry.gaps) == (len(old["eeg"]), 0, ())
        assert (
            new.cameras["face"].device_frames.tolist() == old.cameras["face"].device_frames.tolist()
        )
        np.testing.assert_array_equal(
            new.cameras["face"].at(new.start + 20), old.cameras["face"].at(old.start + 20)
        )
    assert (cut / layout.XDF_NAME).read_bytes() == before


def test_what_the_copy_lacks_as_well_is_lost_once_and_where_it_is(
    whole: Path, tmp_path: Path
) -> None:
    """As where a device died while the cable was cut: its copy fills the gap from both ends."""
    folder = tmp_path / whole.name
    shutil.copytree(whole, folder)
    cut_cable(folder, NODE, *CUT_S, hole_s=(20.0, 23.0))
    eeg = check(folder, hashes=False).streams[0]
    assert eeg.lost == pytest.approx(3_000, abs=1)
    with open_session(folder) as session:
        stream = session["eeg"]
        assert stream.entry is not None
        (gap,) = stream.entry.gaps
        assert gap.end - gap.start == pytest.approx(3.0, abs=0.01)
        even, stamps = stream.times(stamps="dejittered"), stream.times()
        assert np.abs(even - stamps).max() < 0.01


def test_what_a_device_counted_while_it_was_cut_off_stays_lost(whole: Path, tmp_path: Path) -> None:
    """The engine hears of it afterwards, and knows the place: all around it is from the copy."""
    folder = tmp_path / whole.name
    shutil.copytree(whole, folder)
    cut_cable(folder, NODE, *CUT_S, hole_s=(20.0, 20.0015))
    manifest = Manifest.load(folder)
    (eeg,) = (entry for entry in manifest.streams if entry.name == "eeg")
    with read_xdf(folder / layout.copy_name("eeg")) as copy:
        stamps = copy.streams[0].stamps
    (at,) = np.flatnonzero(np.diff(stamps) > 0.0015).tolist()
    (cut,) = eeg.gaps
    single = Gap(start=stamps[at], end=stamps[at + 1], lost=1)
    gaps = (cut.model_copy(update={"lost": cut.lost - 1}), single)
    known = eeg.model_copy(update={"gaps": gaps})
    streams = tuple(known if entry is eeg else entry for entry in manifest.streams)
    manifest.model_copy(update={"streams": streams}).save(folder)
    with open_session(folder) as session:
        entry = session["eeg"].entry
        assert entry is not None
        assert (entry.lost, entry.gaps) == (1, (single,))


def test_without_the_copies_it_is_a_loss(cut: Path) -> None:
    for path in layout.copies_in(cut):
        path.unlink()
    report = check(cut, hashes=False)
    assert report.verdict is Verdict.FAIL  # frames without a time
    assert levels(report)["ledger-file"] == "fail"
    assert report.streams[0].lost == pytest.approx(34_999, abs=5)


def test_pending_is_neither_passed_nor_failed(cut: Path) -> None:
    manifest = Manifest.load(cut)
    there = {entry.path: entry for entry in manifest.files}
    names = ["face.nut", *(layout.copy_name(name) for name in NODE)]
    pending = tuple(
        PendingFile(path=name, node="cam-pc", bytes=there[name].bytes) for name in names
    )
    files = tuple(entry for entry in manifest.files if entry.path not in names)
    manifest.model_copy(update={"pending": pending, "files": files}).save(cut)
    away = cut.parent / "away"
    away.mkdir()
    for name in names:
        (cut / name).rename(away / name)
    report = check_and_report(cut)
    assert report.verdict is Verdict.PENDING
    assert exit_code(report) == 4
    assert "fail" not in levels(report).values()
    text = texts(report, "pending")["cam-pc"]
    assert text.startswith("3 files are still on this node (")
    assert "eeg.copy.xdf, face.copy.xdf, face.nut" in text
    page = (cut / layout.REPORT_NAME).read_text()
    assert "○ PENDING" in page
    assert "collect them, then check again" in page
    notes = run_task("csv", cut, cut.parent / "csv", tables.Settings())
    assert notes[0].startswith("3 files are still on cam-pc")
    # Something that is wrong already does not wait.
    truth = (cut / layout.TRUTH_NAME).read_text()
    (cut / layout.TRUTH_NAME).write_text("changed")
    assert check(cut).verdict is Verdict.FAIL
    (cut / layout.TRUTH_NAME).write_text(truth)
    for name in names:
        (away / name).rename(cut / name)
    manifest.save(cut)
    assert check(cut, hashes=False).verdict is Verdict.WARN


def test_copies_that_are_not_whole(cut: Path) -> None:
    copy = cut / layout.copy_name("face")
    copy.write_bytes(copy.read_bytes()[:-5_000])
    (cut / "junk.copy.xdf").write_bytes(b"nonsense")
    other = header_xml("nobody", "EEG", 1, 10.0, "int16")
    parts = [
        chunks.stream_header(1, other),
        chunks.samples(1, np.array([1.0]), np.array([[1]], np.int16)),
    ]
    write(cut / "nobody.copy.xdf", parts)
    report = check(cut, hashes=False)
    found = levels(report)
    assert found["copy-unreadable"] == "warn"
    assert found["copy-damaged"] == "warn"
    assert found["copy-unclosed"] == "info"
    assert found["copy-alone"] == "warn"
    assert "stream nobody" in texts(report, "copy-alone")["nobody.copy.xdf"]
    with pytest.raises(RecordingError, match=r"junk\.copy\.xdf"):
        open_session(cut)
