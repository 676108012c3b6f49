"""The floor of blocks while they come: late, lost after 30 s, and taken back where it comes."""

from __future__ import annotations

import numpy as np
import pytest

from acquire.take.exact_stamps import LostSamples
from acquire.take.live_floor import FIRST, WAIT_S, LiveFloor

RATE_HZ = 100.0
WAIT = round(WAIT_S)  # blocks of a second


def begun(blocks: int = FIRST, *, slope: float = 0.0) -> LiveFloor:
    """Return a floor at 0 s (rising by `slope` a block) after so many blocks."""
    floor = LiveFloor(RATE_HZ)
    assert floor.size == 100
    found = [loss for k in range(blocks) for loss in floor.take(k * slope, float(k))]
    assert found == []
    return floor


def taken(floor: LiveFloor, levels: list[float], first: int) -> list[LostSamples]:
    return [x for k, level in enumerate(levels) for x in floor.take(level, float(first + k))]


def test_nothing_is_late_before_the_floor_is_known() -> None:
    floor = begun(FIRST - 1)
    assert floor.rise_s(5.0) == 0.0
    floor.take(0.0, 0.0)
    assert floor.rise_s(5.0) == pytest.approx(5.0, abs=1e-3)
    assert floor.rise_s(-5.0) == 0.0


def test_what_stays_away_is_lost_after_its_time_and_not_before() -> None:
    floor = begun()
    assert taken(floor, [0.5] * WAIT, FIRST) == []
    assert floor.rise_s(0.5) == pytest.approx(0.5, abs=1e-3)
    (loss,) = floor.take(0.5, 99.0)
    assert loss == LostSamples(float(FIRST), 50)  # where it began
    assert floor.rise_s(0.5) == pytest.approx(0.0, abs=1e-3)  # its floor is there now
    assert taken(floor, [0.5] * 40, 100) == []


def test_the_least_rise_counts_and_a_lower_one_begins_the_wait_anew() -> None:
    floor = begun()
    assert taken(floor, [2.0] * 20 + [0.5] * WAIT, FIRST) == []
    (loss,) = floor.take(0.7, 99.0)
    assert loss == LostSamples(float(FIRST), 50)


def test_what_comes_back_to_the_floor_was_late() -> None:
    floor = begun()
    assert taken(floor, [3.0, 2.0, 1.0, 0.0] * 20, FIRST) == []
    assert floor.rise_s(0.0) == pytest.approx(0.0, abs=1e-3)


def test_what_comes_after_all_is_taken_back_the_newest_first() -> None:
    floor = begun()
    first = taken(floor, [0.5] * (WAIT + 1), FIRST)
    second = taken(floor, [1.5] * (WAIT + 1), 60)
    assert [loss.lost for loss in first + second] == [50, 100]
    # The backlog comes: the level falls for some blocks, and what it has fallen by is told once.
    back = taken(floor, [1.2, 0.8, 0.3, 0.3], 100)
    assert back == [LostSamples(60.0, -100), LostSamples(float(FIRST), -20)]
    assert floor.rise_s(0.3) == pytest.approx(0.0, abs=1e-3)
    assert taken(floor, [0.3] * 40, 104) == []
    rest = taken(floor, [0.0, 0.0], 150)
    assert rest == [LostSamples(float(FIRST), -30)]
    assert taken(floor, [0.0] * 40, 152) == []


def test_a_loss_before_the_floor_was_known_is_found_when_it_is() -> None:
    floor = LiveFloor(RATE_HZ)
    (loss,) = taken(floor, [0.0] * 5 + [0.5] * (WAIT + 1), 0)
    assert loss == LostSamples(5.0, 50)


def test_what_was_lost_during_a_lateness_has_waited_as_long() -> None:
    floor = begun()
    found = taken(floor, [0.5] * 10 + [2.0] * (WAIT + 1), FIRST)
    assert found == [LostSamples(float(FIRST), 50), LostSamples(float(FIRST + 10), 150)]


@pytest.mark.parametrize("between", [0.0, -0.2])
def test_the_wait_begins_anew_after_the_floor_was_reached(between: float) -> None:
    floor = begun()
    assert taken(floor, [0.5] * 20 + [between] + [0.5] * 20, FIRST) == []


def test_a_floor_that_falls_below_itself_brings_nothing_back() -> None:
    """All samples are less late than before: nothing had been counted."""
    floor = begun()
    assert taken(floor, [-0.2] * 40, FIRST) == []
    assert floor.rise_s(0.0) == pytest.approx(0.2, abs=1e-3)


def test_a_rate_that_is_a_little_off_is_learnt() -> None:
    floor = begun(60, slope=2e-4)
    assert floor.period_s == pytest.approx(1.0002 / RATE_HZ, rel=1e-5)
    assert taken(floor, [k * 2e-4 for k in range(60, 200)], 60) == []


def test_a_step_within_the_leaps_of_a_coarse_clock_is_no_loss() -> None:
    leap = [0.02] * 100
    assert taken(begun(), leap, FIRST) != []
    floor = LiveFloor(RATE_HZ)
    floor.set_ticks(1 / 64, 0.03)
    assert taken(floor, [0.0] * FIRST + leap, 0) == []


def test_a_step_as_large_as_the_levels_scatter_is_no_loss() -> None:
    noise = np.random.default_rng(0).normal(0, 0.01, 200)
    floor = LiveFloor(RATE_HZ)
    assert taken(floor, (noise + np.where(np.arange(200) > 100, 0.02, 0)).tolist(), 0) == []


def test_what_will_never_come_lifts_the_floor_at_once() -> None:
    floor = begun()
    floor.leave_out(50)
    assert floor.rise_s(0.5) == pytest.approx(0.0, abs=1e-3)
    assert taken(floor, [0.5] * 40, FIRST) == []


def test_a_floor_that_is_known_from_elsewhere_goes_on() -> None:
    floor = LiveFloor(RATE_HZ)
    floor.begin([0.0] * FIRST, 20.0)
    assert floor.rise_s(0.4) == pytest.approx(0.4, abs=1e-3)
    (loss,) = taken(floor, [0.4] * (WAIT + 1), FIRST)
    assert loss.lost == 40


def test_a_loss_of_whole_packets_is_so_many() -> None:
    floor = LiveFloor(RATE_HZ)
    floor.set_rate(RATE_HZ, 120, 12)
    assert floor.size == 120
    assert taken(floor, [0.0] * FIRST, 0) == []
    (loss,) = taken(floor, [0.362] * (WAIT + 1), FIRST)
    assert loss.lost == 36
    (odd,) = taken(floor, [0.402] * (WAIT + 1), 100)
    assert odd.lost == 4  # one that is no packet is counted as it is


def test_what_was_told_before_there_was_a_floor_is_taken_back_by_its_fall() -> None:
    floor = LiveFloor(RATE_HZ)
    floor.may_come([LostSamples(3.0, 200)])
    floor.begin_at(0.0)
    back = taken(floor, [-1.2, -2.0, *[-2.0] * FIRST], 0)
    assert back == [LostSamples(3.0, -200)]
