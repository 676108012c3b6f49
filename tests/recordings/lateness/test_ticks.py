"""Stamps of a coarse clock leap again and again, and nothing is missing where they do."""

from __future__ import annotations

import numpy as np
import pytest

from recordings.arrays import F64Array
from recordings.lateness.decision import decide
from recordings.lateness.ticks import tick_of
from tests.stamps import Sender, Sent, send

MS, WINDOWS_S = 1e-3, 1 / 64
COARSE = (
    (MS, Sender(1000.0, 180.0, off=-5e-4, jitter_s=1e-3)),
    (MS, Sender(1000.0, 180.0, packet=8, off=-5e-4, jitter_s=1e-3, style="equal")),
    (4 * MS, Sender(250.0, 180.0, off=-8e-4, jitter_s=1e-3)),
    (4 * MS, Sender(250.0, 180.0, packet=10, off=-8e-4, jitter_s=4e-3, style="equal")),
    (4 * MS, Sender(500.0, 180.0, packet=20, off=7e-4, jitter_s=1e-3, style="equal")),
    (WINDOWS_S, Sender(256.0, 180.0, packet=12, off=-3e-4, jitter_s=1e-3, style="equal")),
)


def ticked(sent: Sent, tick: float) -> F64Array:
    """Show stamps as a clock of that tick does."""
    return np.floor(sent.stamps / tick) * tick


def error_s(times: F64Array, sent: Sent) -> float:
    off = times - sent.true
    return float(np.percentile(np.abs(off - np.median(off)), 99))


@pytest.mark.parametrize(("tick", "sender"), COARSE, ids=str)
def test_a_clock_that_beats_with_the_packets_loses_nothing(tick: float, sender: Sender) -> None:
    """28 to 160 samples were called lost, and times that were off by half a tick exact."""
    for seed in range(3):
        sent = send(sender, np.random.default_rng(seed))
        stamps = ticked(sent, tick)
        assert tick_of(stamps, sender.rate_hz) == pytest.approx(tick, rel=1e-3)
        pace = decide(stamps, sender.rate_hz)
        assert pace.lost == 0
        assert pace.error_s is not None
        assert error_s(pace.times, sent) < pace.error_s < 2 * tick + 2e-3


@pytest.mark.parametrize(("tick", "sender"), COARSE, ids=str)
def test_what_is_longer_than_a_tick_is_found(tick: float, sender: Sender) -> None:
    long = round(0.2 * sender.rate_hz)
    lossy = Sender(**{**vars(sender), "losses": ((50.0, long), (100.0, long))})
    sent = send(lossy, np.random.default_rng(1))
    pace = decide(ticked(sent, tick), sender.rate_hz)
    assert len([loss for loss in pace.losses if loss.lost]) == 2
    # A loss is told to the tick.
    assert abs(pace.lost - sent.lost) <= 2 * max(tick * sender.rate_hz, 1)


@pytest.mark.parametrize("jitter_s", [0.0, 1e-5])
def test_a_fine_clock_tells_every_sample(jitter_s: float) -> None:
    sender = Sender(250.0, 60.0, packet=10, jitter_s=jitter_s, losses=((20.0, 10), (40.0, 10)))
    sent = send(sender, np.random.default_rng(1))
    assert tick_of(sent.stamps, 250.0) == 0
    assert decide(sent.stamps, 250.0).lost == sent.lost == 20
