"""What the check says of values and stamps of other programs, and of what is as it should be."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from recordings import open_session
from recordings.arrays import F64Array
from recordings.certificate import CountedGap, Report, StreamReport
from recordings.check.examination import check
from recordings.check.streams.losses import loss_findings
from recordings.errors import RecordingError
from recordings.read.foreign.signal_files import session_streams
from recordings.xdf.header import StreamInfo
from tests.recordings.bare_files import START, Sent, bare, eeg, texts
from tests.recordings.xdf_samples import header_xml


def said(report: Report) -> dict[tuple[str, str], str]:
    return {(f.code, f.level): f"{f.subject}: {f.text}" for f in report.findings}


def test_values_that_are_no_measurement(tmp_path: Path) -> None:
    data = np.random.default_rng(1).normal(0, 20, (3000, 5)).astype(np.float32)
    data[:, 0], data[:, 1], data[5, 2], data[7, 2], data[300:2000, 3] = 7, np.nan, np.nan, np.inf, 4
    eyes = np.random.default_rng(2).normal(0, 20, (720, 2))
    labels = ("Fz", "Cz", "Pz", "Oz", "C3")
    amp = Sent("amp", "EEG", 250.0, data, labels=labels, units=("uV",) * 5)
    eye = Sent("eye", "Gaze", 60.0, np.where(eyes > -10, eyes, np.nan))
    found = said(check(bare(tmp_path / "a.xdf", amp, eye)))
    assert found["nan", "warn"].startswith("amp: Cz, Pz: up to 100 % of the samples")
    assert found["inf", "warn"].startswith("amp: Pz")
    assert found["constant", "warn"].startswith("amp: Fz, Oz")
    assert found["nan", "info"].startswith("eye: ")


def test_what_a_log_does_not_know_is_no_fault_and_rows_of_nothing_are(tmp_path: Path) -> None:
    rows = np.arange(600.0).reshape(200, 3)
    rows[:, 2] = np.nan  # no film was on
    log = Sent("frames", "Presentation", 0.0, rows, labels=("frame", "due", "clip_frame"))
    dead = Sent("ring", "PPG", 0.0, np.where(np.arange(200)[:, None] < 90, rows[:, :2], np.nan))
    report = check(bare(tmp_path / "a.xdf", eeg(12.0), log, dead))
    found = {f.subject: f for f in report.findings if f.code == "nan"}
    assert (found["frames"].level, found["frames"].remedy) == ("info", "")
    assert found["frames"].text.startswith("clip_frame: up to 100 % of the rows have no number")
    assert "limit" not in found["frames"].text
    assert found["ring"].level == "warn"
    assert "up to 55 %" in found["ring"].text


def test_a_stream_of_another_clock_and_one_that_went(tmp_path: Path) -> None:
    marks = texts("Mk", ["a", "b"], [1.7e9, 1.7e9 + 3])
    short = Sent("ACC", "ACC", 50.0, np.ones((300, 1), np.float32) * np.arange(300)[:, None])
    found = said(check(bare(tmp_path / "a.xdf", eeg(12.0), marks, short)))
    assert found["another-clock", "warn"].startswith("Mk: all its stamps lie 54 years from")
    assert found["ends-early", "warn"].startswith("ACC: ends 6.0")
    assert ("begins-late", "warn") not in found
    near = texts("Mk", ["a", "b", "c"], [START - 5, START + 1, START + 30])
    found = said(check(bare(tmp_path / "b.xdf", eeg(), near)))
    outside = "Mk: 2 of 3 markers lie before or after all signals"
    assert found["markers-outside", "info"] == outside
    assert not {"another-clock", "ends-early", "begins-late"} & {code for code, _ in found}


def test_stamps_that_cannot_be_true_and_those_that_jump(tmp_path: Path) -> None:
    times = START + np.arange(2500) / 250
    times[[0, 700]] += 200_000
    ends = texts("Mk", ["a", "b"], [START, START + 9])
    report = check(bare(tmp_path / "a.xdf", eeg(times=times), eeg(), ends))
    found = said(report)
    assert found["stamps-wrong", "warn"].startswith("EEG (EEG) #1: 2 of 2500 stamps cannot be true")
    assert ("stamps-beyond-offsets", "warn") not in found
    assert [pair.axes_ms < 10 for pair in report.pairs] == [True] * 3
    assert ("ends-early", "warn") not in found
    times = START + np.arange(2500) / 250
    times[1250:] += 200_000
    found = said(check(bare(tmp_path / "b.xdf", eeg(times=times))))
    assert found["stamps-jump", "warn"] == "EEG: stamps jump by 2 days and stay there"


@pytest.mark.parametrize(
    ("types", "warned"), [(("EEG", "ACC", "GYRO"), False), (("EEG", "EEG"), True)]
)
def test_a_headset_of_several_kinds_has_one_source(
    tmp_path: Path, types: tuple[str, ...], warned: bool
) -> None:
    rng = np.random.default_rng(1)
    streams = [Sent("Muse", t, 50.0, rng.normal(size=(300, 2)), source_id="Muse_00") for t in types]
    found = said(check(bare(tmp_path / "a.xdf", *streams)))
    assert (("source-twice", "warn") in found) is warned


@pytest.mark.parametrize(
    "times",
    [
        np.full(2500, START),
        START - np.arange(2500) / 250,
        np.full(2500, np.nan),
        START + np.arange(2500) / 250 + 86_400.0 * (np.arange(2500) % 2),
    ],
    ids=["still", "backwards", "no numbers", "two clocks in turn"],
)
def test_stamps_that_tell_no_time(tmp_path: Path, times: F64Array) -> None:
    path = bare(tmp_path / "a.xdf", eeg(times=times), Sent("b", "ECG", 100.0, sine(1000)))
    report = check(path)
    found = said(report)
    assert "they tell no time" in found["stamps-still", "warn"]
    assert not report.pairs
    assert {code for code, _ in found} <= TIMELESS
    with open_session(path) as session:
        assert session["EEG"].pace.losses == ()
        with pytest.raises(RecordingError, match="tell no time"):
            session.to_mne("EEG")
        signals = session_streams(session)
    assert [stream.name for stream in signals.streams] == ["b"]
    assert "they tell no time; left out" in signals.notes[0]


TIMELESS = {
    *("stamps-still", "stamps-nan", "no-offsets", "offsets-garbage", "duplicates", "stamps-back"),
    *("loss-unseen", "latency-unmeasured", "clock-reset", "clock-interpolated"),
    "stamps-beyond-offsets",
}


def sine(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    return np.sin(np.arange(count, dtype=np.float32) / 7)[:, None]


@pytest.mark.parametrize(("nominal", "true"), [(1000.0, 250.0), (60.0, 250.0), (1e9, 250.0)])
def test_a_wrong_nominal_rate_shows_in_few_seconds(
    tmp_path: Path, nominal: float, true: float
) -> None:
    times = START + np.arange(1000) / true
    path = bare(tmp_path / "a.xdf", Sent("a", "EEG", nominal, sine(1000), times), eeg())
    report = check(path)
    assert "effective rate 250.00 Hz" in said(report)["rate", "warn"]
    assert report.pairs[0].axes_ms < 10


@pytest.mark.parametrize("rate", ["nan", "inf", "-250", "fast"])
def test_a_rate_that_is_none_is_said(tmp_path: Path, rate: str) -> None:
    xml = header_xml("a", "EEG", 1, 0.0, "float32").replace(
        "<nominal_srate>0.0<", f"<nominal_srate>{rate}<"
    )
    sent = Sent("a", "EEG", 250.0, sine(500), header=xml)
    found = said(check(bare(tmp_path / "a.xdf", sent, eeg())))
    assert f"a: its nominal rate is '{rate}'" in found["rate-unusable", "warn"]


def test_a_signal_of_a_moment_is_no_pass(tmp_path: Path) -> None:
    for count in (1, 2, 15):
        sent = Sent("a", "EEG", 250.0, sine(count))
        report = check(bare(tmp_path / f"{count}.xdf", sent, texts("Mk", ["x"], [START])))
        assert f"{count} samples in all" in said(report)["few-samples", "warn"]
        assert "stamps of a" in report.pairs[0].unmeasured
    slow = Sent("a", "Temperature", 0.1, sine(10))
    assert ("few-samples", "warn") not in said(check(bare(tmp_path / "slow.xdf", slow)))


def test_a_pause_by_hand_is_said_to_look_like_a_loss(tmp_path: Path) -> None:
    times = START + np.arange(5000) / 250
    times[2500:] += 12.3
    text = said(check(bare(tmp_path / "a.xdf", eeg(20.0, times=times))))["lost", "warn"]
    assert "3,075 samples lost in one gap of 12.3 s" in text
    assert "if the device was paused by hand, the 3,075 samples of this gap were never" in text
    times[2500:] -= 12.3 - 0.4  # nobody is so quick
    text = said(check(bare(tmp_path / "b.xdf", eeg(20.0, times=times))))["lost", "warn"]
    assert "100 samples lost" in text
    assert "paused" not in text


def test_many_breaks_are_one_finding(tmp_path: Path) -> None:
    times = np.concatenate([START + 7200 * n + np.arange(300) / 100 for n in range(30)])
    report = check(bare(tmp_path / "a.xdf", Sent("a", "ECG", 100.0, sine(9000), times)))
    (found,) = [f for f in report.findings if f.code == "break"]
    assert re.search(r"leap in 2\d places, by 7.2e\+03 s at most; none is counted", found.text)


def test_losses_that_a_device_counts_beside_a_gap_are_not_put_into_it() -> None:
    """185 lost blocks of sound, each with its row, were told as one gap of 64.5 ms."""
    report = StreamReport(
        name="voice",
        type="SoundBlocks",
        channels=7,
        samples=746,
        lost=185,
        duplicates=0,
        rate_hz=47,
    )
    gap = CountedGap(start=8.0, end=8.0645, lost=2)
    info = StreamInfo(header_xml("voice", "SoundBlocks", 7, 47.0).encode())
    (finding,) = loss_findings(report, None, (gap,), info)
    assert "185 samples lost (25 % of all)" in finding.text
    (all_of_it,) = loss_findings(report.model_copy(update={"lost": 2}), None, (gap,), info)
    assert "in one gap of 64.5 ms" in all_of_it.text


def test_two_streams_of_one_name_are_told_apart_in_all_that_is_said(tmp_path: Path) -> None:
    """`Muse – Muse` was one of six pairs; a lab's limit judged one stream by the other's figure."""
    values = np.random.default_rng(6).normal(0, 20, (2500, 2)).astype(np.float32)
    lost = values.copy()
    lost[:1000] = np.nan
    streams = [
        Sent("Muse", "EEG", 250.0, lost),
        Sent("Muse", "ACC", 250.0, values),
        Sent("Muse", "ACC", 250.0, values),
        Sent("Other", "ACC", 250.0, values),
    ]
    path = bare(tmp_path / "a.xdf", *streams)
    limits = tmp_path / "thresholds.toml"
    limits.write_text("nan_share = { warn = 0.1, fail = 0.2 }\n", encoding="utf-8")
    report = check(path, thresholds=limits)
    names = ["Muse (EEG)", "Muse (ACC) #2", "Muse (ACC) #3", "Other"]
    assert [stream.name for stream in report.streams] == names
    assert [(pair.a, pair.b) for pair in report.pairs] == list(combinations(names, 2))
    assert report.verdict == "FAIL"
    assert [f.subject for f in report.findings if f.code == "nan"] == ["Muse (EEG)"]
    with open_session(path) as session:
        for name, stream in zip(names, session.streams, strict=True):
            assert session[name] is stream


@pytest.mark.parametrize("stamp", [np.nan, np.inf, -1.7e308, 1.7e12])
def test_a_stamp_beyond_every_clock_is_counted(tmp_path: Path, stamp: float) -> None:
    times = START + np.arange(2500) / 250
    times[700] = stamp
    found = said(check(bare(tmp_path / "a.xdf", eeg(times=times))))
    assert found["stamps-nan", "warn"].startswith("EEG: 1 of 2,500 stamps are no numbers")


def test_markers_without_a_time_are_nowhere(tmp_path: Path) -> None:
    unix_ms = texts("Mk", ["a", "b"], [1.7e12, 1.7e12 + 1000])
    found = said(check(bare(tmp_path / "a.xdf", eeg(), unix_ms)))
    assert "stamps-still" in {code for code, _ in found}
    assert "markers-outside" not in {code for code, _ in found}


@pytest.mark.parametrize(
    ("times", "level", "text"),
    [
        ([START - 9, START - 8], "warn", "2 of 2 markers lie before or after all signals"),
        ([START + 1, 1.7e9], "warn", "1 of 2 markers lie before or after all signals, up to 54"),
        ([START + 1, START + 20], "info", "1 of 2 markers lie before or after all signals"),
    ],
)
def test_a_recording_passes_not_whose_events_are_all_elsewhere(
    tmp_path: Path, times: list[float], level: str, text: str
) -> None:
    found = said(check(bare(tmp_path / "a.xdf", eeg(), texts("Mk", ["a", "b"], times))))
    assert found["markers-outside", level].startswith(f"Mk: {text}")
    assert ("stamped by another clock" in found["markers-outside", level]) is (times[1] > 1e9)


@pytest.mark.parametrize(("type_", "warned"), [("EEG", True), ("ecg", True), ("HR", False)])
def test_a_signal_that_announces_no_rate_is_warned_of(
    tmp_path: Path, type_: str, warned: bool
) -> None:
    times = START + np.arange(500) / 100
    found = said(check(bare(tmp_path / "a.xdf", Sent("a", type_, 0.0, sine(500), times))))
    assert (("rate-unusable", "warn") in found) is warned


@pytest.mark.parametrize(("labels", "level"), [(1, "info"), (2, ""), (3, "warn")])
def test_a_header_that_describes_other_channels_than_there_are(
    tmp_path: Path, labels: int, level: str
) -> None:
    names = ("Fz", "Cz", "Pz")[:labels]
    path = bare(tmp_path / "a.xdf", eeg(labels=names, units=("uV",) * labels))
    found = {f.code: f for f in check(path).findings}
    assert ("channels-described" in found) is bool(level)
    if level:
        assert found["channels-described"].level == level
        assert f"describes {labels} channels" in found["channels-described"].text
