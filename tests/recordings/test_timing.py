"""The pace of stamps: gaps, jitter, dejittering."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings import timing


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
