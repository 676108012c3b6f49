"""Whether an encoder keeps up is known before the ring is full, and a hiccup is no overload."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.camera.overload import LOOK_S, PATIENCE_S, Cause, Overload, Pace

RATE = 150.0
SLOTS = 150  # a second


def run(
    share: float, busy: float = 1.0, seconds: float = 20.0, stall_s: float = 0.0, slots: int = SLOTS
) -> tuple[Cause | None, float, int]:
    """Let an encoder that manages `share` of the camera's rate run; the verdict, when, what waits.

    It stands still for `stall_s` first.
    """
    overload, written, waiting = Overload(), 0.0, 0
    for came in range(1, round(seconds * RATE)):
        at = came / RATE
        if at > stall_s:
            written = min(came, written + (share if waiting else min(share, 1.0)))
        waiting = came - int(written)
        if waiting > slots:
            return None, at, waiting
        cause = overload.took(Pace(at, came, waiting, slots, at * busy))
        if cause:
            return cause, at, waiting
    return None, seconds, waiting


@pytest.mark.parametrize("share", [0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.97])
def test_a_codec_that_is_too_slow_is_known_while_there_is_room_for_what_comes(share: float) -> None:
    cause, _, waiting = run(share, seconds=60.0)
    assert cause == "processor"
    assert waiting / share <= SLOTS - waiting  # until what waits is written


@pytest.mark.parametrize("share", [1.0, 1.02, 1.5])
def test_one_that_keeps_up_is_left_alone(share: float) -> None:
    assert run(share)[0] is None


def test_a_hiccup_is_no_overload() -> None:
    """It stands still for a third of the ring, and catches up."""
    assert run(1.5, stall_s=LOOK_S)[0] is None


def test_a_disk_is_not_seen_coming() -> None:
    """It may hold its breath: only frames that are refused for a second speak against it."""
    cause, at, waiting = run(0.5, busy=0.2)
    assert (cause, waiting) == (None, SLOTS + 1)
    overload = Overload()
    told = [
        overload.refused(Pace(at + k / RATE, 500, SLOTS, SLOTS, 0.2 * k / RATE)) for k in range(200)
    ]
    assert told.index("disk") == pytest.approx(PATIENCE_S * RATE, abs=1)


def test_refusals_far_apart_are_none_that_last() -> None:
    overload = Overload()
    for k in range(5):
        assert overload.refused(Pace(k * 1.1 * PATIENCE_S, 500, SLOTS, SLOTS, 1.0)) is None


@given(share=st.floats(0.1, 3.0), stall_s=st.floats(0, 1), slots=st.integers(16, 600))
def test_whoever_keeps_up_in_the_mean_is_never_blamed_before_it_stood_still(
    share: float, stall_s: float, slots: int
) -> None:
    cause, at, _ = run(share, stall_s=stall_s, slots=slots, seconds=5.0)
    if cause:
        assert at >= LOOK_S
        assert share < 1 or stall_s >= LOOK_S / 2
