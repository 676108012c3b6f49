"""MNE's view of a session: gaps, units, and markers at the samples they belong to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recordings import open_session
from recordings.errors import RecordingError
from recordings.read.markers import Marker, SessionMarker
from recordings.read.trials import pair_stimuli
from tests.recordings.simulated_session import Plan, make_session


def test_gaps_units_and_markers_at_their_samples(tmp_path: Path) -> None:
    folder = make_session(tmp_path, Plan(seconds=12.0, eeg_gap=(6.0, 6.5), drift_ppm=300.0))
    with open_session(folder) as session:
        raw = session.to_mne()
        values = session["eeg"].read()[1]
    assert raw.info["sfreq"] == 1000.0
    assert raw.get_channel_types() == ["eeg", "eog", "ecg", "stim"]
    assert raw.n_times == pytest.approx(12000, abs=5)
    skips = [a for a in raw.annotations if a["description"] == "BAD_ACQ_SKIP"]
    assert [round(a["duration"], 2) for a in skips] == [0.5]
    np.testing.assert_allclose(raw.get_data()[0, :100], values[:100, 0] * 1e-6, rtol=1e-6)
    # The trigger channel steps in the sample at which the marker was put, a sample of doubt.
    trigger = raw.get_data(picks=["Trigger"])[0]
    onsets = [a for a in raw.annotations if a["description"].startswith("onset/")]
    outside = [a for a in onsets if not 5.9 < a["onset"] < 6.6]
    assert len(outside) > 1
    for a in outside:
        code, at = int(a["description"].rsplit("/", 1)[1]), round(a["onset"] * 1000)
        assert code in trigger[at - 1 : at + 3]
        assert trigger[at - 3] != code


def test_trials_and_columns(tmp_path: Path) -> None:
    with open_session(make_session(tmp_path, Plan(seconds=12.0))) as session:
        onsets = [m.time for m in session.markers("protocol") if m.event == "onset"]
        trials = session.trials()
        assert [trial.onset for trial in trials] == onsets
        assert any(trial.duration_s for trial in trials)
        assert all(trial.duration_s is None or trial.duration_s > 0 for trial in trials)
        table = session.marker_columns("protocol")
    assert len({len(column) for column in table.values()}) == 1
    assert set(table["event"]) <= {"onset", "end"}


def test_what_mne_cannot_have_is_named(tmp_path: Path) -> None:
    with open_session(make_session(tmp_path, Plan(seconds=3.0))) as session:
        with pytest.raises(RecordingError, match="'protocol' has no rate: it is no signal"):
            session.to_mne("protocol")
        with pytest.raises(RecordingError, match="no stream 'eeg9'; there are: eeg, physio"):
            session.to_mne("eeg9")


def test_an_onset_is_paired_with_the_end_of_its_own_step() -> None:
    events = [("onset", "a"), ("onset", "b"), ("end", "b"), ("onset", "a"), ("skip", "a")]
    events += [("end", "c"), ("pause", "c")]
    markers = [
        SessionMarker("protocol", Marker(float(n), "", {"event": event, "step": step}))
        for n, (event, step) in enumerate(events)
    ]
    pairs, strays = pair_stimuli(markers)
    assert [(onset.time, end and end.time) for onset, end in pairs] == [(0, None), (1, 2), (3, 4)]
    assert [marker.time for marker in strays] == [5]
