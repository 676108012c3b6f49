"""The ready sentences: nothing is claimed of a recording that its certificate does not know."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recordings import layout
from recordings.certificate import CameraReport
from recordings.check.examination import check
from recordings.manifest import Manifest
from recordings.manifest_entries import Alignment
from recordings.repair.imported import Labels, import_xdf
from recordings.report.html import check_and_report
from recordings.report.methods import methods_text
from tests.recordings.simulated_session import Plan, make_session


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("methods"), Plan(seconds=3.0))


def test_what_was_imported_was_not_recorded_by_this_program(session: Path, tmp_path: Path) -> None:
    bare = shutil.copy(session / layout.XDF_NAME, tmp_path / "bare.xdf")
    done = import_xdf(
        Path(bare), tmp_path, Labels("study", "07", "01", "rest"), {"unisono": "9.9", "liblsl": "1"}
    )
    text = methods_text(check(done.folder), Manifest.load(done.folder))
    assert text.startswith("The recording is an XDF file made through LabStreamingLayer. Streams")
    assert "Unisono" not in text


def test_frames_that_no_file_was_open_for_are_lost_there_too(session: Path) -> None:
    ledger = CameraReport(
        name="face",
        file="face.nut",
        codec="raw",
        fates={},
        captured=90,
        indexed=90,
        stored=80,
        packets=80,
        in_vain=10,
        absent=5,
    )
    report = check(session).model_copy(update={"cameras": (ledger,)})
    assert "80 frames were stored (raw), each with its own time stamp, and 15 were lost" in (
        methods_text(report, None)
    )
    assert "face: 7 channels" not in methods_text(report, None)


def test_what_a_device_stored_itself_did_not_come_through_lsl(session: Path) -> None:
    manifest = Manifest.load(session)
    how = Alignment(by="events", error_s=0.0123, source="a.csv", source_sha256="0", events=9)
    pulse = manifest.streams[0].model_copy(update={"name": "wrist", "alignment": how})
    text = methods_text(check(session), manifest.model_copy(update={"streams": (pulse,)}))
    assert "wrist was stored by its own device and aligned by 9 events: its times are off" in text
    assert "by at most 12.3 ms" in text


def test_a_page_whose_check_failed_offers_nothing_to_a_paper(session: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(session, tmp_path / session.name))
    check_and_report(copy)
    assert "Ready to paste" in (copy / layout.REPORT_NAME).read_text()
    (copy / layout.TRUTH_NAME).unlink()
    check_and_report(copy)
    page = (copy / layout.REPORT_NAME).read_text()
    assert "Not ready for a paper: the check has failed" in page
    assert "Ready to paste" not in page
