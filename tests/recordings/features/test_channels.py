"""Which channels become which columns, whoever has labelled them and in whatever unit they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import numpy as np
import pytest

from recordings import open_session
from recordings.arrays import F64Array
from recordings.dataset.signals import readers
from recordings.errors import RecordingError
from recordings.features.task import Settings, features
from recordings.features.windows import Window
from recordings.xdf import chunks
from tests.recordings.bare_files import START, Sent, bare, texts
from tests.recordings.xdf_samples import header_xml

pytest.importorskip("neurokit2")

RATE = 250
SECONDS = 20
TIMES = np.arange(SECONDS * RATE) / RATE
ALPHA = 20.0 * np.sin(2 * np.pi * 10.0 * TIMES)  # µV: 200 µV² in the band


def sent(
    name: str, type_: str, data: F64Array, *channels: Sequence[str], rate_hz: float = RATE
) -> Sent:
    """A stream whose channels are told as (label, unit, kind); none at all where there are none."""
    rows = "".join(
        "<channel>" + "".join(f"<{tag}>{escape(text)}</{tag}>" for tag, text in told) + "</channel>"
        for told in (zip(("label", "unit", "type"), one, strict=True) for one in channels)
    )
    desc = f"<channels>{rows}</channels>" if rows else ""
    columns = np.asarray(data, np.float64).reshape(len(data), -1)
    count, word = columns.shape[1], chunks.CHANNEL_FORMATS["float64"]
    header = header_xml(name, type_, count, rate_hz, word, desc=desc)
    times = START + TIMES[: len(columns)] if not rate_hz else None
    return Sent(name, type_, rate_hz, columns, times, header=header)


def row_of(folder: Path, *streams: Sent, **settings: Any) -> tuple[dict[str, Any], list[str]]:
    with open_session(bare(folder / "a.xdf", *streams)) as session:
        rows, notes = features(session, Settings(length_s=SECONDS - 1, **settings))
    return rows[0], notes


def ecg(rate: int) -> F64Array:
    import neurokit2 as nk

    found = nk.ecg_simulate(SECONDS, sampling_rate=RATE, heart_rate=rate, random_state=1)
    return np.asarray(found, np.float64)


@pytest.mark.parametrize(
    ("labels", "columns"),
    [
        (("额极", "中央", "枕"), ("额极", "中央", "枕")),
        (("F3", "F3'", "F3+"), ("F3", "F3_2", "F3_3")),
        (("Fp1-A1", "Fp1 A1", "Cz"), ("Fp1_A1", "Fp1_A1_2", "Cz")),
    ],
)
def test_no_electrode_stands_in_anothers_column(
    tmp_path: Path, labels: tuple[str, ...], columns: tuple[str, ...]
) -> None:
    data = np.stack([ALPHA, 2 * ALPHA, 3 * ALPHA], axis=1)
    row, _ = row_of(tmp_path, sent("amp", "EEG", data, *((la, "uV", "EEG") for la in labels)))
    powers = [row[f"EEG_Alpha_{column}"] for column in columns]
    assert powers == pytest.approx([200, 800, 1800], rel=0.02)


@pytest.mark.parametrize("first", ["a", "b"])
def test_two_amplifiers_have_columns_of_their_own_in_whichever_order(
    tmp_path: Path, first: str
) -> None:
    streams = {
        "a": sent("a", "EEG", np.stack([ALPHA, ALPHA], axis=1), *(("Fz", "", ""), ("Cz", "", ""))),
        "b": sent(
            "b", "EEG", np.stack([ALPHA, ALPHA], axis=1) * 10, ("Fz", "", ""), ("Oz", "", "")
        ),
    }
    order = sorted(streams, key=lambda name: name != first)
    row, _ = row_of(tmp_path, *(streams[name] for name in order))
    assert row["EEG_Alpha_Fz"] == row["EEG_Alpha_Cz"] == pytest.approx(200, rel=0.02)
    with open_session(tmp_path / "a.xdf") as session:
        (reader,) = readers(session, {"eeg": 50}).values()
        values = reader.read(Window(START + 5.0, START + 9.0, START + 5.0)).values
    assert reader.labels == ("Fz", "Cz")
    assert np.abs(values).max() < 21
    assert row["EEG_Alpha_Fz_b"] == row["EEG_Alpha_Oz"] == pytest.approx(20_000, rel=0.02)


@pytest.mark.parametrize("first", ["belt", "chest"])
def test_the_first_ecg_is_the_same_in_whichever_order_streams_were_found(
    tmp_path: Path, first: str
) -> None:
    rates = {"belt": 60, "chest": 90}
    streams = [sent(name, "ECG", ecg(rates[name]), ("ECG", "mV", "ECG")) for name in rates]
    row, _ = row_of(tmp_path, *sorted(streams, key=lambda one: one.name != first))
    assert row["ECG_Rate_Mean"] == pytest.approx(60, abs=1)
    assert row["ECG_Rate_Mean_ECG"] == pytest.approx(90, abs=1)


@pytest.mark.parametrize(
    ("type_", "channels"),
    [
        ("ECG", [()]),  # nothing but the stream's type
        ("ECG", [("I", "mV", "")]),
        ("Physio", [("ECG", "mV", "AUX")]),
        ("Physio", [("channel 3", "mV", "EKG")]),
        ("Physio", [("ECG rate", "BPM", ""), ("ECG", "mV", "")]),
        ("Physio", [("ECG rate", "BPM", "ECG"), ("ECG", "mV", "ECG")]),
    ],
)
def test_a_body_signal_is_known_by_whatever_says_so(
    tmp_path: Path, type_: str, channels: list[tuple[str, ...]]
) -> None:
    data = np.stack([np.full(len(TIMES), 60.0), ecg(60)], axis=1)[:, -len(channels) :]
    row, _ = row_of(tmp_path, sent("a", type_, data, *filter(None, channels)))
    rates = [name for name in row if name.startswith("ECG_Rate")]
    assert rates == ["ECG_Rate_Mean"]
    assert row["ECG_Rate_Mean"] == pytest.approx(60, abs=1)


@pytest.mark.parametrize(
    ("volts", "siemens", "factors"),
    [
        ("microvolts", "microsiemens", (1.0, 1.0)),
        ("V", "S", (1e-6, 1e-6)),
        ("mV", "nS", (1e-3, 1e3)),
        ("", "", (1.0, 1.0)),
    ],
)
def test_columns_have_the_same_unit_whatever_the_file_has(
    tmp_path: Path, volts: str, siemens: str, factors: tuple[float, float]
) -> None:
    import neurokit2 as nk

    eda = np.asarray(nk.eda_simulate(SECONDS, sampling_rate=RATE, random_state=1)) + 2.0
    amplifier = sent("amp", "EEG", ALPHA * factors[0], ("Fz", volts, "EEG"))
    body = sent("body", "Physio", eda * factors[1], ("EDA", siemens, "EDA"))
    row, notes = row_of(tmp_path, amplifier, body)
    assert row["EEG_Alpha_Fz"] == pytest.approx(200, rel=0.02)
    assert row["EDA_Tonic_Mean"] == pytest.approx(2.0, abs=1.5)
    assert notes == []


def test_what_gives_no_column_is_said(tmp_path: Path) -> None:
    streams = (
        sent("amp", "EEG", ALPHA, ("Fz", "counts", "EEG")),
        sent("odd", "Physio", ALPHA, ("EDA", "kOhm", "EDA")),
        sent("slow", "Physio", ALPHA[::50], ("RSP", "V", "RSP"), rate_hz=0.0),
    )
    _, notes = row_of(tmp_path, *streams)
    told = "\n".join(notes)
    assert "amp: no electrodes, for their unit is no voltage: Fz" in told
    assert "odd, EDA: unit 'kOhm' is none of EDA: values are as they are in the file" in told
    assert "slow: RSP without a rate: no features of it" in told
    _, notes = row_of(tmp_path, streams[1], signals=("PPG",))
    assert notes == ["no PPG is in this session"]
    _, notes = row_of(tmp_path, streams[1], signals=("motion", "EDA"))
    assert "no motion is in this session; run unisono motion on it" in notes
    _, notes = row_of(tmp_path, sent("loads", "Force", ALPHA, ("left", "N", "Force")))
    assert notes[0].startswith("no channel is one of EEG, ECG, PPG, EDA, RSP, SKT, EMG, by its")


@pytest.mark.parametrize("announced", [200, 320])
def test_bands_are_those_of_the_true_rate(tmp_path: Path, announced: float) -> None:
    amplifier = sent("amp", "EEG", ALPHA, ("Fz", "uV", "EEG"), rate_hz=announced)
    row, _ = row_of(tmp_path, replace(amplifier, times=START + TIMES))
    assert row["EEG_Alpha_Fz"] == pytest.approx(200, rel=0.02)
    assert row["EEG_Theta_Fz"] + row["EEG_Beta_Fz"] < 4


@pytest.mark.parametrize("announced", [25, 125, 1000])
def test_nothing_goes_by_a_rate_that_is_announced_wrongly(tmp_path: Path, announced: float) -> None:
    found = []
    for rate_hz in (RATE, announced):
        amplifier = sent("amp", "EEG", ALPHA, ("Fz", "uV", "EEG"), rate_hz=rate_hz)
        body = sent("body", "Physio", ecg(70), ("ECG", "mV", "ECG"), rate_hz=rate_hz)
        streams = [replace(stream, times=START + TIMES) for stream in (amplifier, body)]
        row, _ = row_of(tmp_path, *streams)
        with open_session(tmp_path / "a.xdf") as session:
            (reader,) = readers(session, {"eeg": 100}).values()
            values = reader.read(Window(START + 5.0, START + 9.0, START)).values
        found.append((row["ECG_Rate_Mean"], row["ECG_Quality"], row["EEG_Alpha_Fz"], values))
    for right, told in zip(*found, strict=True):
        assert told == pytest.approx(right, rel=1e-3)


@pytest.mark.parametrize("announced", [25, RATE, 1000])
def test_a_stream_that_comes_late_is_missing_for_so_long(tmp_path: Path, announced: float) -> None:
    late = sent("late", "EEG", ALPHA, ("Fz", "uV", "EEG"), rate_hz=announced)
    first = sent("first", "EEG", ALPHA, ("Cz", "uV", "EEG"))
    row, _ = row_of(tmp_path, first, replace(late, times=START + 10 + TIMES))
    assert row["EEG_Missing_Cz"] == 0
    assert row["EEG_Missing_Fz"] == pytest.approx(10 / (SECONDS - 1), abs=1e-3)


def test_a_stream_that_tells_no_time_costs_the_others_nothing(tmp_path: Path) -> None:
    still = replace(
        sent("aaa", "EEG", ALPHA, ("Fz", "uV", "EEG")), times=np.full(len(ALPHA), START)
    )
    sound = sent("amp", "EEG", ALPHA, ("Fz", "uV", "EEG"))
    row, notes = row_of(tmp_path, still, sound)
    assert row["EEG_Alpha_Fz_amp"] == pytest.approx(200, rel=0.02)
    assert "EEG_Alpha_Fz" not in row, "a column that others have of another stream"
    (note,) = notes
    assert note.startswith("aaa: its stamps do not go on")
    for streams, settings in (((still, sound), {"streams": ("aaa",)}), ((still,), {})):
        with pytest.raises(RecordingError, match="aaa: its stamps do not go on"):
            row_of(tmp_path, *streams, **settings)


def test_a_session_without_a_signal_says_so(tmp_path: Path) -> None:
    marks = texts("marks", ["a", "b"], [START, START + SECONDS])
    assert row_of(tmp_path, marks)[1] == ["no signal in this session"]
