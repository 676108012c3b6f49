"""A certificate does not pass over what is not there."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from acquire.lsl.origin import source_id_of
from recordings import layout
from recordings.certificate import CameraReport, Report, StreamReport, Verdict
from recordings.check.examination import check, exit_code
from recordings.check.streams.losses import loss_findings
from recordings.check.thresholds import Limit, Thresholds, judge
from recordings.manifest import Manifest
from recordings.manifest_entries import Event
from recordings.report.methods import methods_text
from recordings.stream_kinds import REPLAYED_ROWS, Fate
from recordings.xdf import chunks
from recordings.xdf.header import StreamInfo
from tests.recordings import strip_session
from tests.recordings.simulated_session import Plan, make_session
from tests.recordings.strip_session import Film
from tests.recordings.xdf_samples import header_xml, write


def codes(report: Report, level: str) -> set[tuple[str, str]]:
    return {(f.code, f.subject) for f in report.findings if f.level == level}


@pytest.fixture
def session(tmp_path: Path) -> Path:
    return make_session(tmp_path, Plan(seconds=8.0))


def test_a_file_without_a_stream_fails(tmp_path: Path) -> None:
    report = check(write(tmp_path / "nothing.xdf", []))
    assert exit_code(report) == 2
    assert ("no-data", "recording") in codes(report, "fail")


def test_our_own_events_are_no_data(tmp_path: Path) -> None:
    xml = header_xml("unisono-events", "Markers", format_="string")
    parts = [
        chunks.stream_header(1, xml),
        chunks.string_samples(1, [1.0], [["{}"]]),  # type: ignore[arg-type]
        chunks.stream_footer(1, 1.0, 1.0, 1),
    ]
    report = check(write(tmp_path / "events.xdf", parts))
    assert report.verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("source", "samples"), [("protocl", 0), ("protocl", 3), ("eeg", 0), ("protocol", 0)]
)
def test_a_device_that_listened_in_vain_is_named(session: Path, source: str, samples: int) -> None:
    """A trigger box with a mistaken source sent nothing all session long, with PASS."""
    manifest = Manifest.load(session)
    box = manifest.streams[0].model_copy(
        update={"id": 99, "name": "box", "device": "box", "samples": samples}
    )
    rig = {"device": [{"name": "box", "driver": "trigger-out-serial", "source": source}]}
    manifest.model_copy(update={"streams": (*manifest.streams, box), "rig": rig}).save(session)
    told = ("source-missing", "box") in codes(check(session), "warn")
    assert told == (source == "protocl" and samples == 0)


def test_a_stream_of_markers_that_brought_none_is_said(tmp_path: Path) -> None:
    """The outlet was there, and its triggers never came: it is no warning, and no secret."""
    parts = []
    for number, name, count in ((1, "trials", 0), (2, "keys", 1)):
        rows = [["go"]] * count
        parts += [
            chunks.stream_header(number, header_xml(name, "Markers", format_="string")),
            chunks.string_samples(number, [1.0] * count, rows),  # type: ignore[arg-type]
            chunks.stream_footer(number, 1.0, 1.0, count),
        ]
    report = check(write(tmp_path / "markers.xdf", parts))
    assert ("no-markers", "trials") in codes(report, "info")
    assert ("no-markers", "keys") not in codes(report, "info")


def test_a_device_of_the_rig_without_a_stream_is_a_warning(session: Path) -> None:
    manifest = Manifest.load(session)
    manifest.model_copy(update={"absent": ("gaze",)}).save(session)
    report = check(session)
    assert report.verdict is Verdict.WARN
    assert ("device-absent", "gaze") in codes(report, "warn")


def test_a_device_that_failed_is_a_warning_once(session: Path) -> None:
    manifest = Manifest.load(session)
    event = Event(time=5003.0, source="marks", level="warning", code="device-hangs", text="hangs")
    manifest.model_copy(update={"events": (event, event)}).save(session)
    report = check(session)
    assert [f.subject for f in report.findings if f.code == "device-hangs"] == ["marks"]
    assert report.verdict is Verdict.WARN


def test_the_truth_of_a_simulation_is_not_held_against_a_real_device(tmp_path: Path) -> None:
    session = make_session(tmp_path, Plan(seconds=8.0, shift_s={"face": 3.0}))
    assert ("truth-missed", "face") in codes(check(session), "warn")
    manifest = Manifest.load(session)
    streams = tuple(s.model_copy(update={"simulated": s.name != "face"}) for s in manifest.streams)
    manifest.model_copy(update={"streams": streams}).save(session)
    report = check(session)
    assert "face" not in {t.stream for t in report.truth}
    assert ("truth-missed", "face") not in codes(report, "warn")
    assert {"eeg", "physio"} <= {t.stream for t in report.truth}


def test_an_incomplete_frame_is_counted_once() -> None:
    index = StreamReport(
        name="face", type="VideoFrames", channels=7, samples=59, lost=35, duplicates=0, rate_hz=30
    )
    assert index.lost_share == pytest.approx(35 / 59)
    fates = {Fate.STORED: 24, Fate.INCOMPLETE: 35}
    camera = CameraReport(
        name="face",
        file="f",
        codec="c",
        captured=59,
        indexed=59,
        stored=24,
        packets=24,
        fates=fates,
    )
    report = Report(path="p", verdict=Verdict.PASS, streams=(index,), cameras=(camera,))
    limits = Thresholds(lost_share=Limit(warn=0.5), frames_lost_share=Limit(warn=0.5))
    texts = [f.text for f in judge(report, (), limits)]
    assert [text.split(" % ")[0] for text in texts] == ["59.3", "59.3"]
    (lost,) = loss_findings(index, None, (), StreamInfo(header_xml("face", "VideoFrames").encode()))
    assert "(59 % of all)" in lost.text
    assert "24 frames were stored (c), each with its own time stamp, and 35 were lost" in (
        methods_text(report, None)
    )
    bare = report.model_copy(update={"cameras": ()})
    assert "35 of 59 samples (59 %) were lost" in methods_text(bare, None)


def test_a_camera_without_a_file_fails_and_another_programs_does_not(tmp_path: Path) -> None:
    folder = strip_session.make_session(tmp_path, Film()).folder
    manifest = Manifest.load(folder)
    without = manifest.model_copy(update={"videos": ()})
    without.save(folder)
    for of_another in (check(folder), check(Path(shutil.copy(folder / "recording.xdf", tmp_path)))):
        assert ("no-file", "face") not in codes(of_another, "fail"), "it came from elsewhere"
        assert ("file-not-here", "face") in codes(of_another, "info")
    ours = tuple(
        s.model_copy(update={"device": "cam" if s.name == "face" else None})
        for s in manifest.streams
    )
    without.model_copy(update={"streams": ours}).save(folder)
    report = check(folder)
    assert ("no-file", "face") in codes(report, "fail")
    assert report.verdict is Verdict.FAIL
    replayed = tuple(
        s.model_copy(update={"source_id": source_id_of("rig:run", "old", REPLAYED_ROWS + s.name)})
        for s in ours
    )
    without.model_copy(update={"streams": replayed}).save(folder)
    assert ("no-file", "face") not in codes(check(folder), "fail"), "they were in another session"
    assert ("file-not-here", "face") in codes(check(folder), "info")
    manifest.model_copy(update={"streams": ours}).save(folder)
    found = codes(check(folder), "fail") | codes(check(folder), "info")
    assert not {("no-file", "face"), ("file-not-here", "face")} & found


def test_a_recording_whose_session_has_lost_its_manifest_does_not_pass(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=3.0))
    (folder / "session.json").unlink()
    (finding,) = [f for f in check(folder / layout.XDF_NAME).findings if f.level == "fail"]
    assert (finding.code, finding.subject) == ("manifest-missing", "session.json")
    assert "face" in finding.text
    # By another name, or alone elsewhere, it is a bare file.
    elsewhere = shutil.copy(folder / layout.XDF_NAME, tmp_path / layout.XDF_NAME)
    named = shutil.copy(folder / layout.XDF_NAME, folder / "old.xdf")
    for path in (elsewhere, named):
        assert "manifest-missing" not in {f.code for f in check(Path(path)).findings}
