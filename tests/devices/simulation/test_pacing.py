"""Faults and pacing: every sample of the schedule is delivered or counted, at the right time."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from devices.base import DeviceLost, wait
from devices.simulation.faults import Faults, Link
from devices.simulation.pacing import Pacer, Run
from tests.devices.clock import FakeClock

START = 1000.0

plans = st.builds(
    Faults,
    clock_offset_s=st.floats(-1e6, 1e6),
    drift_ppm=st.floats(-500, 500),
    jitter_ms=st.sampled_from([0.0, 1.0, 5.0, 40.0]),
    latency_ms=st.sampled_from([0.0, 3.0, 250.0]),
    drop_probability=st.sampled_from([0.0, 0.01, 0.5, 1.0]),
    stall_at_s=st.none() | st.floats(0, 6),
    stall_for_s=st.floats(0, 4),
    unplug_at_s=st.none() | st.floats(0.05, 6),
    unplug_for_s=st.floats(0, 4),
)


class Session:
    """A pacer read for some seconds as a host would: opened again when it is lost."""

    def __init__(
        self, faults: Faults, rate_hz: float, late_s: float = 0.0, skip_after_s: float = math.inf
    ) -> None:
        self.clock = FakeClock(START, late_s)
        link = Link(faults, seed=3, name="x")
        self.pacer = Pacer(self.clock, link, rate_hz, skip_after_s=skip_after_s)
        self.runs: list[Run] = []
        self.silences: list[float] = []
        self.losses = 0

    def read(self, seconds: float) -> list[Run]:
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            try:
                self.pacer.open()
                self._read(end)
            except DeviceLost:
                self.losses += 1
                self.clock.time += 0.25
        return self.runs

    def _read(self, end: float) -> None:
        last = self.clock.now()
        for run in self.pacer.runs():
            self.silences.append(self.clock.now() - last)
            last = self.clock.now()
            if run is not None:
                assert run.arrivals[-1] <= last
                self.runs.append(run)
            if last >= end:
                return


@settings(max_examples=200, deadline=None)
@given(plans, st.sampled_from([2.0, 150.0, 1000.0]), st.sampled_from([0.0, 0.003, 0.05]))
def test_every_sample_is_delivered_or_counted(faults: Faults, rate: float, late_s: float) -> None:
    session = Session(faults, rate, late_s)
    runs = session.read(10.0)
    at = 0
    for run in runs:
        assert run.first - run.lost == at
        assert run.stop - run.first == len(run.arrivals) > 0
        at = run.stop
    assert max(session.silences) <= 0.1 + late_s + 1e-9
    if faults.drop_probability < 1:
        assert runs
        # What has arrived by the end of the reading is there.
        worst = faults.latency_ms * 1e-3 + faults.jitter_ms * 1e-2 + 0.1 + 60 / rate
        held = faults.stall_for_s if faults.stall_at_s is not None else 0
        held += faults.unplug_for_s + 0.5 if faults.unplug_at_s is not None else 0
        assert at >= (10.0 - worst - held) * rate * session.pacer._link.pace - 60


@settings(max_examples=100, deadline=None)
@given(plans, st.sampled_from([2.0, 150.0, 1000.0]))
def test_arrivals_keep_order_and_follow_their_samples(faults: Faults, rate: float) -> None:
    session = Session(faults, rate)
    runs = session.read(10.0)
    if not runs:
        return
    arrivals = np.concatenate([run.arrivals for run in runs])
    times = np.concatenate([session.pacer.true_times(run.first, run.stop) for run in runs])
    assert (np.diff(arrivals) >= 0).all()
    assert (arrivals >= times + faults.latency_ms * 1e-3 - 1e-9).all()
    if faults.stall_at_s is None:
        longest = faults.latency_ms * 1e-3 + faults.jitter_ms * 1e-2 + 1 / rate + 0.02
        assert (arrivals <= times + longest).all()


@given(plans, st.integers(0, 10**9))
def test_device_times_are_equally_spaced_and_on_the_device_clock(faults: Faults, k: int) -> None:
    session = Session(faults, 1000.0)
    session.pacer.open()
    own = session.pacer.device_times(k, k + 100)
    true = session.pacer.true_times(k, k + 100)
    assert np.diff(own) == pytest.approx(1e-3, abs=1e-8)
    expected = faults.clock_offset_s + true * (1 + faults.drift_ppm * 1e-6)
    assert own == pytest.approx(expected, abs=1e-9, rel=1e-14)
    assert true[0] == pytest.approx(START + k / 1000 / (1 + faults.drift_ppm * 1e-6), abs=1e-6)


@pytest.mark.parametrize("drift_ppm", [0.0, 100.0, pytest.param(-100.0, marks=pytest.mark.soak)])
def test_an_hour_holds_its_rate_however_late_each_waking_is(drift_ppm: float) -> None:
    session = Session(Faults(drift_ppm=drift_ppm), 150.0, late_s=0.013)
    runs = session.read(3600.0)
    end = session.clock.now()
    expected = (end - START) * 150.0 * (1 + drift_ppm * 1e-6)
    assert runs[-1].stop == pytest.approx(expected, abs=4)
    assert sum(run.lost for run in runs) == 0
    last = session.pacer.true_times(runs[-1].stop - 1, runs[-1].stop)[0]
    assert last <= end
    assert session.pacer.true_times(540_000, 540_001)[0] == pytest.approx(
        START + 3600 / (1 + drift_ppm * 1e-6), abs=1e-6
    )


def test_a_suspended_host_catches_up_in_bounded_runs() -> None:
    session = Session(Faults(), 1000.0)
    session.read(1.0)
    session.clock.time += 3.0
    before = session.runs[-1].stop
    reader = session.pacer.runs()
    late = [run for run in itertools.islice(reader, 5) if run is not None]
    assert late[0].first == before
    assert max(run.stop - run.first for run in late) <= 1000
    assert late[-1].stop >= before + 3000
    assert all(run.lost == 0 for run in late)


def test_a_camera_that_nobody_fetched_from_loses_the_old_frames() -> None:
    session = Session(Faults(), 100.0, skip_after_s=1.0)
    session.read(1.0)
    before = session.runs[-1].stop
    session.clock.time += 3.0
    session.read(1.0)
    # The reading itself closed and opened: nothing was asked for in between.
    session.runs.clear()
    reader = session.pacer.runs()
    next(reader)
    session.clock.time += 3.0
    late = next(run for run in reader if run is not None)
    assert late.lost == pytest.approx(300, abs=3)
    assert late.first > before + 300


def test_closing_on_purpose_loses_nothing() -> None:
    session = Session(Faults(), 1000.0)
    session.read(1.0)
    session.clock.time += 5.0
    runs = session.read(1.0)
    assert sum(run.lost for run in runs) == 0
    assert max(b.first - a.stop for a, b in itertools.pairwise(runs)) == pytest.approx(5000, abs=2)


def test_a_stall_delays_and_delivers_everything_in_a_burst() -> None:
    session = Session(Faults(stall_at_s=2.0, stall_for_s=1.5), 1000.0)
    runs = session.read(6.0)
    assert sum(run.lost for run in runs) == 0
    arrivals = np.concatenate([run.arrivals for run in runs])
    assert not ((arrivals >= START + 2.0) & (arrivals < START + 3.5)).any()
    assert np.count_nonzero(np.isclose(arrivals, START + 3.5)) == pytest.approx(1500, abs=20)
    assert max(session.silences) <= 0.1 + 1e-9


def test_unplugging_loses_the_device_once_and_counts_what_it_cost() -> None:
    session = Session(Faults(unplug_at_s=2.0, unplug_for_s=1.0), 1000.0)
    runs = session.read(6.0)
    gaps = [run for run in runs if run.lost]
    assert len(gaps) == 1
    assert gaps[0].lost == pytest.approx(1000, abs=25)
    assert gaps[0].first == pytest.approx(3000, abs=1)
    assert session.losses == 4  # it is tried every 0.25 s


def test_still_unplugged_says_for_how_long() -> None:
    clock = FakeClock()
    link = Link(Faults(unplug_at_s=2, unplug_for_s=3), 1, "face")
    link.open(clock.now())
    with pytest.raises(DeviceLost, match=r"face: still unplugged, back in 1\.000 s"):
        link.open(clock.now() + 4.0)
    link.open(clock.now() + 5.0)
    assert link.unplug_time == math.inf


def test_unplugged_for_good_stays_so() -> None:
    link = Link(Faults(unplug_at_s=2, unplug_for_s=math.inf), 1, "face")
    link.open(0.0)
    with pytest.raises(DeviceLost):
        link.open(1e6)


def test_jitter_is_exponential_with_its_tail_cut() -> None:
    link = Link(Faults(jitter_ms=2.0), 1, "x")
    delays = np.array([link.arrival(10.0 * i, i) - 10.0 * i for i in range(20_000)]) * 1e3
    assert delays.min() >= 0
    assert delays.min() < 0.01
    assert delays.mean() == pytest.approx(2.0, rel=0.05)
    assert np.median(delays) == pytest.approx(2.0 * math.log(2), rel=0.05)
    assert 12 < delays.max() <= 20.0 + 1e-6


def test_drops_come_as_often_as_asked_and_can_be_repeated() -> None:
    numbers = np.arange(100_000)
    dropped = Link(Faults(drop_probability=0.02), 1, "x").dropped(numbers)
    assert dropped.mean() == pytest.approx(0.02, rel=0.1)
    assert (dropped == Link(Faults(drop_probability=0.02), 1, "x").dropped(numbers)).all()
    assert (dropped != Link(Faults(drop_probability=0.02), 1, "y").dropped(numbers)).any()


def test_a_gap_shows_in_the_device_times() -> None:
    session = Session(Faults(drop_probability=0.02, drift_ppm=80), 1000.0)
    runs = session.read(5.0)
    own = [session.pacer.device_times(run.first, run.stop) for run in runs]
    for (a, b), run in zip(itertools.pairwise(own), runs[1:], strict=True):
        assert b[0] - a[-1] == pytest.approx((run.lost + 1) / 1000, abs=1e-9)
    assert sum(run.lost for run in runs) == pytest.approx(100, abs=40)


def test_wait_yields_often_and_ends_in_time() -> None:
    clock = FakeClock(0.0)
    assert 9 <= len(list(wait(clock, 1.0))) <= 10
    assert clock.now() == 1.0
    assert list(wait(clock, 0.5)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"drop_probability": 1.1},
        {"jitter_ms": -1},
        {"stall_at_s": -1},
        {"latency": 3},
        {"clock_offset_s": math.nan},
    ],
)
def test_a_wrong_plan_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        Faults(**wrong)
