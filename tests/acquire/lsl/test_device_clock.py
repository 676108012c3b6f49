"""The clock model finds a device's clock through delays that are never negative."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acquire.lsl.device_clock import WINDOW_S, ClockModel, lower_hull
from devices.arrays import F64Array


def errors(
    *, drift_ppm: float, mean_delay_s: float, rate_hz: float, seconds: float, offset_s: float = 7.0
) -> tuple[F64Array, F64Array]:
    """Feed a model and give (true times, mapped - true) of every sample."""
    rng = np.random.default_rng(1)
    true = 5000.0 + np.arange(int(seconds * rate_hz)) / rate_hz
    device = offset_s + true * (1 + drift_ppm * 1e-6)
    delay = np.minimum(rng.exponential(mean_delay_s, len(true)), 10 * mean_delay_s)
    arrival = np.maximum.accumulate(true + delay)
    model = ClockModel()
    mapped = np.empty(len(true))
    for k in range(len(true)):
        model.observe(float(device[k]), float(arrival[k]))
        mapped[k] = model.map(device[k : k + 1])[0]
    return true, mapped - true


@pytest.mark.parametrize("drift_ppm", [-100.0, 0.0, 80.0])
def test_a_late_bus_does_not_leak_into_the_time_of_a_frame(drift_ppm: float) -> None:
    true, error = errors(drift_ppm=drift_ppm, mean_delay_s=2e-3, rate_hz=150, seconds=90)
    late = error[true > true[0] + 30]
    assert np.percentile(np.abs(late), 99) < 0.2e-3


def test_the_first_seconds_are_good_enough_to_record() -> None:
    true, error = errors(drift_ppm=100, mean_delay_s=5e-3, rate_hz=50, seconds=20)
    after_opening = error[true > true[0] + 1.5]
    assert np.percentile(np.abs(after_opening), 99) < 1e-3


def test_the_drift_is_told_in_ppm() -> None:
    model = ClockModel()
    for k in range(2000):
        true = k * 0.01
        model.observe(true * (1 + 80e-6), true)
    assert model.fitted
    assert model.drift_ppm == pytest.approx(80, abs=0.5)


def test_a_drift_that_changes_is_followed() -> None:
    model, device = ClockModel(), 0.0
    for k in range(4000):
        device += 0.1 * (1 + (50e-6 if k < 4000 - (WINDOW_S + 1) * 10 else -50e-6))
        model.observe(device, k * 0.1)
    assert model.drift_ppm == pytest.approx(-50, abs=0.5)


def test_one_sample_in_time_puts_right_a_first_one_that_was_late() -> None:
    model = ClockModel()
    model.observe(7.0, 100.02)
    model.observe(7.01, 100.01)
    assert model.map(np.array([7.0]))[0] == pytest.approx(100.0)


def test_a_clock_that_was_set_is_learned_anew() -> None:
    model = ClockModel()
    for k in range(1000):
        model.observe(k * 0.01, 100 + k * 0.01)
    model.observe(3600.0, 110.0)
    assert model.resets == 1
    assert model.map(np.array([3600.0]))[0] == pytest.approx(110.0)


@pytest.mark.parametrize("pace", [0.4, 0.8, 500 / 512, 512 / 500, 2.0])
def test_a_count_of_another_rate_is_followed(pace: float) -> None:
    """FFmpeg counts the pictures of a web camera at 25 a second, whatever their rate: stamps of 10
    a second were 3 s early, for good; those of 500 samples a second called 512, 54 ms."""
    rng = np.random.default_rng(1)
    model, error = ClockModel(), []
    for k in range(3000):
        true, device = 100 + k * 0.02, 7 + k * 0.02 * pace
        model.observe(device, true + min(rng.exponential(2e-3), 20e-3))
        error.append(model.map(np.array([device]))[0] - true)
    assert np.abs(error[500:]).max() < 5e-3


def test_a_rate_that_changes_is_followed_within_seconds() -> None:
    model, device, late = ClockModel(), 0.0, []
    for k in range(6000):
        device += 0.01 * (0.8 if k < 3000 else 0.4)
        model.observe(device, 100 + k * 0.01)
        late.append(abs(model.map(np.array([device]))[0] - 100 - k * 0.01))
    assert max(late[1000:3000]) < 5e-3
    assert max(late[3000:4000]) < 3.5
    assert max(late[4000:]) < 5e-3


def test_a_sample_that_was_overtaken_is_no_clock_that_was_set() -> None:
    """Each one began the fit anew, on its own delay: 30 ms, where datagrams may overtake others."""
    rng = np.random.default_rng(1)
    true = 100 + np.arange(10_000) / 250
    delay = rng.exponential(3e-4, len(true)) + np.where(rng.random(len(true)) < 0.01, 0.03, 0)
    model, error = ClockModel(), []
    for k in np.argsort(true + delay):
        model.observe(true[k] - 93, true[k] + delay[k])
        error.append(model.map(np.array([true[k] - 93]))[0] - true[k])
    assert model.resets == 0
    assert np.abs(error[2500:]).max() < 0.5e-3


@pytest.mark.parametrize("first", [0.0, -1e300, 1e300, 9e9])
def test_a_first_time_that_is_no_time_bends_nothing(first: float) -> None:
    """A device that counts from 0 before it knows its time, or glitches once."""
    model = ClockModel()
    model.observe(first, 100.0)
    for k in range(1, 1000):
        device = np.array([5000 + k * 0.01])
        model.observe(float(device[0]), 100 + k * 0.01)
        assert model.map(device)[0] == pytest.approx(100 + k * 0.01, abs=1e-6)


def test_what_cannot_be_told_is_no_number() -> None:
    model = ClockModel()
    assert np.isnan(model.map(np.array([1.0, 2.0]))).all()
    model.observe(1.0, 101.0)
    assert np.isnan(model.map(np.array([np.nan]))).all()


def test_a_burst_after_a_stall_does_not_move_the_line() -> None:
    model = ClockModel()
    for k in range(1000):
        model.observe(k * 0.01, k * 0.01)
    for k in range(1000, 1300):  # buffered for 3 s, delivered at once
        model.observe(k * 0.01, 13.0)
    assert model.resets == 0
    assert model.map(np.array([12.0]))[0] == pytest.approx(12.0, abs=1e-6)


@pytest.mark.parametrize("speed", [1.2, 3.0, 1e6])
@pytest.mark.parametrize("silence_s", [8.0, 60.0])
def test_what_was_held_back_for_long_keeps_its_time(silence_s: float, speed: float) -> None:
    """An amplifier's program hung for ten seconds: its backlog was stamped into the future."""
    model = ClockModel()
    for k in range(1000):
        model.observe(k * 0.01, 100 + k * 0.01)
    back = 110.0 + silence_s
    for k in range(1000, 1000 + int(100 * silence_s)):  # delivered `speed` times as fast
        model.observe(k * 0.01, back + (k - 1000) * 0.01 / speed)
        assert model.map(np.array([k * 0.01]))[0] == pytest.approx(100 + k * 0.01, abs=1e-3)
    assert model.resets == 0


def test_a_clock_that_was_set_back_a_little_is_learned_within_seconds() -> None:
    model = ClockModel()
    for k in range(1000):
        model.observe(50 + k * 0.01, 100 + k * 0.01)
    rng = np.random.default_rng(1)
    wrong = 0
    for k in range(1000, 2000):  # as after a restart: the count goes on, ten seconds behind
        arrival = 110 + k * 0.01 + rng.exponential(0.02)
        model.observe(50 + k * 0.01, arrival)
        wrong += abs(model.map(np.array([50 + k * 0.01]))[0] - arrival) > 0.5
    assert model.resets == 1
    assert wrong < 250


@settings(max_examples=50)
@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.integers(-100, 100)), min_size=2, max_size=60, unique=True
    )
)
def test_no_point_lies_below_the_hull(raw: list[tuple[int, int]]) -> None:
    points = sorted((float(x), float(y)) for x, y in raw)
    hull = lower_hull(points)
    x, y = np.array(hull).T
    assert all(py >= np.interp(px, x, y) - 1e-9 for px, py in points)


def amplifier(model: ClockModel, marker: Callable[[float], float] | None) -> F64Array:
    """Feed blocks of 40 ms for 60 s, each second one with a marker after it; give ms of error."""
    rng = np.random.default_rng(0)
    error = []
    for block in range(1, 1500):
        newest = block * 0.04
        arrival = 1000 + newest + 0.01 + rng.exponential(0.004)
        model.observe(newest, arrival, "eeg")
        error.append(1e3 * (model.map(np.array([newest]))[0] - 1000 - newest))
        if marker is not None and block % 25 == 0:
            model.observe(marker(newest), arrival, "eeg-markers", leads=False)
    return np.array(error[250:])


@pytest.mark.parametrize(
    "marker",
    [lambda t: t - 0.02, lambda t: t - 0.2, lambda t: t + 17e6, lambda t: 0.0],
    ids=["in its block", "late", "of a spoilt place", "at the beginning"],
)
def test_a_marker_leaves_the_clock_as_it_is(marker: Callable[[float], float]) -> None:
    """Each one was taken for a clock set back: stamps of the signals scattered by 17 ms."""
    model = ClockModel()
    error = amplifier(model, marker)
    assert model.resets == 0
    assert np.ptp(error) < 0.2
    np.testing.assert_array_equal(error, amplifier(ClockModel(), None))


def test_streams_of_two_rates_share_one_clock_and_its_reset() -> None:
    model = ClockModel()
    for start in (0.0, 3.0):  # the device begins anew after a minute
        for k in range(1, 600):
            arrival = 1000.0 + 60 * (start > 0) + k * 0.1
            model.observe(start / 100 + k * 0.1, arrival, "fast")
            model.observe(start / 100 + k * 0.1 - 0.05, arrival, "slow")
    assert model.resets == 1


def test_markers_alone_teach_the_clock_until_signals_do() -> None:
    model = ClockModel()
    for k in range(100):
        model.observe(k * 0.1, 50.0 + k * 0.1, "keys", leads=False)
    assert model.fitted
    assert model.map(np.array([10.0]))[0] == pytest.approx(60.0)
    model.observe(10.0, 61.0, "eeg")
    assert model.map(np.array([10.0]))[0] == pytest.approx(61.0)
    assert model.resets == 0
