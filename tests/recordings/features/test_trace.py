from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.annotation.model import Event, Moment
from recordings.arrays import runs
from recordings.check.streams.sample_quality import BODY_HZ, CLIP_SAMPLES, STILL_SAMPLES
from recordings.features.trace import bridged, suspect
from recordings.features.windows import of_events, of_trials, sliding
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


@pytest.mark.parametrize(
    ("length", "step", "starts"),
    [(10.0, 5.0, [0, 5, 10, 15]), (5.0, 10.0, [0, 10, 20]), (25.0, 1.0, [0]), (25.1, 1.0, [])],
)
def test_windows_may_overlap_or_leave_some_out(
    length: float, step: float, starts: list[float]
) -> None:
    found = sliding(1e5, 1e5 + 25.0, length, step)
    assert [w.start - 1e5 for w in found] == starts
    assert [(w.stop - w.start, w.zero - w.start) for w in found] == [(length, 0.0)] * len(starts)


def test_a_recording_without_a_sample_has_no_window() -> None:
    assert sliding(np.nan, np.nan, 10.0, 10.0) == []
    assert sliding(100.0, 95.0, 10.0, 10.0) == []


def test_flat_and_clipped_samples_are_suspect() -> None:
    values = np.random.default_rng(1).normal(size=1000)
    assert not suspect(values, 100.0).any()
    values[100:300] = 0.25
    values[500:504] = values.max() + 1
    values[600 : 600 + CLIP_SAMPLES] = values.min() - 1
    values[700 : 700 + CLIP_SAMPLES - 1] = values.min()
    found = suspect(values, 100.0)
    assert runs(found) == [(100, 300), (500, 504), (600, 600 + CLIP_SAMPLES)]
    shorter = np.repeat(np.random.default_rng(1).normal(size=40), STILL_SAMPLES - 1)
    assert not suspect(np.r_[-9.0, shorter, 9.0], BODY_HZ).any()
    longer = np.repeat(np.random.default_rng(1).normal(size=40), round(BODY_HZ))
    assert suspect(np.r_[-9.0, longer, 9.0], BODY_HZ).sum() == len(longer)


def test_a_coarse_signal_clips_where_it_stays_longer_than_elsewhere() -> None:
    """As a converter of few steps has it: it stays at the turn of a wave, too."""
    coarse = np.round(8 * np.sin(np.arange(4000) / 100))
    turns = np.abs(coarse) == 8
    assert runs(turns)[1][1] - runs(turns)[1][0] > 50
    assert not suspect(coarse, 1000.0).any()
    cut = np.clip(coarse, -8, 4)
    found = suspect(cut, 1000.0)
    assert (found == (cut == 4)).all()


@pytest.mark.parametrize("count", [1, 5000])
def test_a_slow_signal_may_repeat_a_value_and_stands_still_where_it_has_no_other(
    count: int,
) -> None:
    skin = np.repeat(np.round(np.linspace(33, 34, 20), 2), 100)
    assert not suspect(skin, 4.0).any()
    assert suspect(np.full(count, 33.0), 4.0).all()
    away = np.full(count, np.nan)
    assert not suspect(away, 4.0).any()
    assert not suspect(away, 100.0).any()
    assert suspect(np.r_[away, 33.0, 33.0], 4.0).all()


def test_a_trial_without_an_end_is_told_and_left_out() -> None:
    whole = Trial(1, "1", "", "clip", 101, 5.0, 8.0, "end")
    never, empty = Trial(2, "2", "", "clip", 102, 9.0, None), Trial(3, "3", "", "b", 1, 9.5, 9.5)
    (window,), notes = of_trials([whole, never, empty])
    assert (window.start, window.stop, window.zero) == (5.0, 8.0, 5.0)
    told = {"trial": 1, "stimulus": "clip", "code": 101, "ended_by": "end"}
    assert window.about == told
    assert [note.partition(":")[0] for note in notes] == ["trial 2 (clip)", "trial 3 (b)"]


def test_an_event_without_onset_is_told_about_its_apex() -> None:
    apex = Moment(time=20.0, frame=3)
    both = Event(id="a", camera="face", onset=Moment(time=10.0, frame=1), apex=apex)
    late = Event(id="c", camera="side", offset=Moment(time=30.0, frame=5), kind="micro")
    found = of_events([both, Event(id="b", camera="face", apex=apex), late], 2.0, 8.0)
    zeros = [10.0, 20.0, 30.0]
    assert [(w.start, w.zero, w.stop) for w in found] == [(z - 2, z, z + 8) for z in zeros]
    names = [f"{name}_time" for name in ("onset", "apex", "offset")]
    assert [[w.about[name] for name in names] for w in found] == [
        [10.0, 20.0, None], [None, 20.0, None], [None, None, 30.0]
    ]  # fmt: skip
    assert [(w.about["event"], w.about["camera"]) for w in found] == [
        ("a", "face"), ("b", "face"), ("c", "side")
    ]  # fmt: skip
    assert found[2].about["kind"] == "micro"
