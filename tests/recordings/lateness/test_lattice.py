"""Clocks that drop so many samples that no level is left to be a floor."""

from __future__ import annotations

import numpy as np
import pytest

from recordings.lateness.decision import decide
from recordings.lateness.lattice import lattice_losses
from tests.stamps import START, Sender, Stall, send


@pytest.mark.parametrize("share", [0.3, 0.4, 0.6])
@pytest.mark.parametrize("late", [0.01, 0.05, 0.1])
def test_what_is_dropped_by_chance_is_counted(share: float, late: float) -> None:
    """Thousands of them were missed, and the times off by seconds."""
    rng = np.random.default_rng(0)
    at = np.flatnonzero(rng.random(18_000) < share) / 60.0
    losses = tuple((when, 1) for when in at[1:-1].tolist())
    sent = send(Sender(60.0, 300.0, jitter_s=late / 60.0, losses=losses), rng)
    pace = decide(sent.stamps, 60.0)
    assert pace.lost == pytest.approx(sent.lost, abs=max(pace.uncertainty, 1))
    assert pace.rate_hz == pytest.approx(60.0, rel=2e-3)
    errors = pace.times - sent.true
    assert float(np.percentile(np.abs(errors - np.median(errors)), 99)) < 0.05


def test_a_camera_that_halves_its_rate_in_the_dark_stays_in_step() -> None:
    """Its even times were off by 2 s."""
    bright, dark = np.arange(4500) / 30.0, 150.0 + np.arange(2250) / 15.0
    true = START + np.concatenate([bright, dark])
    stamps = true + np.random.default_rng(0).exponential(0.001, len(true))
    pace = decide(stamps, 30.0)
    assert pace.lost == 2249
    errors = pace.times - true
    assert float(np.max(np.abs(errors - np.median(errors)))) < 0.002


def test_a_rate_that_is_halved_all_along_is_a_rate() -> None:
    stamps = START + np.arange(4500) / 15.0 + np.random.default_rng(0).exponential(0.001, 4500)
    assert lattice_losses(stamps, 30.0) is None
    assert decide(stamps, 30.0).lost == 0


def test_a_backlog_makes_up_for_what_came_late() -> None:
    rng = np.random.default_rng(0)
    at = np.flatnonzero(rng.random(9000) < 0.35) / 30.0
    losses = tuple((when, 1) for when in at[1:-1].tolist())
    sender = Sender(30.0, 300.0, jitter_s=0.001, losses=losses, stalls=(Stall(100.0, 1.0),))
    sent = send(sender, rng)
    assert lattice_losses(sent.stamps, 30.0) is not None
    pace = decide(sent.stamps, 30.0)
    assert pace.lost == pytest.approx(sent.lost, abs=max(pace.uncertainty, 15))


def test_packets_and_stalls_are_none() -> None:
    rng = np.random.default_rng(0)
    for sender in (
        Sender(250.0, packet=10, style="equal"),
        Sender(50.0, 300.0, jitter_s=0.002, stalls=tuple(Stall(t, 0.5, 2.0) for t in (50.0, 90.0))),
        Sender(60.0, 300.0, made="loop", jitter_s=0.003),
    ):
        assert lattice_losses(send(sender, rng).stamps, sender.rate_hz) is None
