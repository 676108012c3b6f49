"""Stamps that cannot be true are found, and those that may be are left alone."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from recordings.arrays import F64Array
from recordings.lateness.decision import decide
from recordings.lateness.mending import mended
from recordings.stamps.bad_stamps import bad_stamps, fill_limit_s
from tests.stamps import Sender, Stall, send

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
    assert not bad_stamps(np.delete(chunks, slice(5056, 5824)), RATE).any()
    twice = chunks.copy()
    twice[5056:5184] = chunks[5056]  # two chunks of one stamp: as many as come together anywhere
    assert not bad_stamps(twice, RATE).any()
    # Late by 3 s, then caught up at once, then as much is lost: the floor was lower before.
    late = np.r_[chunks[:4992], np.full(768, chunks[5760]), chunks[6528:]]
    late[4992:5056] -= 1e-3
    assert not bad_stamps(late, RATE).any()


@settings(deadline=None)
@example(chunk=64, style="equal", jitter_s=5e-3, chunks=46, lost=5, seed=24)  # late on both sides
@example(chunk=64, style="equal", jitter_s=1e-3, chunks=28, lost=2, seed=32)  # another floor
@given(
    chunk=st.sampled_from([8, 20, 64]),
    style=st.sampled_from(["equal", "spread"]),
    jitter_s=st.sampled_from([0.0, 1e-3, 5e-3]),
    chunks=st.integers(16, 60),
    lost=st.sampled_from([0, 2, 5]),
    seed=st.integers(0, 99),
)
def test_a_clock_that_stood_still_for_whole_chunks_hides_no_loss_elsewhere(
    chunk: int,
    style: Literal["equal", "spread"],
    jitter_s: float,
    chunks: int,
    lost: int,
    seed: int,
) -> None:
    losses = ((45.0, lost * chunk),) if lost else ()
    sender = Sender(RATE, 60.0, chunk, style, jitter_s=jitter_s, losses=losses)
    sent = send(sender, np.random.default_rng(seed))
    first = 4000 // chunk * chunk
    stop = first + chunks * chunk
    stood = sent.stamps.copy()
    stood[first:stop] = np.tile(stood[first : first + chunk], chunks)
    bad = bad_stamps(stood, RATE)
    assert bad[first + chunk : stop].all()
    assert bad.sum() < stop - first  # none beyond the chunk that comes next
    pace = decide(mended(stood, bad, RATE), RATE)
    assert abs(pace.lost - sent.lost) <= pace.uncertainty + 2


@settings(deadline=None, max_examples=50)
@given(
    chunk=st.sampled_from([1, 8, 20, 64]),
    style=st.sampled_from(["equal", "spread"]),
    jitter_s=st.sampled_from([0.0, 1e-3, 5e-3]),
    stall=st.floats(0.1, 10.0),
    lost=st.integers(0, 2500),
    after_s=st.floats(-1.0, 1.0),
    tick_s=st.sampled_from([0.0, 1e-3, 0.016]),
    seed=st.integers(0, 99),
)
def test_stalls_and_losses_are_no_clock_that_stood_still(
    chunk: int,
    style: Literal["equal", "spread"],
    jitter_s: float,
    stall: float,
    lost: int,
    after_s: float,
    tick_s: float,
    seed: int,
) -> None:
    losses = ((20.0 + stall + after_s, lost),) if lost else ()
    stalls = (Stall(20.0, stall),)
    sender = Sender(
        RATE, 60.0, chunk, style, jitter_s=jitter_s, stalls=stalls, losses=losses, splits=True
    )
    stamps = send(sender, np.random.default_rng(seed)).stamps
    if tick_s:  # of a coarse clock: a backlog has one stamp
        stamps = np.round(stamps / tick_s) * tick_s
    assert not bad_stamps(stamps, RATE).any()


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
