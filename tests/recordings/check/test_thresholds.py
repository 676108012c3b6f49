"""The lab's own limits, and how exactly stimuli were shown."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recordings.certificate import Report, Verdict
from recordings.check.examination import check
from recordings.errors import RecordingError
from recordings.report.html import check_and_report
from recordings.report.methods import methods_text
from recordings.stream_kinds import Fate
from recordings.xdf import chunks
from tests.recordings import strip_session
from tests.recordings.simulated_session import Plan, make_session
from tests.recordings.strip_session import Film
from tests.recordings.xdf_samples import header_xml, write

LOSSY = Plan(seconds=8.0, eeg_gap=(3.0, 3.05), lost_frames=(90,))


def _levels(report: Report) -> dict[tuple[str, str], str]:
    return {(f.code, f.subject): f.level for f in report.findings}


@pytest.fixture(scope="module")
def lossy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_session(tmp_path_factory.mktemp("lossy"), LOSSY)


def test_without_a_file_every_loss_is_a_warning(lossy: Path) -> None:
    report = check(lossy)
    assert report.thresholds is None
    assert _levels(report)["lost", "eeg"] == "warn"
    assert _levels(report)["frames-device-lost", "face"] == "warn"


def test_a_lab_may_be_milder_and_stricter(lossy: Path, tmp_path: Path) -> None:
    limits = tmp_path / "limits.toml"
    limits.write_text(
        "lost_share = { warn = 0.01, fail = 0.05 }\n"
        "frames_lost_share = { warn = 0.01 }\n"
        "drift_ppm = { warn = 20, fail = 50 }\n"
        "bound_ms = { warn = 0.001 }\n"
    )
    report = check(lossy, thresholds=limits)
    levels = _levels(report)
    assert levels["lost", "eeg"] == "info"  # 0.6 %
    assert levels["frames-device-lost", "face"] == "info"
    assert levels["drift-ppm", "eeg"] == "fail"
    assert levels["bound-ms", "eeg – physio"] == "warn"
    assert report.verdict is Verdict.FAIL
    assert report.thresholds is not None
    assert report.thresholds["drift_ppm"] == {"warn": 20.0, "fail": 50.0}


def test_frames_that_were_captured_in_vain_count_for_the_limit_of_a_lab(tmp_path: Path) -> None:
    film = Film(fates={Fate.NOT_RECORDING: [(0, 10), (100, 140)]})
    made = strip_session.make_session(tmp_path, film)
    (camera,) = check(made.folder).cameras
    assert (camera.in_vain, camera.lost) == (40, 40), "at the edges clocks may differ"
    limits = tmp_path / "limits.toml"
    for warn, level in ((0.05, "warn"), (0.2, "info")):
        limits.write_text(f"frames_lost_share = {{ warn = {warn} }}\n")
        levels = _levels(check(made.folder, thresholds=limits))
        assert levels["frames-not-recording", "face"] == level


def test_a_file_above_the_session_holds_for_the_study(lossy: Path) -> None:
    path = lossy.parents[3] / "thresholds.toml"
    path.write_text("longest_gap_s = { fail = 0.04 }\n")
    try:
        assert _levels(check(lossy))["longest-gap-s", "eeg"] == "fail"
        path.write_text("longest_gap_s = { fail = 0.04 }\n", "utf-8-sig")  # Windows' Notepad
        assert _levels(check(lossy))["longest-gap-s", "eeg"] == "fail"
        path.write_text("longest_gap = { fail = 0.04 }\n")
        with pytest.raises(
            RecordingError, match=r"thresholds.toml: longest_gap: .*figures are: los"
        ):
            check(lossy)
        path.write_text("longest_gap_s = ")
        with pytest.raises(RecordingError, match=r"thresholds\.toml: cannot be read"):
            check(lossy)
    finally:
        path.unlink()


def test_a_whole_study_is_checked_at_once(lossy: Path) -> None:
    clean = make_session(lossy.parents[3], Plan(seconds=4.0))
    code = "from acquire.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, "check", str(lossy.parents[3]), "--json", "--jobs", "2"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    verdicts = {Path(c["path"]): c["verdict"] for c in json.loads(done.stdout.splitlines()[-1])}
    assert verdicts == {lossy: "WARN", clean: "PASS"}
    assert done.returncode == 1
    assert (clean / "report.html").exists()


def test_gaps_are_in_the_report_with_time_and_length(lossy: Path) -> None:
    check_and_report(lossy)
    html = (lossy / "report.html").read_text()
    assert "<h2>Gaps</h2>" in html
    row = html.split("<h2>Gaps</h2>")[1].split("</table>")[0]
    assert '<td class="n">2.999</td><td class="n">0.051</td><td class="n">50</td>' in row


def test_stimulus_timing_is_measured_against_the_request_and_the_light(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    onsets = np.linspace(100.0, 160.0, 40, dtype=np.float64)
    light = (onsets + 0.021 + rng.normal(0, 0.001, 40)).astype(np.float64)
    rows = [
        [json.dumps({"event": "onset", "trial": n, "stimulus": "clip", "code": 101,
                     "requested": t - 0.004, "presented": t})]
        for n, t in enumerate(onsets.tolist())
    ]  # fmt: skip
    parts = [
        chunks.stream_header(1, header_xml("protocol", "Markers", format_="string")),
        chunks.stream_header(2, header_xml("diode", "Markers", format_="string")),
        chunks.string_samples(1, onsets, rows),
        chunks.string_samples(2, light[:-2], [['{"event": "flash_on"}']] * 38),
    ]
    report = check(write(tmp_path / "x.xdf", parts))
    (timing,) = report.stimulus
    assert (timing.stream, timing.onsets, timing.light_from) == ("protocol", 40, "diode")
    assert timing.light_events == 38
    assert timing.late_p99_ms == pytest.approx(4.0, abs=0.01)
    assert timing.light_mean_ms == pytest.approx(21.0, abs=0.6)
    assert timing.light_sd_ms == pytest.approx(1.0, abs=0.4)
    text = methods_text(report, None)
    assert "99 % were shown within 4.000 ms" in text
    assert "(mean ± SD, n = 38)" in text


def test_what_is_wrong_in_a_foreign_file_is_found(tmp_path: Path) -> None:
    stamps = np.r_[np.arange(2000) / 100, 60 + np.arange(2000) / 100] + 10
    slow = 10 + np.arange(3000) / 92.0
    values = np.zeros((4000, 1), np.float32)
    parts = [
        chunks.stream_header(1, header_xml("jumps", rate_hz=100, source_id="twin")),
        chunks.stream_header(2, header_xml("slow", rate_hz=100, source_id="twin")),
        chunks.samples(1, stamps, values),
        chunks.samples(2, slow, values[:3000]),
    ]
    for k, offset in enumerate([0.0] * 10 + [7.0] * 10):
        parts.append(chunks.clock_offset(1, 10.0 + k * 2 + (30 if k > 9 else 0), offset))
        parts.append(chunks.clock_offset(2, 10.0 + k * 2, 0.0))
    parts += [
        chunks.stream_footer(1, 10.0, 90.0, 4000),
        chunks.stream_footer(2, 10.0, 42.0, 3100),
    ]
    levels = _levels(check(write(tmp_path / "x.xdf", parts)))
    for finding in (
        ("lost", "jumps"),
        ("clock-reset", "jumps"),
        ("source-twice", "twin"),
        ("rate", "slow"),
        ("count-footer", "slow"),
    ):
        assert finding in levels, (finding, levels)


@pytest.mark.parametrize(
    ("missing", "doubled", "warned"), [(0, 0, False), (2, 0, False), (3, 0, True), (0, 10, True)]
)
def test_flashes_that_disagree_with_the_protocol_are_warned_of(
    missing: int, doubled: int, warned: bool, tmp_path: Path
) -> None:
    onsets = np.linspace(100.0, 160.0, 40, dtype=np.float64)
    light = onsets[: 40 - missing] + 0.02
    light = np.sort(np.concatenate([light, light[:doubled] + 0.02]))
    row = json.dumps({"event": "onset", "stimulus": "clip", "code": 101})
    parts = [
        chunks.stream_header(1, header_xml("psychopy", "Markers", format_="string")),
        chunks.stream_header(2, header_xml("diode", "Markers", format_="string")),
        chunks.string_samples(1, onsets, [[row]] * 40),
        chunks.string_samples(2, light, [['{"event": "flash_on"}']] * len(light)),
    ]
    report = check(write(tmp_path / "x.xdf", parts))
    told = [f for f in report.findings if f.code == "flashes-disagree"]
    assert [(f.level, f.subject) for f in told] == [("warn", "diode")] * warned
    assert report.stimulus[0].light_extra == doubled
