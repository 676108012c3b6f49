"""What samples are worth: no number, no change, no room at the top."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from devices.arrays import F64Array
from recordings import open_session
from recordings.certificate import Report, Verdict
from recordings.check.examination import check
from recordings.check.streams import sample_quality
from recordings.read.to_mne import channel_kinds
from recordings.xdf import chunks
from tests.recordings.bare_files import Sent, bare
from tests.recordings.xdf_samples import header_xml, write

RATE = 250.0
COUNT = 5000


def signal() -> F64Array:
    return np.random.default_rng(5).normal(scale=20.0, size=(COUNT, 3))


def checked(
    folder: Path, values: F64Array, type_: str = "EEG", labels: tuple[str, ...] = ()
) -> Report:
    """Check a bare file with one stream of these values."""
    stamps = 100.0 + np.arange(len(values)) / RATE
    xml = header_xml(
        type_=type_, channels=3, rate_hz=RATE, source_id="x", labels=labels or ("Fz", "Cz", "Pz")
    )
    offsets = [chunks.clock_offset(1, t, 0.0) for t in np.arange(100.0, stamps[-1], 5.0).tolist()]
    halves = np.array_split(np.arange(len(values)), 2)
    parts = [
        chunks.stream_header(1, xml),
        *(chunks.samples(1, stamps[h], values[h].astype(np.float32)) for h in halves),
        *offsets,
        chunks.stream_footer(1, float(stamps[0]), float(stamps[-1]), len(values)),
    ]
    return check(write(folder / "a.xdf", parts))


def level(report: Report, code: str) -> str | None:
    return next((f.level for f in report.findings if f.code == code), None)


def test_a_good_signal_passes(tmp_path: Path) -> None:
    report = checked(tmp_path, signal())
    assert report.verdict is Verdict.PASS
    (stream,) = report.streams
    assert (stream.nan_share, stream.inf_share) == (0.0, 0.0)
    assert (stream.constant_share, stream.clipped_share) == (0.0, 0.0)


def test_a_channel_that_is_nan_from_the_middle_on(tmp_path: Path) -> None:
    values = signal()
    values[COUNT // 2 :, 1] = np.nan
    report = checked(tmp_path, values)
    assert report.verdict is Verdict.WARN
    assert level(report, "nan") == "warn"
    assert report.streams[0].nan_share == pytest.approx(0.5)
    (finding,) = [f for f in report.findings if f.code == "nan"]
    assert finding.text.startswith("Cz: up to 50 %")


def test_a_nan_among_thousands_is_said_and_no_warning(tmp_path: Path) -> None:
    values = signal()
    values[7, 0] = np.nan
    report = checked(tmp_path, values)
    assert (report.verdict, level(report, "nan")) == (Verdict.PASS, "info")


def test_a_gaze_may_lose_the_eyes_for_a_while(tmp_path: Path) -> None:
    values = signal()
    values[:1000] = np.nan
    assert level(checked(tmp_path, values, "Gaze"), "nan") == "info"
    values[:3000] = np.nan
    assert level(checked(tmp_path, values, "Gaze"), "nan") == "warn"


def test_one_infinite_value_is_a_warning(tmp_path: Path) -> None:
    values = signal()
    values[9, 2] = -np.inf
    assert level(checked(tmp_path, values), "inf") == "warn"


def test_a_channel_that_stands_still(tmp_path: Path) -> None:
    values = signal()
    values[1000:, 0] = values[1000, 0]  # over the ends of chunks
    report = checked(tmp_path, values)
    assert level(report, "constant") == "warn"
    assert report.streams[0].constant_share == pytest.approx(0.8)
    # A trigger line, and whatever is no body signal, may.
    assert level(checked(tmp_path, values, labels=("Trigger", "Cz", "Pz")), "constant") is None
    assert level(checked(tmp_path, values, "Light"), "constant") is None


def test_an_amplifier_at_its_limits(tmp_path: Path) -> None:
    values = np.clip(100.0 * np.sin(np.arange(COUNT) / 20.0)[:, None] + signal(), -90.0, 90.0)
    report = checked(tmp_path, values)
    assert level(report, "clipped") == "warn"
    assert level(report, "constant") is None
    held = report.streams[0].clipped_share
    assert held is not None
    assert 0.1 < held < 0.6


def test_one_value_for_less_than_a_second_is_no_clipping(tmp_path: Path) -> None:
    """It was at both ends of its range: "up to 200 % of the samples"."""
    report = checked(tmp_path, np.zeros((200, 3)))
    assert level(report, "clipped") is None
    assert report.streams[0].clipped_share == 0.0


@pytest.mark.parametrize("bits", [8, 10, 12])
def test_a_slow_signal_of_a_coarse_converter_does_not_clip(tmp_path: Path, bits: int) -> None:
    """It stays at the turn of a wave, and no amplifier is at its limits."""
    step = 10.0 / 2**bits
    slow = 4.0 + np.sin(np.arange(COUNT) / 300.0)[:, None] * [1.0, 0.5, 0.2]
    assert level(checked(tmp_path, (slow / step).round() * step), "clipped") is None
    wave = 4.0 + np.sin(np.arange(COUNT) / 20.0)[:, None] * [1.0, 2.0, 3.0]
    cut = np.clip(wave, 3.3, 4.7)
    assert level(checked(tmp_path, (cut / step).round() * step), "clipped") == "warn"


def test_the_figures_do_not_depend_on_the_windows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = np.clip(signal(), -25.0, 25.0)
    values[500:1800, 1] = 3.0
    whole = checked(tmp_path, values).streams[0]
    monkeypatch.setattr(sample_quality, "WINDOW", 97)
    assert checked(tmp_path, values).streams[0] == whole


def test_a_lab_may_fail_what_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "thresholds.toml").write_text("nan_share = { fail = 0.1 }\n")
    values = signal()
    values[: COUNT // 2] = np.nan
    report = checked(tmp_path, values)
    assert (report.verdict, level(report, "nan")) == (Verdict.FAIL, "fail")


def test_a_log_without_a_rate_may_not_know(tmp_path: Path) -> None:
    """The frames of a stimulus player name no clip where none is on."""
    rows = np.column_stack([np.arange(50.0), np.full(50, np.nan)])
    log = Sent("frames", "Presentation", 0.0, rows, np.arange(50.0) + 5000)
    report = check(bare(tmp_path / "log.xdf", log))
    assert [f.level for f in report.findings if f.code == "nan"] == ["info"]


@pytest.mark.parametrize("label", ["HardwareMarker", "Hardware Marker", "PACKET_COUNTER", "Status"])
def test_what_is_no_electrode_may_stand_still(tmp_path: Path, label: str) -> None:
    """What an export takes for no electrode was warned of: check its cable."""
    values = np.random.default_rng(3).normal(0, 20, (2500, 2)).astype(np.float32)
    values[:, 1] = 0.0
    path = bare(tmp_path / "a.xdf", Sent("EEG", "EEG", 250.0, values, labels=("Fz", label)))
    assert not [f for f in check(path).findings if f.code == "constant"]
    with open_session(path) as session:
        assert channel_kinds(session["EEG"]) == ["eeg", "misc"]
