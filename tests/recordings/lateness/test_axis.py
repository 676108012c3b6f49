"""Times as a rule are those that one would keep, and long streams take little memory."""

from __future__ import annotations

import tracemalloc
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.arrays import ENOUGH, F64Array, longest_step, some, spans, steps_where
from recordings.lateness.axis import NO_SHIFTS, Given, Joined, all_times, places, shifts
from recordings.lateness.decision import decide
from recordings.lateness.even import EvenAxis
from recordings.lateness.floor import block_levels, scatter

RATE_HZ = 1000.0


def even_axis(count: int, size: int, lost: dict[int, int]) -> EvenAxis:
    curve = np.random.default_rng(count).normal(0, 1e-4, max(count // size, 1))
    missing = shifts(list(lost), list(lost.values()))
    leap = shifts([count // 2], [0.25])
    return EvenAxis(count, RATE_HZ, size, curve, missing, leap, 5000.0)


losses = st.dictionaries(st.integers(0, 5000), st.integers(1, 9), max_size=5)


@settings(deadline=None)
@given(count=st.integers(1, 5000), size=st.sampled_from([16, 100, 1000]), lost=losses)
def test_a_place_among_computed_times_is_that_among_kept_ones(
    count: int, size: int, lost: dict[int, int]
) -> None:
    axis = even_axis(count, size, lost)
    whole = all_times(axis)
    assert len(whole) == len(axis) == count
    assert np.array_equal(axis.at(np.array([count - 1])), whole[-1:])
    rng = np.random.default_rng(count)
    wanted = np.concatenate([rng.uniform(whole[0] - 1, whole[-1] + 1, 50), whole[:3], whole[-3:]])
    if np.all(np.diff(whole) > 0):
        assert np.array_equal(places(axis, wanted), np.searchsorted(whole, wanted))


def test_stretches_are_one_axis() -> None:
    parts: list[F64Array] = [np.array([1.0, 2.0]), np.array([10.0]), np.arange(20.0, 3000.0)]
    joined, whole = Joined([Given(part) for part in parts]), np.concatenate(parts)
    assert np.array_equal(all_times(joined), whole)
    numbers = np.array([2981, 0, 2, 1, 3])
    assert np.array_equal(joined.at(numbers), whole[numbers])
    wanted = np.array([2500.5, 0.0, 5.0, 9999.0, 10.0])
    assert np.array_equal(joined.before(wanted), np.searchsorted(whole, wanted))


@given(losses, st.integers(1, 6000))
def test_shifts_are_what_was_lost_before(lost: dict[int, int], count: int) -> None:
    expected = np.zeros(count, np.int64)
    for index, number in lost.items():
        expected[index + 1 :] += number
    found = shifts(list(lost), list(lost.values()), np.int64).at(np.arange(count))
    assert np.array_equal(found, expected)
    assert not NO_SHIFTS.at(np.arange(count)).any()


@given(st.integers(0, 3 * ENOUGH), st.integers(1, ENOUGH))
def test_slices_together_are_all_or_enough(count: int, size: int) -> None:
    parts = list(spans(count, size)) if size > ENOUGH // 100 else []
    if parts:
        assert [part.start for part in parts] == [0, *(part.stop for part in parts[:-1])]
        assert parts[-1].stop == count
    chosen = some(count)
    assert sum(part.stop - part.start for part in chosen) == min(count, ENOUGH)
    assert all(a.stop <= b.start for a, b in pairwise(chosen))
    assert chosen[-1].stop == count


def test_steps_are_found_across_pieces() -> None:
    values = np.arange(600_000.0)
    values[262_144:] += 5  # where a piece ends
    values[400_000:] -= 50
    assert steps_where(values, lambda steps: np.abs(steps) > 2).tolist() == [262_143, 399_999]
    assert longest_step(values) == 49.0
    assert longest_step(values[:399_999]) == 6.0
    assert steps_where(values[:1], lambda steps: steps > 0).tolist() == []
    assert longest_step(values[:0]) == 0.0


def test_levels_of_a_long_stream_are_those_of_all_its_blocks() -> None:
    stamps = late_stamps(700_300)
    phases = stamps - np.arange(len(stamps)) / RATE_HZ
    rows = phases[:700_000].reshape(700, 1000)
    low, middle = np.quantile(rows, [0.1, 0.5], axis=1)
    expected = min((rows.min(axis=1), low, middle), key=scatter)
    assert np.array_equal(block_levels(stamps, RATE_HZ, 1000), expected)


def late_stamps(count: int) -> F64Array:
    rng = np.random.default_rng(1)
    return 5000.0 + np.arange(count) / RATE_HZ + rng.exponential(2e-4, count)


def test_a_long_stream_is_decided_like_a_short_one() -> None:
    """Of more than a million samples quantiles are taken from a part: losses are still found."""
    stamps = np.delete(late_stamps(2_000_000), np.r_[400_000:400_007, 1_600_000:1_600_300])
    pace = decide(stamps, RATE_HZ)
    assert [loss.lost for loss in pace.losses] == [7, 300]
    true = np.delete(np.arange(2_000_000), np.r_[400_000:400_007, 1_600_000:1_600_300]) / RATE_HZ
    error = pace.times - 5000.0 - true
    assert np.percentile(np.abs(error - np.median(error)), 99) < 1e-4
    assert pace.error_s is not None
    assert pace.error_s < 1e-3


@pytest.mark.parametrize("made", ["on arrival", "by a clock"])
def test_what_is_computed_on_the_way_does_not_grow_with_the_stream(made: str) -> None:
    def most_bytes(count: int) -> int:
        stamps = late_stamps(count) if made == "on arrival" else 5000.0 + np.arange(count) / RATE_HZ
        tracemalloc.start()
        try:
            pace = decide(stamps, RATE_HZ)
            pace.axis.before(np.array([5500.0]))
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    short, long = most_bytes(1_500_000), most_bytes(3_000_000)
    assert long - short < 1_500_000  # a byte a sample; one array of doubles were eight
