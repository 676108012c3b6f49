"""Losses of somebody else's stream, told from late chunks."""

from __future__ import annotations

import numpy as np
import pytest

from acquire.take.loss_counter import LossCounter
from devices.arrays import F64Array


def count(stamps: F64Array, rate_hz: float, pull: int) -> int:
    counter = LossCounter(rate_hz)
    found = [f for i in range(0, len(stamps), pull) for f in counter.take(stamps[i : i + pull])]
    return sum(f.lost for f in found)


def software_chunks(rng: np.random.Generator, n: int) -> F64Array:
    """Stamps that a program makes when it pushes 20 samples at a time, sometimes 50 ms late."""
    late = rng.exponential(1e-3, n // 20)
    late += (rng.random(n // 20) < 0.02) * rng.random(n // 20) * 0.05
    return np.arange(n) / 1000 + np.repeat(late, 20)


@pytest.mark.parametrize("drift", [0.0, 1e-4])
def test_single_samples_lost_from_a_clean_clock_are_counted_exactly(drift: float) -> None:
    rng = np.random.default_rng(0)
    keep = np.ones(60_000, bool)
    keep[rng.choice(59_900, 50, replace=False) + 50] = False
    stamps = (np.arange(60_000) / 1000)[keep] * (1 + drift)
    assert count(stamps, 1000, 250) == 50


def test_late_chunks_have_lost_nothing() -> None:
    assert count(software_chunks(np.random.default_rng(0), 60_000), 1000, 250) == 0


def test_a_block_lost_between_late_chunks_is_found() -> None:
    stamps = software_chunks(np.random.default_rng(0), 60_000)
    assert count(np.delete(stamps, slice(20_000, 20_500)), 1000, 250) == pytest.approx(500, abs=5)


def test_a_wrong_nominal_rate_is_no_loss() -> None:
    assert count(np.arange(10_000) / 980, 1000, 250) == 0


def test_frames_dropped_at_random_are_counted() -> None:
    keep = np.random.default_rng(3).random(9000) > 0.01
    keep[[0, -1]] = True
    assert count((np.arange(9000) / 150)[keep], 150, 37) == np.count_nonzero(~keep)


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("pull", [1, 7, 25])
def test_a_stamp_that_is_no_number_is_no_loss(odd: float, pull: int) -> None:
    stamps = np.arange(3000) / 100
    stamps[:3] = odd
    stamps[24::25] = odd
    assert count(stamps, 100, pull) == 0
