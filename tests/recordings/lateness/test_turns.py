"""The turns of senders: packets of one size, single samples, and what a clock made meanwhile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.lateness.decision import decide
from recordings.lateness.free_run import Turns, turns_of
from tests.stamps import Sender, Stall, Style, send

STYLES: tuple[Style, ...] = ("equal", "spread", "burst")


@settings(deadline=None, max_examples=60)
@given(
    rate_hz=st.sampled_from([50.0, 250.0, 1000.0]),
    packet=st.sampled_from([2, 5, 10, 25]),
    style=st.sampled_from(STYLES),
    busy=st.floats(0.05, 0.3),
    turns=st.integers(400, 4000),
    seed=st.integers(0, 1000),
)
def test_a_loop_that_sends_chunks_has_lost_nothing(
    rate_hz: float, packet: int, style: Style, busy: float, turns: int, seed: int
) -> None:
    """Its chunks look as a device's do; thousands of samples were called lost."""
    turn_s = packet / rate_hz
    sender = Sender(
        rate_hz,
        turns * turn_s,
        packet,
        style,
        made="loop",
        jitter_s=busy * turn_s,
    )
    sent = send(sender, np.random.default_rng(seed))
    pace = decide(sent.stamps, rate_hz)
    assert (pace.lost, pace.runs_free) == (0, True)
    assert pace.rate_hz == pytest.approx(rate_hz / (1 + busy), rel=0.05)
    # A turn's samples stand behind its stamp, over the time of a usual one.
    assert np.quantile(np.abs(pace.times - sent.true), 0.8) < 2 * busy * turn_s
    assert np.all(np.diff(pace.times) > -2 * busy * turn_s)


@pytest.mark.parametrize("style", STYLES)
def test_the_samples_that_a_turn_sends_are_counted(style: Style) -> None:
    sender = Sender(
        250.0,
        120.0,
        10,
        style,
        made="loop",
        jitter_s=0.002,
        losses=((60.0, 750),),
    )
    sent = send(sender, np.random.default_rng(0))
    pace = decide(sent.stamps, 250.0)
    assert pace.runs_free
    assert pace.lost % 10 == 0
    assert pace.lost == pytest.approx(750, abs=pace.uncertainty)
    assert [loss.index for loss in pace.losses] == [15_000 - 1]


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("rate_hz", [50.0, 128.0, 250.0])
def test_what_a_loop_has_read_of_a_clock_is_no_loop(rate_hz: float, style: Style) -> None:
    """Its turns have no clock, and its samples have: some chunks hold one more."""
    rng = np.random.default_rng(3)
    polls = 1000 + np.cumsum(0.04 + rng.exponential(2e-4, 3000))
    true = 1000.04 + np.arange(int(110 * rate_hz)) / rate_hz
    turn = np.searchsorted(polls, true)
    stamps = polls[turn]
    if style == "spread":
        stamps = (
            stamps - (np.searchsorted(turn, turn, "right") - 1 - np.arange(len(true))) / rate_hz
        )
    elif style == "burst":
        stamps = stamps + 4e-6 * (np.arange(len(true)) - np.searchsorted(turn, turn))
    pace = decide(stamps, rate_hz)
    assert not pace.runs_free
    assert pace.lost <= pace.uncertainty + 1
    assert np.quantile(np.abs(pace.times - true - np.median(pace.times - true)), 0.99) < 1 / rate_hz


def test_packets_and_single_samples_are_told() -> None:
    rng = np.random.default_rng(1)
    single = turns_of(send(Sender(60.0, 30.0, made="loop", jitter_s=0.002), rng).stamps, 60.0)
    assert single == Turns()
    for style, together in zip(STYLES, (True, False, True), strict=True):
        sender = Sender(128.0, 30.0, 8, style, made="loop", jitter_s=0.004)
        turns = turns_of(send(sender, rng).stamps, 128.0)
        assert turns is not None
        assert turns.ends is not None
        assert (turns.size, turns.together) == (8, together)
        assert turns.ends.tolist() == list(range(7, 3840, 8))
    for sender in (
        Sender(128.0, 60.0, 8, "burst", jitter_s=0.004),  # packets may come a little early
        Sender(128.0, 60.0, 8, "burst", stalls=(Stall(20.0, 3.0),)),  # a backlog runs together
    ):
        assert turns_of(send(sender, rng).stamps, 128.0) is None
