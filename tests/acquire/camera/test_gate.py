"""The gate stores what lies in trials, with the rolls before and after, and nothing else."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.camera.gate import Decision, Gate
from acquire.rig.video import MARKER_S, GateSettings

SETTINGS = GateSettings(
    source="protocol", start_codes=(101, 102), stop_codes=(100,), pre_s=2, post_s=1
)


def stored(gate: Gate, stamps: list[float]) -> list[float]:
    return [s for s in stamps if gate.decide(s, math.inf) is Decision.STORE]


def test_a_trial_is_stored_with_its_rolls() -> None:
    gate = Gate(SETTINGS)
    gate.take(10.0, 101)
    gate.take(15.0, 100)
    assert stored(gate, [7.9, 8.0, 10.0, 15.0, 16.0, 16.1]) == [8.0, 10.0, 15.0, 16.0]


def test_a_frame_waits_as_long_as_a_start_could_still_reach_back_to_it() -> None:
    gate = Gate(SETTINGS)
    assert gate.decide(10.0, 10.0) is Decision.WAIT
    assert gate.decide(10.0, 12.0 + MARKER_S - 0.01) is Decision.WAIT
    assert gate.decide(10.0, 12.0 + MARKER_S) is Decision.DROP


def test_codes_of_no_interest_change_nothing() -> None:
    gate = Gate(SETTINGS)
    gate.take(10.0, 77)
    gate.take(11.0, 100)
    assert stored(gate, [9.0, 10.0, 11.5]) == []


def test_a_lost_stop_code_ends_where_the_next_trial_begins() -> None:
    gate = Gate(SETTINGS)
    gate.take(10.0, 101)
    gate.take(20.0, 102)
    gate.take(25.0, 100)
    assert stored(gate, [12.0, 21.0, 26.0, 26.1]) == [12.0, 21.0, 26.0]


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20, unique=True))
def test_what_is_stored_does_not_depend_on_when_it_is_decided(times: list[float]) -> None:
    """Deciding as soon as possible and deciding at the very end agree."""
    codes = [(t, 101 if k % 2 == 0 else 100) for k, t in enumerate(sorted(times))]
    late = Gate(SETTINGS)
    for time, code in codes:
        late.take(time, code)
    stamps = [k * 0.5 for k in range(220)]
    at_the_end = stored(late, stamps)
    online, waiting, result, ahead = Gate(SETTINGS), list(stamps), [], list(codes)
    for step in range(450):
        now = step * 0.25
        while ahead and ahead[0][0] <= now:
            online.take(*ahead.pop(0))
        while waiting and waiting[0] <= now:
            decision = online.decide(waiting[0], now)
            if decision is Decision.WAIT:
                break
            if decision is Decision.STORE:
                result.append(waiting[0])
            waiting.pop(0)
    assert result == pytest.approx(at_the_end)
