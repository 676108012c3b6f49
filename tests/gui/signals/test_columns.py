"""Minima and maxima of columns, against a slow and simple way of finding them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from devices.arrays import Array, F64Array
from gui.signals.columns import min_max
from gui.signals.history import COARSE_S, History

GAP_S = 0.35


def slow(times: F64Array, data: Array, edges: F64Array) -> tuple[list[float], list[float]]:
    """One channel: every sample of the column, and the line at both of its edges."""
    lows, highs = [], []
    for left, right in pairwise(edges):
        found = [float(v) for t, v in zip(times, data, strict=True) if left <= t < right]
        for edge in (left, right):
            at = int(np.searchsorted(times, edge))
            if 0 < at < len(times) and times[at] - times[at - 1] <= GAP_S:
                found.append(float(np.interp(edge, times, data)))
        good = [v for v in found if not np.isnan(v)]
        lows.append(min(good, default=np.nan))
        highs.append(max(good, default=np.nan))
    return lows, highs


@given(
    st.lists(st.floats(0.001, 0.6), max_size=40),
    st.lists(st.floats(-1e3, 1e3), min_size=40, max_size=40),
    st.integers(1, 30),
    st.sampled_from([0.05, 0.1, 0.3]),
)
def test_columns_are_what_a_slow_way_finds(
    steps: list[float], values: list[float], columns: int, width: float
) -> None:
    times = np.cumsum(np.array(steps, np.float64))
    data = np.array(values[: len(steps)], np.float64)
    edges = np.arange(columns + 1, dtype=np.float64) * width
    low, high = min_max(times, data[:, None], edges, GAP_S)
    if not len(times):
        assert np.isnan(low).all()
        return
    lows, highs = slow(times, data, edges)
    np.testing.assert_allclose(low[:, 0], lows, atol=1e-6)
    np.testing.assert_allclose(high[:, 0], highs, atol=1e-6)


def test_a_sample_that_is_no_number_hides_no_other() -> None:
    times = np.array([0.1, 0.2, 0.3])
    data = np.array([[1.0], [np.nan], [3.0]])
    low, high = min_max(times, data, np.array([0.0, 1.0]), 1.0)
    assert (low[0, 0], high[0, 0]) == (1.0, 3.0)


def test_a_history_keeps_every_extreme_however_it_is_fed() -> None:
    rng = np.random.default_rng(1)
    times, data = np.arange(60_000) / 1000.0, rng.standard_normal((60_000, 3)).astype(np.float32)
    history = History(3, 1000.0, kept_s=30.0)
    at = 0
    while at < len(times):
        n = int(rng.integers(1, 400))
        history.append(times[at : at + n], data[at : at + n])
        at += n
    picks = np.array([0, 2])
    for begin, columns, width in ((50.0, 100, 0.01), (31.0, 50, 0.5)):
        edges = begin + np.arange(columns + 1, dtype=np.float64) * width
        low, high = history.columns(edges, picks)
        for row in range(columns):
            inside = (times >= edges[row]) & (times < edges[row + 1])
            assert np.all(low[row] <= data[inside][:, picks].min(0) + 1e-6)
            assert np.all(high[row] >= data[inside][:, picks].max(0) - 1e-6)


def test_minutes_are_kept_where_the_samples_would_take_too_much() -> None:
    history = History(512, 2000.0)
    chunk = np.ones((2000, 512), np.float32)
    for second in range(40):
        history.append(second + np.arange(2000) / 2000.0, chunk * second)
    edges = np.arange(0, 41, dtype=np.float64)
    low, high = history.columns(edges, np.array([7]))
    np.testing.assert_allclose(high[:39, 0], np.arange(39), atol=1.01)
    assert np.isfinite(low[:39]).all()
    assert COARSE_S < 1.0


def test_times_that_step_back_do_not_break_the_order() -> None:
    history = History(1, 100.0)
    history.append(np.array([1.0, 2.0, 1.5]), np.zeros((3, 1)))
    history.append(np.array([0.5]), np.ones((1, 1)))
    assert history.latest == 2.0
    assert history.at(2.0, 0) is not None
