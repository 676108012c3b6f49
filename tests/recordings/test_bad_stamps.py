"""Stamps that cannot be true are found, and those that may be are left alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recordings.arrays import F64Array
from recordings.bad_stamps import bad_stamps, fill_limit_s, mended
from recordings.lateness.decision import decide

RATE = 250.0
N = 2500


def even() -> F64Array:
    return 1000 + np.arange(N) / RATE


@given(
    where=st.sets(st.integers(0, N - 1), min_size=1, max_size=20),
    away=st.one_of(
        st.floats(4e4, 1e300), st.floats(-1e300, -4e4), st.sampled_from([np.nan, np.inf, -np.inf])
    ),
)
def test_stamps_far_away_are_found_and_put_back(where: set[int], away: float) -> None:
    times, at = even(), sorted(where)
    times[at] += away
    bad = bad_stamps(times, RATE)
    assert np.flatnonzero(bad).tolist() == at
    np.testing.assert_allclose(mended(times, bad, RATE), even(), atol=1e-6)


def test_first_stamps_near_zero() -> None:
    times = even() + 2e5
    times[:59] = np.arange(59) / RATE
    bad = bad_stamps(times, RATE)
    assert (int(bad.sum()), bool(bad[:59].all())) == (59, True)
    np.testing.assert_allclose(mended(times, bad, RATE), even() + 2e5, atol=1e-6)


@pytest.mark.parametrize(
    ("at", "jump"),
    [(1250, 2e5), (2400, 300.0), (100, 3000.0), (1250, -2e5), (1250, 59.0)],
)
def test_what_may_be_true_stays(at: int, jump: float) -> None:
    times = even()
    times[at:] += jump  # half of it; or a device that was off and came back for a moment
    assert not bad_stamps(times, RATE).any()


def seconds_of(rate: float, chunk: int, jitter_s: float) -> F64Array:
    """Give a minute of stamps, one a chunk, each a little late."""
    count = int(60 * rate)
    late = np.abs(np.random.default_rng(1).normal(0, jitter_s, count))
    return (1000 + np.arange(count) / rate + late)[np.arange(count) // chunk * chunk]


@example(rate=1000.0, seconds=17.0, at=5.0, jitter_s=2e-3)
@given(
    rate=st.sampled_from([100.0, 250.0, 1000.0]),
    seconds=st.floats(0.5, 20.0),
    at=st.floats(5.0, 30.0),
    jitter_s=st.sampled_from([0.0, 1e-4, 2e-3]),
)
def test_a_clock_that_stood_still_loses_nothing_beyond_its_jitter(
    rate: float, seconds: float, at: float, jitter_s: float
) -> None:
    times = seconds_of(rate, 1, jitter_s)
    first = int(at * rate)
    stop = first + int(seconds * rate)
    stood = times.copy()
    stood[first:stop] = stood[first]
    bad = bad_stamps(stood, rate)
    assert np.flatnonzero(bad).tolist() == list(range(first + 1, stop))
    found = mended(stood, bad, rate)
    np.testing.assert_allclose(found, times, atol=1 / rate + 5 * jitter_s)
    # Its samples lie between two stamps, each of which may itself be late by some samples.
    assert decide(found, rate).lost <= 5 * jitter_s * rate


def test_a_backlog_and_a_loss_are_no_clock_that_stood_still() -> None:
    times = seconds_of(RATE, 1, 1e-4)
    assert not bad_stamps(np.r_[times[:5000], times[5000:] + 3.0], RATE).any()  # a loss
    backlog = times.copy()
    backlog[5000:5750] = times[5750]
    assert not bad_stamps(backlog, RATE).any()
    both = np.r_[times[:5000], np.full(750, times[5000]), times[5750:] + 3.0]
    assert not bad_stamps(both, RATE).any()  # nobody can say how much of it is which
    chunks = seconds_of(RATE, 64, 1e-4)
    assert not bad_stamps(chunks, RATE).any()
    chunks[5056:5824] = chunks[5056]
    assert not bad_stamps(chunks, RATE).any()


@given(st.lists(st.floats(allow_nan=True), min_size=0, max_size=60))
def test_anything_at_all_is_survived(values: list[float]) -> None:
    times = np.array(values, np.float64)
    bad = bad_stamps(times, RATE)
    out = mended(times, bad, RATE)
    assert bad.shape == out.shape == times.shape
    assert bad.all() or np.isfinite(out[bad]).all()


def test_the_limit_of_what_is_filled() -> None:
    assert fill_limit_s(2500, 250.0) == 60.0
    assert fill_limit_s(3_600_000, 1000.0) == 360.0


def test_markers_at_the_ends_without_a_time_are_no_division_by_zero() -> None:
    times = np.array([np.nan, 5.0, np.nan, 7.0, np.inf])
    found = mended(times, bad_stamps(times, 0.0), 0.0)
    assert found.tolist() == [5.0, 5.0, 6.0, 7.0, 7.0]
