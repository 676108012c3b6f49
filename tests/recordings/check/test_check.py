from __future__ import annotations

import errno
import math
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recordings import layout, open_session
from recordings.certificate import Finding, PairReport, Report, Verdict
from recordings.check.examination import check, exit_code
from recordings.check.marker_pairs import marker_findings
from recordings.check.simulated.wave_match import BLINK, HEARTBEAT, PULSE, Wave, find_wave
from recordings.errors import RecordingError
from recordings.manifest import Manifest, State
from recordings.manifest_entries import Event
from recordings.read.markers import parse_markers
from recordings.report import html, many
from recordings.report.html import check_and_report
from recordings.stamps import timing
from recordings.stream_kinds import Fate
from recordings.xdf import chunks
from recordings.xdf.reader import read_xdf
from tests.recordings.foreign_streams import add_stream
from tests.recordings.simulated_session import Plan, make_session
from tests.recordings.xdf_samples import header_xml, write


def codes(report: Report, level: str = "") -> set[str]:
    return {f.code for f in report.findings if level in ("", f.level)}


def pair(report: Report, a: str, b: str) -> PairReport:
    return next(p for p in report.pairs if {p.a, p.b} == {a, b})


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("clean"))


def test_a_clean_session_passes(clean: Path) -> None:
    report = check(clean)
    assert report.verdict is Verdict.PASS
    assert exit_code(report) == 0
    assert codes(report) == {"latency-unmeasured", "loss-unseen"}  # stamps without any jitter
    assert report.simulated
    assert report.duration_s == 20
    eeg = report.streams[0]
    assert eeg.drift_ppm == pytest.approx(80, abs=3)
    assert (eeg.samples, eeg.lost, eeg.duplicates) == (20_000, 0, 0)
    assert Report.model_validate_json(report.model_dump_json()) == report
    camera = report.cameras[0]
    assert camera.stored == camera.packets == camera.indexed == camera.captured == 1998


def test_truth_is_found_in_every_stream_and_within_the_bounds(clean: Path) -> None:
    report = check(clean)
    found = {(t.stream, t.kind): t.truth for t in report.truth}
    assert set(found) == {
        ("eeg", "blink"),
        ("eeg", "heartbeat"),
        ("eeg", "stimulus"),
        ("physio", "heartbeat"),
        ("physio", "pulse"),
        ("physio", "stimulus"),
        ("protocol", "stimulus"),
        ("face", "flash"),
    }
    for (_, kind), truth in found.items():
        limit = {"flash": 5.0, "stimulus": 0.6}.get(kind, 0.3)
        assert truth.max_ms < limit
        assert truth.events >= 3
        assert truth.missed == 0
    assert len(report.pairs) == 6  # of four streams; the engine's own events are none of them
    for certified in report.pairs:
        assert certified.truth is not None
        assert certified.truth.max_ms <= certified.bound_ms
        network = [c.ms for c in certified.contributions if c.source.startswith("network")]
        random = [c.ms for c in certified.contributions if c.source.startswith(("clock", "stamps"))]
        assert certified.axes_ms == pytest.approx(sum(network) + math.hypot(*random))
        assert certified.bound_ms == certified.axes_ms + certified.resolution_ms
        assert certified.unmeasured == (f"latency of {certified.a}", f"latency of {certified.b}")
    assert pair(report, "eeg", "physio").truth_from == "heartbeat"
    assert pair(report, "eeg", "face").truth_from == "stimulus and flash"


@pytest.mark.parametrize("stream", ["eeg", "physio", "protocol", "face"])
def test_a_stream_that_is_late_is_told_by_how_much(tmp_path: Path, stream: str) -> None:
    report = check(make_session(tmp_path, Plan(shift_s={stream: 0.020})))
    for certified in report.pairs:
        assert certified.truth is not None
        expected = 20 * ((certified.a == stream) - (certified.b == stream))
        assert certified.truth.bias_ms == pytest.approx(expected, abs=3)
    for truth in report.truth:
        assert truth.truth.bias_ms == pytest.approx(20 * (truth.stream == stream), abs=3)


def test_a_gap_is_a_warning_with_its_place_and_loss(tmp_path: Path) -> None:
    report = check(make_session(tmp_path, Plan(eeg_gap=(4.0, 7.0))))
    eeg = report.streams[0]
    assert report.verdict is Verdict.WARN
    assert exit_code(report) == 1
    assert codes(report, "warn") == {"lost"}
    assert eeg.lost == pytest.approx(3000, abs=2)
    assert len(eeg.gaps) == 1
    assert eeg.gaps[0].start == pytest.approx(5004, abs=0.01)
    assert eeg.gaps[0].end == pytest.approx(5007, abs=0.01)
    assert eeg.effective_rate_hz == pytest.approx(1000, abs=0.1)
    assert all(t.truth.missed == 0 for t in report.truth)  # nothing is looked for in a gap


def test_jitter_is_measured_and_is_not_in_the_bound_of_even_times(tmp_path: Path) -> None:
    report = check(make_session(tmp_path, Plan(jitter_s=0.004)))
    eeg = report.streams[0]
    assert eeg.lost == 0
    assert eeg.jitter_ms is not None
    assert eeg.jitter_dejittered_ms is not None
    assert eeg.jitter_ms > eeg.jitter_dejittered_ms
    certified = pair(report, "eeg", "physio")
    parts = {c.source: c.ms for c in certified.contributions}
    assert 0 < parts["stamps of eeg"] < eeg.jitter_ms
    assert certified.truth is not None
    assert certified.truth.p99_ms < certified.bound_ms


def test_lost_frames_are_told_by_fate(tmp_path: Path) -> None:
    report = check(make_session(tmp_path, Plan(lost_frames=(100, 101, 500))))
    assert report.verdict is Verdict.WARN
    assert codes(report, "warn") == {"frames-device-lost"}
    assert report.cameras[0].fates[Fate.DEVICE_LOST] == 3
    assert report.cameras[0].stored == report.cameras[0].packets == 1995
    assert pair(report, "face", "protocol").truth is not None


def test_frames_that_a_device_counts_are_told_once(tmp_path: Path) -> None:
    session = make_session(tmp_path, Plan(lost_frames=(100, 101, 500)))
    manifest = Manifest.load(session)
    streams = [
        entry.model_copy(update={"lost": 3, "device": "cam"}) if entry.name == "face" else entry
        for entry in manifest.streams
    ]
    manifest.model_copy(update={"streams": tuple(streams)}).save(session)
    report = check(session)
    assert [f.code for f in report.findings if f.level == "warn"] == ["frames-device-lost"]
    (face,) = (s for s in report.streams if s.name == "face")
    assert face.lost == 3


def test_frames_that_are_not_in_the_file_fail(tmp_path: Path) -> None:
    report = check(make_session(tmp_path, Plan(unwritten_frames=2)))
    assert exit_code(report) == 2
    assert {"ledger-file", "ledger-manifest"} <= codes(report, "fail")


def test_a_changed_file_fails(tmp_path: Path) -> None:
    folder = make_session(tmp_path)
    video = folder / "face.nut"
    raw = bytearray(video.read_bytes())
    raw[len(raw) // 2] ^= 1
    video.write_bytes(raw)
    assert "file-changed" in codes(check(folder), "fail")
    assert "file-changed" not in codes(check(folder, hashes=False))
    video.unlink()
    assert {"file-missing", "video-unreadable"} <= codes(check(folder), "fail")


def test_a_video_that_was_cut_off_fails(tmp_path: Path) -> None:
    folder = make_session(tmp_path)
    video = folder / "face.nut"
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 5])
    report = check(folder)
    assert {"ledger-file", "ledger-manifest", "file-changed"} <= codes(report, "fail")
    (lost,) = [f.text for f in report.findings if f.code == "no-truth"]
    assert "face.nut: has no frame" in lost


def test_a_video_without_its_index_stream_fails(tmp_path: Path) -> None:
    folder = make_session(tmp_path)
    manifest = Manifest.load(folder)
    shutil.copy(folder / "face.nut", folder / "side.nut")
    side = manifest.videos[0].model_copy(update={"name": "side", "file": "side.nut"})
    manifest.model_copy(update={"videos": (*manifest.videos, side)}).save(folder)
    report = check(folder)
    assert [f.subject for f in report.findings if f.code == "no-index"] == ["side"]
    assert exit_code(report) == 2
    assert [(c.name, c.indexed, c.packets > 0) for c in report.cameras][1] == ("side", 0, True)
    with open_session(folder) as session:
        assert list(session.cameras) == ["face"]


def test_a_cut_recording_fails_and_says_what_to_do(tmp_path: Path) -> None:
    folder = make_session(tmp_path)
    path = folder / layout.XDF_NAME
    path.write_bytes(path.read_bytes()[:-200_000])
    manifest = Manifest.load(folder)
    manifest.model_copy(update={"state": State.RECORDING}).save(folder)
    report = check(folder)
    assert {"damaged", "state-recording", "count-manifest", "file-changed"} <= codes(report, "fail")
    assert "no-footer" in codes(report, "warn")
    assert [f.level for f in report.findings] == sorted(
        (f.level for f in report.findings), key=["fail", "warn", "info"].index
    )


def test_the_xdf_of_a_session_stands_for_the_session(clean: Path) -> None:
    assert check(clean / layout.XDF_NAME).simulated


def test_a_session_without_its_truth_is_warned_about(tmp_path: Path) -> None:
    folder = make_session(tmp_path)
    (folder / layout.TRUTH_NAME).write_text("nonsense\n1\n")
    assert "no-truth" in codes(check(folder), "warn")


def test_an_archive_is_checked_where_no_report_can_be_written(tmp_path: Path) -> None:
    folder = make_session(tmp_path)
    (folder / "report.json.part").mkdir()  # no file can take its place, not even root's
    report = check_and_report(folder)
    assert report.verdict is Verdict.PASS
    (told,) = [f for f in report.findings if f.code == "report-unwritten"]
    assert told.level == "info"
    assert "the report cannot be written" in told.text
    assert many.check_one(many.CheckJob(folder)).notes == (told.text,), "among many it is told, too"


def test_what_a_finding_is_of_is_named_once(tmp_path: Path) -> None:
    """An event's text begins with its device; it was said to be `face: face: …`."""
    text = "face: its file was changed before the repair"
    event = Event(time=5003.0, source="face", level="error", code="was-changed", text=text)
    folder = make_session(tmp_path, Plan(seconds=2.0))
    Manifest.load(folder).model_copy(update={"events": (event,)}).save(folder)
    assert many.check_one(many.CheckJob(folder)).first == text
    other = Finding(level="warn", code="gap", subject="eeg", text="eeg2 is silent")
    assert other.told == "eeg: eeg2 is silent"


def test_where_there_is_no_room_for_a_report_it_asks_for_room(
    clean: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(html, "replace_file", full)
    (told,) = [f for f in check_and_report(clean).findings if f.code == "report-unwritten"]
    assert told.text.endswith("; make room there")


def test_an_error_in_one_session_is_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> Report:
        raise MemoryError("1 TB")

    monkeypatch.setattr(many, "check_and_report", fail)
    done = many.check_one(many.CheckJob(Path("a")))
    assert (done.error, done.exit_code) == ("MemoryError: 1 TB", 2)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_process_that_is_ended_from_outside_is_one_sessions_error(tmp_path: Path) -> None:
    paths = [make_session(tmp_path, Plan(seconds=2.0)) for _ in range(2)]
    (paths[0] / layout.XDF_NAME).unlink()
    os.mkfifo(paths[0] / layout.XDF_NAME)  # its reader waits until it is killed
    code = (
        "import sys, threading, time\n"
        "from pathlib import Path\n"
        "from recordings.engines.local import Processes\n"
        "from recordings.report.many import check_many\n"
        "import psutil\n"
        "over = threading.Event()\n"
        "def end():\n"
        "    while not over.wait(0.05):\n"
        "        for kid in psutil.Process().children():\n"
        "            if 'spawn_main' in ' '.join(kid.cmdline()):\n"
        "                kid.kill()\n"
        "if __name__ == '__main__':\n"
        "    threading.Thread(target=end).start()\n"
        "    (bad,) = check_many([Path(sys.argv[1])], None, Processes(1), print)\n"
        "    over.set()\n"
        "    assert 'ended from outside' in bad.error, bad\n"
        "    (good,) = check_many([Path(sys.argv[2])], None, Processes(1), print)\n"
        "    assert good.verdict == 'PASS', good\n"
    )
    script = tmp_path / "script.py"
    script.write_text(code)
    ran = subprocess.run(
        [sys.executable, str(script), *map(str, paths)], capture_output=True, text=True, timeout=120
    )
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("name", ["nowhere", "folder", "file"])
def test_what_is_no_recording_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("hello")
    with pytest.raises(RecordingError, match=name):
        check(tmp_path / name)


@pytest.mark.needs_data
def test_a_real_file_with_a_clock_reset(sample_data: Path) -> None:
    report = check(sample_data / "clock_resets.xdf")
    assert report.verdict is Verdict.WARN
    assert {"clock-reset", "rate", "lost"} <= codes(report, "warn")
    eeg = next(s for s in report.streams if s.name == "BioSemi")
    assert max(g.end - g.start for g in eeg.gaps) == pytest.approx(274, abs=1)


def bare(tmp_path: Path, stamps: list[float], rate: float = 0.0, **header: object) -> Report:
    """Check a file of one float32 stream with the given stamps and no clock offset trouble."""
    times = np.array(stamps)
    parts = [
        chunks.stream_header(1, header_xml(rate_hz=rate, source_id="x")),
        chunks.samples(1, times, np.zeros((len(times), 1), np.float32)),
        *(chunks.clock_offset(1, t, 0.0) for t in np.arange(0.0, times.max(), 5.0).tolist()),
        chunks.stream_footer(1, times[0], times[-1], header.get("count", len(times))),  # type: ignore[arg-type]
    ]
    return check(write(tmp_path / "bare.xdf", parts))


def test_findings_in_a_bare_file(tmp_path: Path) -> None:
    even = (np.arange(400) / 10).tolist()
    assert bare(tmp_path, even, 10.0).verdict is Verdict.PASS
    assert codes(bare(tmp_path, even, 10.5), "warn") == {"rate"}
    assert codes(bare(tmp_path, even, 10.0, count=390), "warn") == {"count-footer"}
    assert codes(bare(tmp_path, even, 10.0, count=401), "warn") == {"count-footer"}
    one_less = bare(tmp_path, even, 10.0, count=399)  # LabRecorder does not count the first one
    assert one_less.verdict is Verdict.PASS
    assert "count-footer" in codes(one_less, "info")
    assert codes(bare(tmp_path, [*even, 39.9], 10.0), "warn") == {"duplicates"}
    assert "stamps-back" in codes(bare(tmp_path, [*even, 20.0, 20.1], 10.0), "warn")


def test_two_streams_of_one_source(tmp_path: Path) -> None:
    parts = [chunks.stream_header(n, header_xml(f"s{n}", source_id="cap")) for n in (1, 2)]
    report = check(write(tmp_path / "a.xdf", parts))
    finding = next(f for f in report.findings if f.code == "source-twice")
    assert (finding.subject, "s1, s2" in finding.text) == ("cap", True)


def marker_codes(*events: tuple[str, int | None]) -> set[str]:
    rows = [
        [f'{{"event": "{event}", "trial": {n // 2}, "code": {code if code else "null"}}}']
        for n, (event, code) in enumerate(events)
    ]
    found: list[Finding] = list(
        marker_findings("protocol", parse_markers(np.arange(len(rows), dtype=float), rows))
    )
    return {f.code for f in found}


def test_markers_that_are_incomplete() -> None:
    whole = [("onset", 101), ("end", 100)]
    assert marker_codes(*whole, *whole) == set()
    assert marker_codes(*whole, ("onset", 101)) == {"onset-open"}
    assert marker_codes(("onset", 101), ("pause", None), *whole) == {"onset-no-end"}
    assert marker_codes(("onset", 101), ("skip", None), *whole) == set()
    assert marker_codes(*whole, ("answer", 1), ("end", 100), *whole) == {"end-no-onset"}
    assert marker_codes(("onset", None), ("end", 100)) == {"onset-no-code"}
    assert marker_codes(("answer", 1), ("end", 100), *whole) == set()  # began before the recording


def test_markers_of_any_text_are_read() -> None:
    rows = [["7"], ["hello"], ["{broken"], ['{"code": "12"}'], ['{"code": true}'], ["[1]"], []]
    found = parse_markers(np.zeros(7), rows)
    assert [m.code for m in found] == [7, None, None, 12, None, None, None]


@pytest.mark.parametrize(("wave", "rate"), [(BLINK, 1000), (HEARTBEAT, 500), (PULSE, 250)])
@pytest.mark.parametrize("shift", [-0.2, -0.0123, 0.0, 0.00037, 0.18])
def test_a_wave_is_found_to_a_fraction_of_a_sample(wave: Wave, rate: int, shift: float) -> None:
    rng = np.random.default_rng(0)
    stamps = 100 + np.arange(3 * rate) / rate
    values = 7 * wave.at(stamps - 101.5 - shift) + 3 + rng.normal(0, 0.05, len(stamps))
    found = find_wave(stamps, values, 101.5, wave, rate)
    assert found == pytest.approx(shift, abs=0.3 / rate + 0.3e-3)


def test_a_wave_that_is_not_there_is_not_found() -> None:
    stamps = np.arange(3000) / 1000
    noise = np.random.default_rng(0).normal(size=3000)
    assert find_wave(stamps, noise, 1.5, BLINK, 1000) is None
    assert find_wave(stamps, np.zeros(3000), 1.5, BLINK, 1000) is None
    assert find_wave(stamps[:5], noise[:5], 1.5, BLINK, 1000) is None


def test_importing_the_check_is_cheap() -> None:
    loaded = "print('scipy' in sys.modules, 'av' in sys.modules)"
    code = f"import sys, recordings.check.examination; {loaded}"
    root = Path(__file__).parents[3]
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout == "False False\n"


def test_shapes_agree_with_the_simulator() -> None:
    """Not a need, but if one of the two is changed, this says that the other must be."""
    from devices.simulation.shapes import blink_wave, ecg_wave, ppg_wave

    t = np.arange(-0.06, 0.06, 0.001)
    np.testing.assert_allclose(BLINK.at(t), blink_wave(t))
    np.testing.assert_allclose(PULSE.at(t), ppg_wave(t))
    assert np.corrcoef(HEARTBEAT.at(t), ecg_wave(t))[0, 1] > 0.999
    assert timing.percentile(np.abs(HEARTBEAT.at(t) - ecg_wave(t)), 99) < 0.05


def test_a_stamp_that_is_no_number_is_told_and_spoils_no_figure(tmp_path: Path) -> None:
    session = make_session(tmp_path, Plan(seconds=3.0))
    path = session / layout.XDF_NAME
    with read_xdf(path) as recording:
        stamp = struct.pack("<d", recording.stream("eeg").stamps[500])
    data = path.read_bytes()
    assert data.count(stamp) == 1
    path.write_bytes(data.replace(stamp, struct.pack("<d", math.nan)))
    report = check_and_report(session)
    (finding,) = [f for f in report.findings if f.code == "stamps-nan"]
    assert (finding.subject, finding.level) == ("eeg", "warn")
    assert "1 of 3,000" in finding.text
    assert all(math.isfinite(pair.bound_ms) for pair in report.pairs)
    assert "stamps are no numbers" in (session / "report.html").read_text()


def test_a_stream_by_another_clock_is_in_no_certified_pair(tmp_path: Path) -> None:
    """54 years lay between EEG and markers, and the certificate said PASS."""
    folder = make_session(tmp_path, Plan(seconds=4.0))
    far = 1.7e9
    add_stream(folder, 9, "theirs", ["a", "b"], rate_hz=0.0, times=[far + 1, far + 2])
    report = check(folder, hashes=False)
    (finding,) = [f for f in report.findings if f.code == "another-clock"]
    assert (finding.subject, finding.level) == ("theirs", "warn")
    assert not [p for p in report.pairs if "theirs" in (p.a, p.b)]
    assert report.pairs


def test_stamps_far_from_their_clock_offsets_are_in_no_certified_pair(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=4.0))
    add_stream(
        folder, 9, "theirs", np.zeros((200, 1)), times=np.linspace(100.0, 102.0, 200).tolist()
    )
    report = check(folder, hashes=False)
    assert [f.subject for f in report.findings if f.code == "stamps-beyond-offsets"] == ["theirs"]
    assert not [p for p in report.pairs if "theirs" in (p.a, p.b)]


def test_the_axes_and_the_resolution_are_told_apart(tmp_path: Path) -> None:
    report = check(make_session(tmp_path), hashes=False)
    certified = pair(report, "eeg", "face")
    assert certified.resolution_ms == pytest.approx(0.5 + 5.0)
    assert certified.axes_ms == pytest.approx(certified.bound_ms - certified.resolution_ms)
    assert certified.axes_ms < 1.0
