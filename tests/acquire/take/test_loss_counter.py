"""Losses of somebody else's stream, told from late chunks."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from acquire.take.exact_stamps import LostSamples
from acquire.take.loss_counter import LossCounter
from devices.arrays import F64Array
from tests.stamps import Sender, Stall, send


def take(counter: LossCounter, stamps: F64Array, arrival: float = math.nan) -> list[LostSamples]:
    counter.note(stamps, arrival)
    return counter.judge()


def count(stamps: F64Array, rate_hz: float, pull: int) -> int:
    counter = LossCounter(rate_hz)
    found = [f for i in range(0, len(stamps), pull) for f in take(counter, stamps[i : i + pull])]
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


@pytest.mark.parametrize("pull", [1, 7, 100])
def test_a_loss_of_a_clean_clock_is_where_the_samples_go_on(pull: int) -> None:
    numbers = np.delete(np.arange(3000), [*range(40, 44), 700, *range(702, 710), 1414])
    stamps = numbers / 1000
    counter = LossCounter(1000)
    found = [f for i in range(0, len(stamps), pull) for f in take(counter, stamps[i : i + pull])]
    after = np.flatnonzero(np.diff(numbers) > 1) + 1
    assert [f.stamp for f in found] == stamps[after].tolist()
    assert [f.lost for f in found] == (np.diff(numbers)[after - 1] - 1).tolist()


def test_a_loss_is_found_among_stamps_that_are_no_numbers() -> None:
    rng = np.random.default_rng(0)
    stamps = np.delete(software_chunks(rng, 60_000), slice(20_000, 20_500))
    stamps[rng.random(len(stamps)) < 0.03] = np.nan
    stamps[30_000:31_500] = np.nan  # longer than a block
    counter = LossCounter(1000)
    found = []
    for start in range(0, len(stamps), 250):
        found += take(counter, stamps[start : start + 250])
    assert sum(f.lost for f in found) == pytest.approx(500, abs=5)
    assert min(f.lost for f in found) > 0
    assert counter.late_s < 0.1


def arrivals(sender: Sender) -> F64Array:
    return send(sender, np.random.default_rng(0)).stamps


def test_a_stall_is_late_first_and_loses_nothing() -> None:
    stamps = arrivals(Sender(packet=10, jitter_s=0.001, stalls=(Stall(40.0, 3.0, 1.5),)))
    counter, late = LossCounter(250.0), 0.0
    for start in range(0, len(stamps), 60):
        assert take(counter, stamps[start : start + 60]) == []
        late = max(late, counter.late_s)
    assert late == pytest.approx(3.0, abs=0.1)
    assert counter.late_s < 0.1


@pytest.mark.parametrize(
    "sender",
    [
        Sender(250.0, 300.0, made="loop", jitter_s=2e-4),
        Sender(30.0, 300.0, made="loop", jitter_s=0.003),
        Sender(1.0, 900.0, made="loop", jitter_s=0.05),
        Sender(250.0, 300.0, 10, "burst", made="loop", jitter_s=0.003),
        Sender(10.0, 300.0, made="clock", jitter_s=0.3, off=-0.9),
        Sender(50.0, 300.0, made="clock", jitter_s=0.008, off=-0.5),
        Sender(60.0, 300.0, made="clock", jitter_s=0.004, off=-0.17),
        Sender(
            128.0, 90.0, packet=8, style="burst", jitter_s=0.004, stalls=(Stall(40.0, 3.0, 5.0),)
        ),
    ],
    ids=[
        "loop at 250",
        "loop at 30",
        "loop at 1",
        "loop of chunks",
        "1 of 10 Hz",
        "25 of 50 Hz",
        "50 of 60 Hz",
        "packets whose samples are sent one by one",
    ],
)
def test_a_loop_and_a_rate_that_is_not_kept_lose_nothing(sender: Sender) -> None:
    """Thousands were told to be lost, of streams that had all their samples."""
    stamps = arrivals(sender)
    counter, pull = LossCounter(sender.rate_hz), max(round(sender.rate_hz / 4), 1)
    found = [f for i in range(0, len(stamps), pull) for f in take(counter, stamps[i : i + pull])]
    assert found == []
    assert counter.late_s < 4 / sender.rate_hz


TURNS = [
    Sender(200.0, 300.0, packet=36, slot_s=0.015, jitter_s=4e-4, off=-0.0015),
    Sender(250.0, 300.0, packet=10, slot_s=0.015, jitter_s=5e-4, off=-0.00076),
    Sender(130.0, 300.0, packet=73, slot_s=0.015, jitter_s=5e-4, off=-0.0022),
]


@pytest.mark.parametrize("sender", TURNS, ids=str)
@pytest.mark.parametrize("packets", [0, 3])
def test_what_waits_for_the_turn_of_a_radio_is_not_lost(sender: Sender, packets: int) -> None:
    """Where a packet takes nearly whole turns the floor leaps by one: each leap became a loss."""
    lost = packets * sender.packet
    for seed in range(3):
        losses = ((100.0, lost),) if lost else ()
        sent = send(replace(sender, losses=losses), np.random.default_rng(seed))
        assert count(sent.stamps, sender.rate_hz, round(sender.rate_hz / 4)) == lost


def test_a_long_interval_that_was_caught_up_is_taken_back() -> None:
    """Stamps were even until a stall: it was a loss at once, and stayed one though all came."""
    sender = Sender(500.0, 60.0, packet=20, stalls=(Stall(9.0, 3.0, 2.0),))
    stamps = send(sender, np.random.default_rng(0)).stamps
    counter = LossCounter(500.0)
    found = [f for i in range(0, len(stamps), 125) for f in take(counter, stamps[i : i + 125])]
    assert [f.lost for f in found] == pytest.approx([1491, -1491], abs=1)
    assert found[0].stamp == found[1].stamp


def test_a_loop_that_was_away_is_counted_at_once() -> None:
    sender = Sender(60.0, 120.0, made="loop", jitter_s=0.001, losses=((60.0, 300),))
    stamps = arrivals(sender)
    counter = LossCounter(60.0)
    found = [f for i in range(0, len(stamps), 15) for f in take(counter, stamps[i : i + 15])]
    assert [f.stamp for f in found] == [stamps[int(np.argmax(np.diff(stamps))) + 1]]
    assert found[0].lost == pytest.approx(300, abs=30)


def test_a_loss_is_counted_after_half_a_minute_where_it_is() -> None:
    stamps = arrivals(Sender(packet=10, jitter_s=0.001, seconds=90.0, losses=((40.0, 500),)))
    counter = LossCounter(250.0)
    place = int(np.argmax(np.diff(stamps)))
    found = [(i, f) for i in range(0, len(stamps), 50) for f in take(counter, stamps[i : i + 50])]
    ((when, loss),) = found
    assert loss.lost == 500
    assert abs(loss.stamp - stamps[place + 1]) < 1.1
    assert 29.0 < stamps[when] - loss.stamp < 35.0


def test_what_was_counted_and_comes_is_taken_back() -> None:
    stamps = arrivals(Sender(packet=10, jitter_s=0.001, seconds=140.0))
    late = stamps.copy()
    late[10_000:22_500] += 5.0  # 50 s on another way that is 5 s longer
    late = np.maximum.accumulate(late)
    counter = LossCounter(250.0)
    found = [f for i in range(0, len(late), 50) for f in take(counter, late[i : i + 50])]
    assert [f.lost for f in found] == [1250, -1250]
    assert found[0].stamp == found[1].stamp


def test_what_an_outlet_that_was_gone_has_not_sent_is_lost_at_once() -> None:
    stamps = arrivals(Sender(packet=10, jitter_s=0.001))
    counter = LossCounter(250.0)
    counter.note(stamps[:7500])  # before it was gone, whenever that is judged
    counter.resume()
    (found,) = take(counter, stamps[8000:8050])
    assert found.stamp == stamps[8000]
    assert found.lost == pytest.approx(500, abs=3)
    rest = stamps[8050:]
    assert [f for i in range(0, len(rest), 50) for f in take(counter, rest[i : i + 50])] == []


@pytest.mark.parametrize("rate", [50.0, 60.0, 75.0])
def test_a_clock_of_coarse_ticks_loses_nothing_by_them(rate: float) -> None:
    """At 50 Hz a Windows clock of 15.6 ms shows one tick or two."""
    true = np.delete(1000 + np.arange(round(150 * rate)) / rate, np.s_[3000:3020])
    stamps = np.floor(true * 64) / 64
    counter = LossCounter(rate)
    pull = int(rate / 4)
    found = [f for n in range(0, len(stamps), pull) for f in take(counter, stamps[n : n + pull])]
    assert sum(loss.lost for loss in found) == 20


@pytest.mark.parametrize("lost", [0, 50])
@pytest.mark.parametrize("tick", [1e-3, 4e-3, 1 / 64])
@pytest.mark.parametrize("rate", [128.0, 250.0, 500.0])
def test_leaps_of_a_clock_are_told_from_losses(rate: float, tick: float, lost: int) -> None:
    """Where the rate is a little off, stamps stay and leap: live each leap became a loss."""
    losses = ((100.0, lost),) if lost else ()
    sender = Sender(rate, 180.0, jitter_s=0.003, off=6e-4, losses=losses)
    stamps = np.floor(send(sender, np.random.default_rng(5)).stamps / tick) * tick
    assert count(stamps, rate, int(rate / 4)) == pytest.approx(lost, abs=2)


def arriving(stamps: F64Array, arrivals: F64Array, rate_hz: float, pull: int) -> int:
    """Count the losses of stamps that come when they come, some at a time."""
    counter, found = LossCounter(rate_hz), []
    for i in range(0, len(stamps), pull):
        part = slice(i, i + pull)
        found += take(counter, stamps[part], float(arrivals[part][-1]))
    return sum(f.lost for f in found)


@pytest.mark.parametrize("pull", [1, 7, 25, 100])
@pytest.mark.parametrize("noise", [0.0, 2e-3])
def test_a_clock_that_was_set_forward_has_lost_nothing(pull: int, noise: float) -> None:
    """2 hours forward were 720,000 samples lost, of a stream that never paused."""
    rng = np.random.default_rng(1)
    true = np.arange(12_000) / 100 + 0.01
    stamps = true + 1000 + noise * rng.random(12_000)
    assert arriving(np.where(true > 30, stamps + 7200, stamps), true, 100, pull) == 0
    lost = np.delete(np.arange(12_000), slice(6000, 6040))  # and what is lost later is counted
    leapt = np.where(true > 30, stamps + 7200, stamps)[lost]
    assert arriving(leapt, true[lost], 100, pull) == pytest.approx(40, abs=0 if not noise else 1)


@pytest.mark.parametrize("pull", [25, 100])
def test_one_stamp_far_ahead_is_no_loss(pull: int) -> None:
    true = np.arange(12_000) / 100
    stamps = true.copy()
    stamps[699::700] += 7200
    assert arriving(stamps, true, 100, pull) == 0


@pytest.mark.parametrize("pull", [25, 100])
def test_a_pause_in_which_samples_were_lost_is_a_loss(pull: int) -> None:
    """A sender that stood still for a minute, and a network that held back half of another one."""
    numbers = np.delete(np.arange(20_000), [*range(5000, 11_000), *range(12_000, 13_000)])
    arrivals = numbers / 100
    arrivals[(numbers >= 11_500) & (numbers < 15_000)] = 150.0
    assert arriving(numbers / 100, arrivals, 100, pull) == 7000


@pytest.mark.parametrize("pull", [5, 60, 500])
def test_stamps_in_milliseconds_lose_nothing(pull: int) -> None:
    """Chunks whose one stamp was given in ms: 9.7 million samples "were lost" in 40 s."""
    ends = 1000 * (20.0 + np.arange(400) / 50)  # a chunk of five each 20 ms
    stamps = (ends[:, np.newaxis] - np.arange(4, -1, -1) / 250).ravel()
    assert arriving(stamps, 20.0 + np.arange(2000) / 250, 250, pull) == 0


def test_an_infinite_stamp_is_not_late() -> None:
    """A stream "was late by inf s"."""
    rng = np.random.default_rng(0)
    stamps = software_chunks(rng, 60_000)
    counter = LossCounter(1000)
    for start in range(0, 60_000, 250):
        chunk = stamps[start : start + 250].copy()
        chunk[-1] = math.inf
        take(counter, chunk)
        assert counter.late_s < 1
