"""Whether an encoder keeps up is known before the ring is full, and a hiccup is no overload."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.camera.overload import PATIENCE_S, Cause, Overload, Pace

RATE = 150.0
SLOTS = 150  # a second


def run(
    share: float, busy: float = 1.0, seconds: float = 20.0, slots: int = SLOTS, **stalls: float
) -> tuple[Cause | None, int]:
    """Let an encoder that manages `share` of the camera's rate run; the verdict, and what waits.

    It stands still at the start of every `every_s` for `stall_s`.
    """
    overload, written, waiting = Overload(), 0.0, 0
    stall_s, every_s = stalls.get("stall_s", 0.0), stalls.get("every_s", math.inf)
    for came in range(1, round(seconds * RATE)):
        at = came / RATE
        if at % every_s >= stall_s:
            written = min(came, written + share)
        waiting = came - int(written)
        if waiting > slots:
            return None, waiting
        if cause := overload.took(Pace(at, came, waiting, slots, at * busy)):
            return cause, waiting
    return None, waiting


@pytest.mark.parametrize("share", [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97])
def test_a_codec_that_is_too_slow_is_known_while_there_is_room_for_what_comes(share: float) -> None:
    cause, waiting = run(share, seconds=60.0)
    assert cause == "processor"
    assert waiting / share <= SLOTS - waiting  # until what waits is written


@pytest.mark.parametrize("share", [1.0, 1.02, 1.5])
def test_one_that_keeps_up_is_left_alone(share: float) -> None:
    assert run(share)[0] is None


@given(
    share=st.floats(1.3, 5.0),
    stall_s=st.floats(0.0, 0.8),
    every_s=st.floats(4.0, 9.0),
    slots=st.integers(SLOTS, 4 * SLOTS),
)
def test_a_hiccup_is_no_overload(share: float, stall_s: float, every_s: float, slots: int) -> None:
    """However often it stands still for most of a ring, it catches up."""
    assert run(share, slots=slots, stall_s=stall_s, every_s=every_s)[0] is None


def test_who_stands_still_is_not_helped_by_another_codec() -> None:
    assert run(0.05) == (None, SLOTS + 1)


def test_a_disk_is_not_seen_coming() -> None:
    """It may hold its breath: only frames that are refused for a second speak against it."""
    assert run(0.5, busy=0.2) == (None, SLOTS + 1)
    overload = Overload()
    told = [overload.refused(Pace(k / RATE, 500, SLOTS, SLOTS, 0.2 * k / RATE)) for k in range(200)]
    assert told.index("disk") == pytest.approx(PATIENCE_S * RATE, abs=1)


def test_refusals_far_apart_are_none_that_last() -> None:
    overload = Overload()
    for k in range(5):
        assert overload.refused(Pace(k * 1.1 * PATIENCE_S, 500, SLOTS, SLOTS, 1.0)) is None
