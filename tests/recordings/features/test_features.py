"""Features of simulated sessions, against the truth of the simulated world."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recordings import open_session
from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.features.physiology import SHORTEST_S, process
from recordings.features.summaries import summary
from recordings.features.task import Settings, export, features
from recordings.features.trace import Place, Trace
from recordings.manifest import Manifest
from recordings.read.grid import grid_of
from tests.recordings.study.simulated_study import make_study

pytest.importorskip("neurokit2")

SECONDS = 90.0
FAULTS = {"02": "unplugged", "03": "lost-samples"}
SCR_DELAY_S = 1.5  # from the flash to the onset: devices.simulation.shapes


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_study(tmp_path_factory.mktemp("features"), 3, SECONDS, FAULTS)


def session_of(study: Path, participant: str) -> Path:
    (found,) = study.glob(f"sub-{participant}/ses-*/sub-*")
    return found


def truth(session: Path, kind: str) -> F64Array:
    with (session / "truth.tsv").open(encoding="utf-8") as file:
        rows = csv.DictReader(file, delimiter="\t")
        return np.array([float(row["time"]) for row in rows if row["kind"] == kind])


def rows_of(path: Path, **settings: Any) -> list[dict[str, Any]]:
    with open_session(path) as session:
        return features(session, Settings(**settings))[0]


def true_rate(beats: F64Array, start: float, stop: float) -> float:
    """Mean over time of the rate between beats, as NeuroKit has it: of the interval that ends."""
    import neurokit2 as nk

    samples = (beats - beats[0]) * 1000
    whole = nk.signal_rate(samples, sampling_rate=1000, desired_length=int(samples[-1]) + 2)
    first, after = ((np.array([start, stop]) - beats[0]) * 1000).astype(int)
    return float(whole[first:after].mean())


def test_the_heart_rate_is_the_true_one_within_a_tenth(study: Path) -> None:
    session = session_of(study, "01")
    beats = truth(session, "heartbeat")
    found = rows_of(session, signals=("ECG", "PPG"))
    assert len(found) == SECONDS / 10
    with open_session(session) as opened:
        start = opened.start
    for row in found[1:-1]:
        expected = true_rate(beats, start + row["start"], start + row["stop"])
        assert row["ECG_Rate_Mean"] == pytest.approx(expected, abs=0.1)
        assert row["ECG_Rate_Mean_EKG"] == pytest.approx(expected, abs=0.1)
        assert row["ECG_Missing"] == 0
        assert 0 <= row["ECG_Quality"] <= 1
        assert row["PPG_Rate_Mean"] == pytest.approx(expected, abs=1.0)  # it comes 0.25 s later


def test_skin_conductance_responses_are_found_at_their_onsets(study: Path) -> None:
    errors: list[float] = []
    for participant in ("01", "02", "03"):
        session = session_of(study, participant)
        with open_session(session) as opened:
            stream = opened["physio"]
            trace = Trace(stream, grid_of(stream), [stream.labels.index("EDA")])
            values, times = trace.read(trace.whole()), trace.times(trace.whole())
        found = process("EDA", values[:, 0], trace.rate_hz, 0.02)
        onsets = times[found.marks["SCR_Onsets"].astype(int)]
        for onset in truth(session, "flash_on") + SCR_DELAY_S:
            around = values[(times > onset - 1.0) & (times < onset + 3.0), 0]
            whole = len(around) > 3.99 * trace.rate_hz and np.isfinite(around).all()
            if whole and onset > times[0] + 3:
                errors.append(float(np.abs(onsets - onset).min()))
    assert len(errors) > 30
    assert np.mean(np.array(errors) < 0.5) >= 0.95
    assert np.median(errors) <= 0.1


def test_nothing_is_said_of_what_is_missing(study: Path) -> None:
    """The physiology is away from second 3 to 5: the stretch before is too short to process."""
    session = session_of(study, "02")
    rows = rows_of(session, length_s=1.0, signals=("ECG", "EDA", "SKT"))
    away = max(rows, key=lambda row: float(row["ECG_Missing"]))
    assert away["ECG_Missing"] > 0.95
    assert np.isnan([away["ECG_Rate_Mean"], away["EDA_Tonic_Mean"], away["SCR_Peaks_N"]]).all()
    before = rows[0]
    assert before["SKT_Missing"] == 0
    assert before["SKT_Mean"] == pytest.approx(33.0, abs=0.2)
    assert SHORTEST_S > 2.0
    assert np.isnan(before["ECG_Rate_Mean"])
    after = rows[-2]
    assert after["ECG_Missing"] == 0
    assert 60 < after["ECG_Rate_Mean"] < 85


def test_lost_samples_are_counted_and_crossed_for_filters_alone(study: Path) -> None:
    session = session_of(study, "03")
    crossed = rows_of(session, signals=("EEG",))
    strict = rows_of(session, signals=("EEG",), bridge_s=0.0)
    missing = np.array([row["EEG_Missing_Oz"] for row in crossed])
    assert 0 < missing.max() < 0.1
    assert np.isfinite([row["EEG_Alpha_Oz"] for row in crossed]).all()
    assert [row["EEG_Missing_Oz"] for row in strict] == missing.tolist()
    alpha = [np.mean([row["EEG_Alpha_Oz"] for row in rows]) for rows in (crossed, strict)]
    assert alpha[0] == pytest.approx(alpha[1], rel=0.5, nan_ok=True)


def test_variability_needs_a_minute_without_a_gap(study: Path) -> None:
    session = session_of(study, "01")
    (long,) = rows_of(session, length_s=60.0, step_s=60.0, signals=("ECG",))
    beats = truth(session, "heartbeat")
    with open_session(session) as opened:
        start = opened.start
    inside = beats[(beats >= start) & (beats < start + 60)]
    assert long["HRV_MeanNN"] == pytest.approx(1000 * np.diff(inside).mean(), abs=0.5)
    assert long["HRV_SDNN"] == pytest.approx(1000 * np.diff(inside).std(ddof=1), abs=1.0)
    (gap, *_) = rows_of(session_of(study, "02"), length_s=60.0, signals=("ECG",))
    assert np.isnan(gap["HRV_RMSSD"])


def test_a_row_a_trial_has_what_the_stimulus_was(study: Path) -> None:
    rows = rows_of(session_of(study, "01"), windows="trial", signals=("EDA",))
    with open_session(session_of(study, "01")) as session:
        trials = [t for t in session.trials() if t.end is not None]
    assert [row["stimulus"] for row in rows] == [t.stimulus for t in trials]
    assert [row["lsl_time"] for row in rows] == [t.onset for t in trials]


def test_the_table_says_what_it_was_made_from(study: Path, tmp_path: Path) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    session = session_of(study, "01")
    with open_session(session) as opened:
        export(opened, tmp_path, Settings(signals=("SKT",)))
    (path,) = tmp_path.rglob("*.parquet")
    stem = "sub-01_ses-01_task-simulated_run-01_desc-sliding_features"
    assert path == tmp_path / "sub-01" / "ses-01" / "beh" / f"{stem}.parquet"
    table = pq.read_table(path).to_pydict()
    assert table["participant"] == ["01"] * 9
    assert set(table) >= {"window", "start", "stop", "SKT_Mean", "SKT_Quality", "SKT_Missing"}
    about = json.loads(path.with_suffix(".json").read_text())
    manifest = Manifest.load(session)
    assert about["Sources"]["manifest"] == manifest.digest()
    assert about["Sources"]["recording.xdf"] == next(
        entry.sha256 for entry in manifest.files if entry.path == "recording.xdf"
    )
    assert about["Simulated"] is True
    assert about["Settings"]["length_s"] == 10.0
    assert str(tmp_path) not in path.with_suffix(".json").read_text()
    dataset = json.loads((tmp_path / "dataset_description.json").read_text())
    assert dataset["DatasetType"] == "derivative"
    assert dataset["GeneratedBy"][0]["Name"] == "Unisono"


def test_what_cannot_be_asked_for_is_said(study: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no signal 'EKG'"):
        Settings(signals=("EKG",))
    with pytest.raises(ValueError, match="length_s"):
        Settings(length_s=0)
    with (
        open_session(session_of(study, "01")) as session,
        pytest.raises(RecordingError, match=r"90.0 s hold no window of 1000 s"),
    ):
        export(session, tmp_path, Settings(length_s=1000.0))


@pytest.mark.parametrize("kind", ["ECG", "PPG", "EDA", "RSP", "EMG"])
def test_nothing_is_told_of_a_line_that_stands_still(kind: str) -> None:
    flat = process(kind, np.full(20_000, 5.3), 1000.0, 0.0)
    assert flat.notes == [f"{kind}: 20.0 s stand still: nothing is told of them"]
    row = summary(flat, Place(0, 10_000, 0), np.arange(10_000) / 1000, event=False)
    assert row.pop(f"{kind}_Quality") in (0.0, pytest.approx(np.nan, nan_ok=True))
    assert row.pop(f"{kind}_Missing") == 0.0
    assert np.isnan(list(row.values())).all()


def test_quality_lies_between_0_and_1_whatever_the_signal() -> None:
    import neurokit2 as nk

    pulse = np.asarray(nk.ppg_simulate(60, sampling_rate=100, random_state=1))
    noise = np.random.default_rng(1).normal(size=12_000)
    for values in (pulse + noise[6000:], noise[:6000]):
        for kind in ("ECG", "PPG"):
            quality = process(kind, values, 100.0, 0.0).quality
            assert np.nanmin(quality) >= 0.0
            assert np.nanmax(quality) <= 1.0


def test_noise_is_no_beat() -> None:
    nothing = process("PPG", np.full(20_000, np.nan), 1000.0, 0.0)
    assert np.isnan(nothing.signals["PPG_Rate"]).all()
    assert nothing.missing.all()


def test_rate_and_volume_of_breath_are_neurokits_own() -> None:
    import neurokit2 as nk

    rate = 200.0
    breath = nk.rsp_simulate(duration=120, sampling_rate=200, respiratory_rate=15, random_state=1)
    signals = process("RSP", np.asarray(breath), rate, 0.02).signals
    own, info = nk.rsp_process(breath, sampling_rate=200)
    inside = slice(int(info["RSP_Troughs"][0]), int(info["RSP_Troughs"][-1]) + 1)
    for name in ("RSP_Rate", "RSP_Amplitude"):
        known = np.isfinite(signals[name])
        known[: inside.start] = known[inside.stop :] = False
        assert known[inside].mean() > 0.9
        np.testing.assert_allclose(signals[name][known], own[name][known], rtol=1e-9)
    found = signals["RSP_RVT"]
    clean = nk.rsp_clean(breath, sampling_rate=200)
    whole = nk.rsp_rvt(clean, sampling_rate=200, method="harrison2021", silent=True)
    known = np.isfinite(found)
    known[: int(5 * rate)] = known[-int(5 * rate) :] = False
    assert known.mean() > 0.8
    np.testing.assert_allclose(found[known], whole[known], atol=0.05 * float(whole.mean()))


@pytest.mark.parametrize("nominal", [250.0, 256.0, 248.0])
def test_beats_are_counted_in_seconds_of_the_recording_computers_clock(nominal: float) -> None:
    """A device that says 256 and sends 250 samples a second: every figure is of true seconds."""
    import neurokit2 as nk

    rate, seconds = 250, 70
    ecg = nk.ecg_simulate(seconds, sampling_rate=rate, heart_rate=60, random_state=1)
    found = process("ECG", np.asarray(ecg), nominal, 0.0, rate)
    place = Place(0, 60 * rate, 0)
    row = summary(found, place, np.arange(60 * rate) / rate, event=False)
    assert row["ECG_Rate_Mean"] == pytest.approx(60.0, abs=0.2)
    assert row["HRV_MeanNN"] == pytest.approx(1000.0, abs=2.0)
    eda = nk.eda_simulate(seconds, sampling_rate=rate, scr_number=5, random_state=1)
    slow = process("EDA", np.asarray(eda), nominal, 0.0, rate)
    rise = (slow.marks["SCR_Peaks"] - slow.marks["SCR_Onsets"]) / rate
    assert slow.values["SCR_RiseTime"] == pytest.approx(rise)


def test_times_after_an_event_are_from_the_event_and_not_from_the_next_sample() -> None:
    import neurokit2 as nk

    eda = nk.eda_simulate(60, sampling_rate=4, scr_number=6, random_state=1)
    found = process("EDA", np.asarray(eda), 4.0, 0.0)
    peak = float(found.marks["SCR_Peaks"][2]) / 4
    event = peak - 3.05  # 0.2 s before the next sample
    first, after = round((event - 2.05) * 4), round((peak + 2) * 4)
    zero = int(np.ceil(event * 4)) - first
    place = Place(first, after, zero)
    row = summary(found, place, np.arange(first, after) / 4 - event, event=True)
    assert row["SCR_Peak_Amplitude_Time"] == pytest.approx(3.05)


def test_a_lead_that_is_off_has_no_quality() -> None:
    import neurokit2 as nk

    ecg = np.asarray(nk.ecg_simulate(60, sampling_rate=250, heart_rate=60, random_state=1))
    ecg[30 * 250 :] = ecg[30 * 250]
    quality = process("ECG", ecg, 250.0, 0.0).quality
    assert quality[5 * 250 : 29 * 250].mean() > 0.8
    assert not quality[31 * 250 :].any()
