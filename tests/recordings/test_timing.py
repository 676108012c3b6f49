from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyxdf
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings import timing
from recordings.xdf.reader import read_xdf

DATA = Path(__file__).parents[2].parent / "shared" / "data"


def test_a_drifting_clock_is_found_and_corrected() -> None:
    rng = np.random.default_rng(1)
    local = np.arange(100.0, 700.0, 2.0)
    sender = (local - 100) * (1 + 200e-6) + 7000  # 200 ppm fast, another zero
    fit = timing.fit_offsets(sender, local - sender + rng.normal(0, 20e-6, len(local)))
    assert fit.kind == "line"
    assert fit.drift_ppm == pytest.approx(200, abs=0.2)
    assert fit.residual_s == pytest.approx(52e-6, rel=0.3)  # p99 of |normal| is 2.58 sigma
    np.testing.assert_allclose(timing.correct(sender, fit), local, atol=10e-6)


def test_wild_offsets_do_not_move_the_line() -> None:
    rng = np.random.default_rng(2)
    times = np.arange(0.0, 200.0, 2.0)
    values = 3 + 1e-5 * times + rng.normal(0, 10e-6, 100)
    clean = timing.fit_offsets(times, values)
    values[::10] += 0.05
    values[55], values[56] = np.nan, np.inf
    fit = timing.fit_offsets(times, values)
    assert fit.dropped == 2
    np.testing.assert_allclose(timing.correct(times, fit), timing.correct(times, clean), atol=1e-5)


def test_one_garbage_value_at_the_end_changes_nothing() -> None:
    times = np.arange(0.0, 20.0, 2.0)
    values = np.full(10, 0.5)
    values[-1] = 3e12
    fit = timing.fit_offsets(times, values)
    np.testing.assert_allclose(timing.correct(times, fit), times + 0.5, atol=1e-4)


def test_few_offsets() -> None:
    stamps = np.arange(5.0)
    none = timing.fit_offsets(np.zeros(0), np.zeros(0))
    assert (none.kind, none.drift_ppm, none.residual_s) == ("none", None, None)
    np.testing.assert_array_equal(timing.correct(stamps, none), stamps)
    one = timing.fit_offsets(np.array([2.0]), np.array([0.25]))
    assert (one.kind, one.drift_ppm) == ("constant", None)
    np.testing.assert_array_equal(timing.correct(stamps, one), stamps + 0.25)
    # Two noisy offsets 2 s apart: 50 ppm of slope would be 180 ms an hour later.
    two = timing.fit_offsets(np.array([0.0, 2.0]), np.array([0.0, 1e-4]))
    assert two.drift_ppm is not None
    assert abs(two.drift_ppm) < 50


def test_a_clock_reset_starts_a_new_line() -> None:
    before, after = np.arange(0.0, 60, 5), np.arange(100.0, 160, 5)
    times = np.concatenate([before, after])
    values = np.concatenate([np.full(12, 10.0), np.full(12, -90.0)])
    fit = timing.fit_offsets(times, values)
    assert len(fit.segments) == 2
    stamps = np.array([10.0, 58.0, 99.0, 120.0])
    np.testing.assert_allclose(timing.correct(stamps, fit), [20.0, 68.0, 9.0, 30.0])


@pytest.mark.needs_data
def test_agrees_with_pyxdf_on_a_real_file_with_a_clock_reset() -> None:
    path = DATA / "clock_resets.xdf"
    if not path.exists():
        pytest.skip(f"the sample recordings are not at {DATA}")
    theirs, _ = pyxdf.load_xdf(str(path), dejitter_timestamps=False)
    with read_xdf(path) as recording:
        for stream in recording.streams:
            other = next(t for t in theirs if t["info"]["stream_id"] == stream.id)
            fit = timing.fit_offsets(stream.offset_times, stream.offset_values)
            assert len(fit.segments) == len(other["info"]["clock_segments"]) == 2
            ours = timing.correct(stream.stamps, fit)
            np.testing.assert_allclose(ours, other["time_stamps"], atol=50e-6)


@given(
    drops=st.sets(st.integers(1, 498), max_size=60),
    rate=st.sampled_from([1.0, 150.0, 1000.0, 20000.0]),
    wobble=st.floats(0, 0.1),
    cut=st.integers(1, 400),
)
def test_every_dropped_sample_is_counted_whole_or_in_chunks(
    drops: set[int], rate: float, wobble: float, cut: int
) -> None:
    kept = np.array([n for n in range(500) if n not in drops])
    noise = np.random.default_rng(0).uniform(-wobble, wobble, 500)[kept]
    stamps = 1000 + (kept + noise) / rate
    found = timing.gaps(stamps, rate, regular=True)
    assert found.total == len(drops)
    assert np.all(found.end > found.start)
    first = timing.gaps(stamps[:cut], rate, regular=True)
    second = timing.gaps(stamps[cut:], rate, previous=float(stamps[cut - 1]), regular=True)
    assert first.total + second.total == len(drops)
    both = np.concatenate([first.index, second.index + cut])
    np.testing.assert_array_equal(both, found.index)


def test_regular_stamps_are_recognised() -> None:
    stamps = np.delete(np.arange(5000) / 1000, slice(2000, 2100))
    found = timing.gaps(stamps, 1000)
    assert found.index.tolist() == [1999]
    assert found.lost.tolist() == [100]
    assert (found.start[0], found.end[0]) == (1.999, 2.1)


def test_jitter_is_no_loss_but_a_lasting_lag_is() -> None:
    rng = np.random.default_rng(3)
    true = np.arange(20_000) / 1000
    late = true + rng.exponential(0.003, len(true))
    jittery = np.maximum.accumulate(late)
    assert timing.gaps(jittery, 1000).total == 0
    stalled = jittery.copy()
    stalled[10_000:10_300] = stalled[10_299]  # held back, then caught up: nothing is lost
    assert timing.gaps(stalled, 1000).total == 0
    lossy = np.delete(jittery, slice(10_000, 10_400))
    assert timing.gaps(lossy, 1000).total == pytest.approx(400, abs=2)


def test_irregular_streams_have_no_gaps() -> None:
    assert len(timing.gaps(np.array([1.0, 50.0, 51.0]), 0.0)) == 0
    assert len(timing.gaps(np.zeros(0), 100.0)) == 0


def test_duplicates_and_reversals() -> None:
    stamps = np.array([0.0, 1.0, 1.0, 2.0, 1.5, 3.0])
    assert timing.duplicates(stamps) == 1
    assert timing.reversals(stamps).tolist() == [3]


def test_effective_rate_leaves_gaps_out() -> None:
    stamps = np.concatenate([np.arange(1000) / 990, 50 + np.arange(1000) / 990])
    cuts = timing.breaks(stamps, 1000)
    assert timing.effective_rate(stamps, cuts) == pytest.approx(990)
    assert timing.effective_rate(np.ones(1), np.zeros(0, np.int64)) is None
    assert timing.effective_rate(np.zeros(0), np.zeros(0, np.int64)) is None


@settings(deadline=None)
@given(st.integers(0, 1 << 30), st.lists(st.integers(50, 1900), max_size=3, unique=True))
def test_dejittering_finds_the_even_pace_and_keeps_the_gaps(seed: int, at: list[int]) -> None:
    rng = np.random.default_rng(seed)
    true = np.arange(2000) / 100.0
    for index in at:
        true[index:] += 3.0
    stamps = true + rng.normal(0, 0.5e-3, 2000)
    cuts = timing.breaks(stamps, 100.0)
    assert cuts.tolist() == sorted(i - 1 for i in at)
    assert np.abs(timing.dejitter(stamps, cuts) - true).max() < 2e-3
    before, after = timing.scatter(stamps, 100, cuts), timing.dejitter_error(stamps, 100, cuts)
    assert before is not None
    assert after is not None
    assert before == pytest.approx(1.29e-3, rel=0.2)
    assert after < 0.25e-3
    assert timing.jitter(stamps, 100, cuts) == pytest.approx(1.82e-3, rel=0.2)


def test_a_slow_wander_is_told_from_jitter() -> None:
    t = np.arange(60_000) / 1000
    stamps = t + 2e-3 * np.sin(2 * np.pi * t / 40)
    cuts = timing.breaks(stamps, 1000)
    error = timing.dejitter_error(stamps, 1000, cuts)
    assert error is not None
    assert error > 1e-3
