"""Counting what is missing, and stamps from a sensor's own count or clock."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

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
        (256, [10, 12, 15, 16], [0, 1, 2]),
        (16, [14, 15, 0, 3, 4], [0, 2]),
        (16, [2, 3, 3, 4], [0, 15]),
        (None, [5, 6, 9, 10], [0, 2]),
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


@pytest.mark.parametrize(
    ("wraps", "counter", "wrong"),
    [
        (16, [4, 5, 12, 7, 8], 2),
        (16, [15, 0, 9, 2, 3], 2),
        (16, [15, 0, 0, 2, 3], 2),
        (256, [254, 255, 17, 1, 2], 2),
        (None, [1000, 1001, 12, 1003, 1004], 2),  # a digit was lost on the line
        (None, [1000, 1001, 9002, 1003, 1004], 2),
    ],
)
def test_one_wrong_number_is_one_spoilt_reading(
    wraps: int | None, counter: list[int], wrong: int
) -> None:
    for split in range(len(counter)):
        assembler = Assembler("s", 100, "float32", counter_wraps=wraps)
        chunks = take(assembler, counter[:split]) + take(assembler, counter[split:])
        assert sum(c.lost for c in chunks) == 1
        numbers = np.delete(np.arange(len(counter)), wrong)
        assert np.diff(own(chunks)) == pytest.approx(np.diff(numbers) / 100)


@given(
    st.lists(st.integers(0, 5), min_size=30, max_size=60),
    st.integers(2, 28),
    st.integers(2, 15),
    st.sets(st.integers(0, 60)),
)
def test_a_wrong_number_never_invents_a_turn_of_the_count(
    gaps: list[int], at: int, off: int, cuts: set[int]
) -> None:
    gaps[at - 1 : at + 3] = [0] * 4
    gaps[1] = 0  # behind the first of all a jump is that one's fault
    true = np.cumsum(np.array(gaps) + 1)
    counter = (true % 16).astype(np.float64)
    counter[at] = (counter[at] + off) % 16
    assembler = Assembler("s", 100, "float32", counter_wraps=16)
    edges = [0, *sorted(cut for cut in cuts if cut < len(true)), len(true)]
    chunks = [c for a, b in pairwise(edges) for c in take(assembler, counter[a:b].tolist())]
    chunks += take(assembler, [int(true[-1] + k) % 16 for k in (1, 2)])
    assert sum(c.lost + len(c.times) for c in chunks) == true[-1] + 2 - gaps[0]


@pytest.mark.parametrize(
    ("wraps", "rate_hz", "counter"),
    [
        *[(16, 1000, [(3 + off) % 16, 4, 5, 6, 7]) for off in range(1, 16)],
        (256, 1000, [100, 250, 251, 252]),
        (None, 1000, [12, 213, 214, 215]),  # a digit was lost on the line
    ],
)
def test_a_wrong_first_number_invents_no_loss_and_bends_no_time(
    wraps: int | None, rate_hz: float, counter: list[int]
) -> None:
    """With a count of four bits it was up to 15 losses, and its time up to 15 ms early."""
    for cuts in product(range(len(counter) + 1), repeat=2):
        for anew in (False, True):
            assembler = Assembler("s", rate_hz, "float32", counter_wraps=wraps)
            if anew:
                take(assembler, [7, 8, 9, 12])
                assembler.restart()
            edges = pairwise([0, *sorted(cuts), len(counter)])
            parts = (take(assembler, counter[a:b], a / 50) for a, b in edges)
            chunks = [chunk for part in parts for chunk in part]
            assert [c.lost for c in chunks if c.lost] == [1]
            assert sum(len(c.times) for c in chunks) == len(counter) - 1
            assert np.diff(own(chunks)) == pytest.approx(1 / rate_hz)


def test_a_loss_behind_the_first_number_is_one_where_the_count_can_tell() -> None:
    for wraps, counter in ((256, [3, 12, 13]), (None, [100, 116, 117]), (16, [3, 9, 12, 14, 15])):
        chunks = take(Assembler("s", 100, "float32", counter_wraps=wraps), counter)
        assert sum(c.lost + len(c.times) for c in chunks) == counter[-1] - counter[0] + 1


def test_a_sensor_without_rate_does_not_wait_for_a_second_event() -> None:
    assembler = Assembler("s", 0, "float32", counter_wraps=16)
    assert [c.lost for c in take(assembler, [3])] == [0]


def test_each_reading_that_waited_keeps_its_arrival() -> None:
    assembler = Assembler("s", 100, "float32", counter_wraps=16)
    assert take(assembler, [9], 1.0) == []
    assert take(assembler, [11], 2.0) == []
    chunks = take(assembler, [14, 15], 3.0)
    assert [c.times.tolist() for c in chunks] == [[1.0], [2.0], [3.0, 3.0]]
    assert [c.lost for c in chunks] == [0, 1, 2]


def test_a_wrong_time_does_not_set_the_clock() -> None:
    ticks = [10_000.0 * k for k in range(1, 8)]
    for wrong in (15.0, 5_000_000.0):
        for split in range(len(ticks)):
            told = [*ticks[:3], wrong, *ticks[4:]]
            assembler = Assembler("s", 100, "float32", tick_s=1e-6)
            chunks = take(assembler, None, ticks=told[:split])
            chunks += take(assembler, None, ticks=told[split:])
            assert np.diff(own(chunks)) == pytest.approx([0.01, 0.01, 0.02, 0.01, 0.01])
            assert sum(c.lost for c in chunks) == 1


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
    first = own(take(Assembler("s", 100, "float32", counter_wraps=16), [0, 1], 0.02))[0]
    assert last - first == pytest.approx(arrival, abs=0.05)


def test_what_waits_at_the_end_is_kept_or_counted() -> None:
    """It was dropped without a word; a jump is true or wrong, and nobody will say."""
    for counter, kept in (([3], 1), ([3, 9], 1), ([3, 4, 5, 9], 3)):
        assembler = Assembler("s", 100, "float32", counter_wraps=16)
        chunks = [*take(assembler, counter), *assembler.held_back()]
        assert sum(len(c.times) for c in chunks) == kept
        assert sum(c.lost for c in chunks) == len(counter) - kept
        assert list(assembler.held_back()) == []
    assembler = Assembler("s", 100, "float32", tick_s=1e-3)
    chunks = [*take(assembler, None, ticks=[0, 10, 90_000]), *assembler.held_back()]
    assert [len(c.times) for c in chunks] == [2, 0]
    assert chunks[-1].lost == 1
