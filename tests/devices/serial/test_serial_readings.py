"""Counting what is missing, and stamps from a sensor's own count or clock."""

from __future__ import annotations

import numpy as np
import pytest

from devices.arrays import F64Array
from devices.base import Chunk
from devices.serial.paced_clock import PacedClock
from devices.serial.readings import Assembler, Readings


def take(
    assembler: Assembler, counter: list[int] | None, arrival: float = 0.0,
    spoilt: list[int] | None = None, ticks: list[float] | None = None,
) -> list[Chunk]:  # fmt: skip
    n = len(counter or ticks or spoilt or [])
    readings = Readings(
        np.arange(n, dtype=np.float64)[:, None],
        np.array(spoilt or [0] * n, np.int64),
        np.array(counter, np.float64) if counter is not None else None,
        np.array(ticks) if ticks is not None else None,
    )
    return list(assembler.chunks(readings, arrival))


def own(chunks: list[Chunk]) -> F64Array:
    return np.concatenate([c.device_times for c in chunks if c.device_times is not None])


@pytest.mark.parametrize(
    ("wraps", "counter", "lost"),
    [
        (256, [254, 255, 0, 1], [0]),
        (256, [254, 0, 1], [0, 1]),
        (256, [10, 12, 15], [0, 1, 2]),
        (16, [14, 15, 0, 3], [0, 2]),
        (16, [3, 3], [0, 15]),
        (None, [5, 6, 9], [0, 2]),
        (None, [900, 0, 1], [0]),  # the sensor was reset
        (1 << 16, [40000, 2, 3], [0]),  # so was this one: nobody loses 25 538 samples
    ],
)
def test_gaps_in_the_count_are_the_loss(
    wraps: int | None, counter: list[int], lost: list[int]
) -> None:
    for split in range(len(counter)):
        assembler = Assembler("s", 100, "float32", counter_wraps=wraps)
        chunks = take(assembler, counter[:split]) + take(assembler, counter[split:])
        assert [c.lost for c in chunks if c.lost] == [x for x in lost if x]
        assert sum(len(c.times) for c in chunks) == len(counter)


def test_a_spoilt_reading_is_counted_once() -> None:
    counted = Assembler("s", 100, "float32", counter_wraps=256)
    assert [c.lost for c in take(counted, [1, 3, 4], spoilt=[0, 1, 0])] == [0, 1]
    bare = Assembler("s", 100, "float32")
    assert [c.lost for c in take(bare, None, spoilt=[0, 1, 0, 2])] == [0, 1, 2]


def test_the_count_gives_even_times_across_gaps_and_wraps() -> None:
    assembler = Assembler("s", 100, "float32", counter_wraps=16)
    times = own(take(assembler, [14, 15, 2, 3]))
    assert np.diff(times) == pytest.approx([0.01, 0.03, 0.01])


def test_a_sensor_clock_that_wraps_goes_on() -> None:
    top = 2.0**32
    assembler = Assembler("s", 100, "float64", tick_s=1e-6)
    times = own(take(assembler, None, ticks=[top - 20_000, top - 10_000, 0, 10_000]))
    assert np.diff(times) == pytest.approx([0.01] * 3)
    again = own(take(assembler, None, ticks=[20_000, 15, 10_015]))  # it was reset
    assert again[0] < times[-1], "the host has to see that the clock was set"
    assert (np.diff(again) > 0).all()


def test_without_count_and_clock_a_burst_is_spread_before_its_arrival() -> None:
    assembler = Assembler("s", 100, "float32")
    (chunk,) = take(assembler, None, 5.0, [0, 0, 0])
    assert chunk.device_times is None
    assert chunk.times == pytest.approx([4.98, 4.99, 5.0])
    (chunk,) = take(assembler, None, 5.005, [0, 0])
    assert (chunk.times >= 5.0).all()


def run(
    clock: PacedClock, rate: float, true_rate: float, seconds: float, jitter_s: float
) -> F64Array:
    """Feed bursts of a sensor that claims `rate`; return true time minus its own, both from 0."""
    rng = np.random.default_rng(1)
    off, number = [], 0
    for _ in range(int(seconds * 50)):
        n = round(true_rate / 50)
        count = np.arange(number + 1, number + n + 1) / rate
        number += n
        times = clock.times(count, number / true_rate + rng.exponential(jitter_s))
        off.append(number / true_rate - times[-1])
    return np.array(off)


@pytest.mark.parametrize("off", [0.0, 4e-4])
def test_a_quartz_is_left_to_the_host(off: float) -> None:
    clock = PacedClock()
    run(clock, 100, 100 * (1 + off), 30, 0.002)
    assert clock.rate == 1.0


@pytest.mark.parametrize("off", [-0.03, -0.005, 0.005, 0.03])
def test_a_poor_resonator_is_brought_within_the_reach_of_the_host(off: float) -> None:
    clock = PacedClock()
    behind = run(clock, 100, 100 * (1 + off), 60, 0.002)
    slope = np.polyfit(np.arange(len(behind) // 2) / 50, behind[-(len(behind) // 2) :], 1)[0]
    assert abs(slope) < 600e-6


def test_times_rise_whatever_the_rate_does() -> None:
    clock = PacedClock()
    rng = np.random.default_rng(2)
    count, arrival, last = 0.0, 0.0, -np.inf
    for _ in range(2000):
        steps = count + np.cumsum(rng.uniform(0.001, 0.02, 5))
        arrival += float(rng.uniform(0.0, 0.2))
        times = clock.times(steps, arrival)
        assert times[0] > last
        assert (np.diff(times) > 0).all()
        count, last = float(steps[-1]), float(times[-1])


def test_a_sensor_that_paused_counts_as_loss_and_catches_up() -> None:
    assembler = Assembler("s", 100, "float32", counter_wraps=16)
    arrival, lost, number = 0.0, 0, 0
    for burst in range(600):
        arrival += 3.02 if burst == 300 else 0.02
        for chunk in take(assembler, [number % 16, (number + 1) % 16], arrival):
            lost += chunk.lost
        number += 2
    assert lost == 300
    last = own(take(assembler, [number % 16, (number + 1) % 16], arrival + 0.02))[-1]
    first = own(take(Assembler("s", 100, "float32", counter_wraps=16), [0], 0.02))[0]
    assert last - first == pytest.approx(arrival, abs=0.05)
