"""A sensor that was away for minutes takes nothing from the rest of its session."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recordings import open_session
from recordings.dataset.signals import readers
from recordings.errors import RecordingError
from recordings.features.task import Settings, features
from recordings.features.windows import Window
from tests.recordings.bare_files import START, Sent, bare, eeg
from tests.recordings.xdf_samples import header_xml

RATE = 50.0
TIMES = np.arange(round(400 * RATE)) / RATE


def skin_temperature(times: np.ndarray) -> Sent:
    values = (33.0 + 0.001 * TIMES)[: len(times), None].astype(np.float32)
    return Sent("skin", "SKT", RATE, values, START + times, ("SKT",), ("celsius",))


def test_what_was_away_is_missing_in_its_own_columns_alone(tmp_path: Path) -> None:
    kept = TIMES[(TIMES < 100) | (TIMES >= 250)]
    with open_session(bare(tmp_path / "a.xdf", eeg(400.0), skin_temperature(kept))) as session:
        rows, notes = features(session, Settings(length_s=50.0))
    assert [row["SKT_Missing"] for row in rows[:7]] == pytest.approx([0, 0, 1, 1, 1, 0, 0])
    assert np.isnan([row["SKT_Mean"] for row in rows[2:5]]).all()
    assert [row["EEG_Missing_Fz"] for row in rows[:7]] == [0] * 7
    assert notes == []


def amplifier(stamps: np.ndarray, seconds: np.ndarray) -> Sent:
    """Alpha of 200 µV², as it was at `seconds`."""
    wave = 20 * np.sin(2 * np.pi * 10 * seconds)[:, None].astype(np.float32)
    return Sent("amp", "EEG", RATE, wave, START + stamps, ("Fz",), ("microvolts",))


def test_longer_away_than_there_is_missing_and_changes_no_rate(tmp_path: Path) -> None:
    kept = TIMES[(TIMES < 45) | ((TIMES >= 175) & (TIMES < 205))]
    with open_session(bare(tmp_path / "a.xdf", amplifier(kept, kept), eeg(205.0))) as session:
        rows, _ = features(session, Settings(length_s=10.0))
        (reader,) = readers(session, {"amp": 25.0}).values()
        cuts = [reader.read(Window(START + at, START + at + 10, START)) for at in (40, 90, 180)]
    missing = [row["EEG_Missing_Fz_amp"] for row in rows]
    assert missing == pytest.approx([0] * 4 + [0.5] + [1] * 12 + [0.5, 0, 0])
    powers = np.array([row["EEG_Alpha_Fz_amp"] for row in rows])
    assert powers[np.array(missing) < 1] == pytest.approx(200, rel=0.02)
    assert np.isnan(powers[np.array(missing) == 1]).all()
    for cut in cuts:
        inside = (cut.times >= 45) & (cut.times < 175)
        assert not cut.mask[inside].any()
        assert cut.mask[(cut.times < 44) | (cut.times > 176)].all()


def test_a_clock_that_was_set_back_changes_no_rate(tmp_path: Path) -> None:
    seconds = TIMES[TIMES < 300]
    set_back = seconds - np.where(seconds >= 150, 55.0, 0.0)
    with open_session(bare(tmp_path / "a.xdf", amplifier(set_back, seconds))) as session:
        rows, (note,) = features(session, Settings(length_s=10.0))
    assert "a clock was set" in note
    assert [row["EEG_Alpha_Fz"] for row in rows] == pytest.approx([200] * 24, rel=0.02)


def test_stamps_of_packets_are_no_clock_that_was_set_back(tmp_path: Path) -> None:
    """Where a device may leave samples out stamps stay as they are: ten alike, or a little back."""
    seconds = TIMES[TIMES < 100]
    stamps = seconds[np.arange(len(seconds)) // 10 * 10] - 0.01 * (np.arange(len(seconds)) % 2)
    plain = amplifier(stamps, seconds)
    desc = (
        "<synchronization><can_drop_samples>true</can_drop_samples></synchronization>"
        "<channels><channel><label>Fz</label><unit>microvolts</unit></channel></channels>"
    )
    header = header_xml("amp", "EEG", 1, RATE, "float32", desc=desc)
    with open_session(bare(tmp_path / "a.xdf", replace(plain, header=header))) as session:
        assert session["amp"].xdf.info.can_drop_samples
        rows, _ = features(session, Settings(length_s=10.0))
    assert [row["EEG_Alpha_Fz"] for row in rows[:9]] == pytest.approx([200] * 9, rel=0.02)


@pytest.mark.parametrize("jump", [-150.0, 5000.0])
def test_a_clock_that_was_set_is_no_sensor_that_was_away(tmp_path: Path, jump: float) -> None:
    times = TIMES + np.where(TIMES >= 200, jump, 0.0)
    with open_session(bare(tmp_path / "a.xdf", eeg(400.0), skin_temperature(times))) as session:
        (row, *_), notes = features(session, Settings(length_s=50.0))
        with pytest.raises(RecordingError, match=r"its stamps jump by"):
            features(session, Settings(length_s=50.0, signals=("SKT",)))
    assert not [name for name in row if name.startswith("SKT")]
    assert row["EEG_Missing_Fz"] == 0
    assert any("skin: its stamps jump by" in n and n.endswith("; left out") for n in notes)
