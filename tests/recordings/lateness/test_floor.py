"""The curve through the floor, and the heights of the steps in it."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from recordings.lateness.floor import stiff_curve


def test_thousands_of_steps_take_no_more_than_the_levels() -> None:
    """Three hours of a stream that loses a sample now and then: once gigabytes, and minutes."""
    rng = np.random.default_rng(0)
    blocks = np.sort(rng.choice(np.arange(5, 8000), 1600, replace=False))
    levels = rng.exponential(1e-5, 8000)
    for block in blocks.tolist():
        levels[block:] += 0.004
    steps = [(int(block), 0.004) for block in blocks]
    stiff_curve(levels[:100], 1.0, np.zeros(100), [(50, 0.004)])  # what is imported at first
    tracemalloc.start()
    try:
        curve = stiff_curve(levels, 1.0, np.zeros(8000), steps)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000  # a row of each step were 100 MB
    finally:
        tracemalloc.stop()
    np.testing.assert_allclose(curve.heights, 0.004, atol=1e-4)


def test_two_steps_in_one_block_are_one() -> None:
    levels = np.where(np.arange(300) < 150, 0.0, 0.03) + 1e-6 * np.sin(np.arange(300))
    curve = stiff_curve(levels, 1.0, np.zeros(300), [(150, 0.01), (150, 0.01)])
    assert curve.heights.sum() == pytest.approx(0.03, abs=1e-5)
    assert np.ptp(curve.levels) < 1e-4
