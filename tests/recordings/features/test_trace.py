from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.annotation.model import Event, Moment
from recordings.features.trace import bridged, suspect
from recordings.features.windows import of_events, of_trials, sliding
from recordings.pieces import runs
from recordings.read.trials import Trial


@given(st.lists(st.booleans(), max_size=60), st.integers(0, 5))
def test_only_short_holes_between_samples_are_crossed(holes: list[bool], longest: int) -> None:
    missing = np.array(holes, np.bool_)
    line = np.arange(len(missing), dtype=np.float64) * 3 - 5
    crossed = bridged(np.where(missing, np.nan, line), longest)
    for first, after in runs(missing):
        inner = first > 0 and after < len(line)
        if inner and after - first <= longest:
            assert crossed[first:after] == pytest.approx(line[first:after])
        else:
            assert np.isnan(crossed[first:after]).all()
    assert (crossed[~missing] == line[~missing]).all()


@given(st.floats(1e3, 1e6), st.integers(0, 50), st.floats(0.1, 30))
def test_windows_of_one_length_fill_a_recording(start: float, count: int, length: float) -> None:
    found = sliding(start, start + count * length, length, length)
    assert len(found) == count
    assert all(w.stop == pytest.approx(w.start + length) for w in found)


def test_a_recording_without_a_sample_has_no_window() -> None:
    assert sliding(np.nan, np.nan, 10.0, 10.0) == []
    assert sliding(100.0, 95.0, 10.0, 10.0) == []


def test_flat_and_clipped_samples_are_suspect() -> None:
    values = np.random.default_rng(1).normal(size=1000)
    assert not suspect(values, 100.0).any()
    values[100:300] = 0.25
    values[500:504] = values.max() + 1
    found = suspect(values, 100.0)
    assert runs(found) == [(100, 300), (500, 504)]


def test_a_trial_without_an_end_is_told_and_left_out() -> None:
    whole = Trial(1, "1", "", "clip", 101, 5.0, 8.0, "end")
    found, notes = of_trials([whole, Trial(2, "2", "", "clip", 102, 9.0, None)])
    assert [(w.start, w.stop, w.about["trial"]) for w in found] == [(5.0, 8.0, 1)]
    assert len(notes) == 1


def test_an_event_without_onset_is_told_about_its_apex() -> None:
    apex = Moment(time=20.0, frame=3)
    both = Event(id="a", camera="face", onset=Moment(time=10.0, frame=1), apex=apex)
    found = of_events([both, Event(id="b", camera="face", apex=apex)], 2.0, 8.0)
    assert [(w.start, w.zero, w.stop) for w in found] == [(8.0, 10.0, 18.0), (18.0, 20.0, 28.0)]
