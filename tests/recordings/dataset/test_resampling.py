from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.dataset.resampling import reach, resampled


@given(st.floats(0.5, 12), st.floats(0, 0.999), st.sampled_from([64.0, 250.0, 1000.0]))
def test_a_slow_sine_is_the_same_at_another_rate(hz: float, shift: float, rate: float) -> None:
    wave = np.sin(2 * np.pi * hz * np.arange(int(4 * rate)) / rate)
    wanted = 50.0
    positions = np.asarray((np.arange(100) + 50 + shift) / wanted * rate, np.float64)
    found = resampled(wave[:, None], positions, rate, wanted)[:, 0]
    assert found == pytest.approx(np.sin(2 * np.pi * hz * positions / rate), abs=0.03)


def test_what_the_new_rate_cannot_hold_is_kept_out() -> None:
    wave = np.sin(2 * np.pi * 180 * np.arange(4000) / 1000)
    found = resampled(wave[:, None], np.arange(1000, 3000, 10.0), 1000.0, 100.0)
    assert np.abs(found).max() < 0.02


@given(st.integers(100, 300))
def test_only_what_a_missing_sample_would_touch_is_unknown(hole: int) -> None:
    values = np.ones((400, 2))
    values[hole, 1] = np.nan
    positions = np.arange(-5.0, 405.0, 10)
    found = resampled(values, positions, 100.0, 10.0)
    wide = reach(100.0, 10.0)
    inside = (np.rint(positions) >= wide) & (np.rint(positions) < 400 - wide)
    near = np.abs(np.rint(positions) - hole) <= wide
    assert (np.isfinite(found[:, 0]) == inside).all()
    assert (np.isfinite(found[:, 1]) == (inside & ~near)).all()
    assert found[inside, 0] == pytest.approx(1.0)


def test_a_long_window_takes_memory_of_its_own_size() -> None:
    values = np.random.default_rng(1).normal(size=(60_000, 32))
    positions = np.arange(200.0, 59_800.0, 4.0)
    tracemalloc.start()
    found = resampled(values, positions, 1000.0, 250.0)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < found.nbytes + 40e6
    alone = resampled(values, positions[7000:7001], 1000.0, 250.0)
    assert found[7000] == pytest.approx(alone[0])
