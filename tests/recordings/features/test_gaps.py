"""A sensor that was away for minutes takes nothing from the rest of its session."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings import open_session
from recordings.errors import RecordingError
from recordings.features.task import Settings, features
from tests.recordings.bare_files import START, Sent, bare, eeg

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
