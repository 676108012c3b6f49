"""Senders without a clock of their own: what is told of them, and what is not taken for one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.lateness.decision import decide
from recordings.lateness.free_run import free_run
from tests.stamps import Sender, Stall, send


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@settings(deadline=None, max_examples=60)
@given(
    rate_hz=st.sampled_from([1.0, 10.0, 30.0, 60.0, 100.0, 250.0]),
    busy=st.floats(0.005, 0.3),
    samples=st.integers(600, 20_000),
    seed=st.integers(0, 1000),
)
def test_a_loop_has_lost_nothing_and_its_times_are_its_stamps(
    rate_hz: float, busy: float, samples: int, seed: int
) -> None:
    """Its even times were off by up to a second, and thousands of samples were called lost."""
    sender = Sender(rate_hz, samples / rate_hz, made="loop", jitter_s=busy / rate_hz)
    stamps = send(sender, np.random.default_rng(seed)).stamps
    pace = decide(stamps, rate_hz)
    assert (pace.lost, pace.runs_free, pace.shows_loss) == (0, True, False)
    assert np.array_equal(pace.times, stamps)
    assert pace.rate_hz == pytest.approx((len(stamps) - 1) / (stamps[-1] - stamps[0]))


def test_what_a_loop_did_not_send_while_it_was_away_is_counted() -> None:
    sender = Sender(60.0, 300.0, made="loop", jitter_s=0.001, losses=((100.0, 600),))
    pace = decide(send(sender, rng()).stamps, 60.0)
    assert pace.runs_free
    assert pace.lost == pytest.approx(600, abs=pace.uncertainty)
    assert [loss.index for loss in pace.losses] == [6000 - 1]


def test_a_loop_that_was_away_for_longer_than_it_was_there_is_one() -> None:
    losses = ((10.0, 2400), (60.0, 2400), (110.0, 2400))
    sent = send(Sender(60.0, 160.0, made="loop", jitter_s=0.002, losses=losses), rng())
    pace = decide(sent.stamps, 60.0)
    assert pace.runs_free
    assert pace.lost == pytest.approx(sent.lost, abs=pace.uncertainty)


@pytest.mark.parametrize(
    "sender",
    [
        Sender(250.0, 300.0, jitter_s=2e-4, losses=tuple((t / 3, 1) for t in range(3, 890))),
        Sender(250.0, 300.0, jitter_s=3e-4, losses=tuple((t / 9, 1) for t in range(9, 2690))),
        Sender(100.0, 60.0, jitter_s=0.002, stalls=(Stall(9.0, 3.0, 2.0), Stall(42.0, 5.0, 1.3))),
        Sender(256.0, 300.0, packet=73, jitter_s=0.001, losses=((100.0, 73),)),
        Sender(
            128.0, 90.0, packet=8, style="burst", jitter_s=0.004, stalls=(Stall(40.0, 3.0, 5.0),)
        ),
        Sender(250.0, 300.0, made="clock", jitter_s=0.002, wander=1e-4),
    ],
    ids=["drops", "often", "stalls", "packets", "bursts", "clock"],
)
def test_a_clock_is_no_loop(sender: Sender) -> None:
    sent = send(sender, rng())
    assert free_run(sent.stamps, sender.rate_hz) is None
    pace = decide(sent.stamps, sender.rate_hz)
    assert pace.lost == pytest.approx(sent.lost, abs=pace.uncertainty)
    assert not pace.runs_free


@pytest.mark.parametrize("share", [0.1, 0.5, 0.77, 1.3])
@pytest.mark.parametrize("samples", [60, 123, 4000])
@pytest.mark.parametrize("scatter", [0.02, 0.15])
def test_where_the_rate_is_not_the_one_that_is_said_nothing_is_lost(
    share: float, samples: int, scatter: float
) -> None:
    """10 Hz were said, and 1 Hz came: 538 samples were lost "in 0.9 s", the times 27 s off."""
    true = 1000.0 + np.arange(samples) / (10.0 * share)
    stamps = true + rng().normal(0.0, scatter / (10.0 * share), samples)
    pace = decide(stamps, 10.0)
    assert pace.lost == 0
    assert pace.rate_hz == pytest.approx(10.0 * share, rel=0.05)
    assert float(np.max(np.abs(pace.times - true))) * 10.0 * share < max(4 * scatter, 1.0)


@pytest.mark.parametrize("share", [0.5, 0.77, 0.9, 0.94, 1.1, 1.5])
@pytest.mark.parametrize("periods", [0.3, 1.0, 3.0, 8.0])
def test_nor_where_its_samples_queue_for_a_period_or_more(share: float, periods: float) -> None:
    """The usual interval is another than the mean then, as it is where samples are lost."""
    sender = Sender(250.0, 120.0, jitter_s=periods / 250, off=share - 1)
    sent = send(sender, rng())
    pace = decide(sent.stamps, 250.0)
    assert pace.lost == 0
    assert pace.rate_hz == pytest.approx(250 * share, rel=0.01)
    error = pace.times - sent.true
    assert np.quantile(np.abs(error - np.median(error)), 0.99) < 0.01


@pytest.mark.parametrize("share", [0.06, 0.15, 0.24])
def test_drops_by_chance_are_no_slower_rate(share: float) -> None:
    losses = tuple((at / 60, 1) for at in np.flatnonzero(rng().random(9000) < share).tolist()[1:-1])
    sent = send(Sender(60.0, 150.0, jitter_s=0.001, losses=losses), rng())
    pace = decide(sent.stamps, 60.0)
    assert pace.lost == pytest.approx(sent.lost, abs=max(3, pace.uncertainty))
