"""Packets that are missing again and again are lost, and no slower rate."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recordings.lateness.decision import decide
from recordings.lateness.plain import plain_losses
from tests.recordings.lateness.test_decision import error_ms
from tests.stamps import Sender, Sent, Stall, send


def sent_with(share: float, seed: int, sender: Sender) -> Sent:
    """Send a stream that loses a share of its packets by chance."""
    rng = np.random.default_rng(seed)
    whole = send(sender, rng)
    packets = whole.numbers // sender.packet
    lost = rng.random(packets[-1] + 1) < share
    lost[0] = lost[-1 - int(3 * sender.rate_hz / sender.packet) :] = False
    kept = ~lost[packets]
    return Sent(whole.stamps[kept], whole.true[kept], whole.numbers[kept])


SENDERS = [
    Sender(256.0, 120.0, packet=12, jitter_s=0.002, off=1e-4),
    Sender(500.0, 120.0, packet=25, style="equal", jitter_s=0.001, off=-0.01),
    Sender(52.0, 300.0, packet=3, off=2e-4),  # which come all but evenly
    Sender(1000.0, 60.0, packet=20, jitter_s=0.005, wander=5e-6),
]


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("share", [0.01, 0.05])
@pytest.mark.parametrize("seed", [0, 1])
def test_packets_lost_again_and_again_are_found_where_they_are(
    sender: Sender, share: float, seed: int
) -> None:
    sent = sent_with(share, seed, sender)
    pace = decide(sent.stamps, sender.rate_hz)
    assert abs(pace.lost - sent.lost) <= 1
    assert error_ms(pace.times, sent) < 2
    assert pace.rate_hz == pytest.approx(sender.rate_hz * (1 + sender.off), rel=1e-4)


@pytest.mark.parametrize("seed", range(5))
def test_single_samples_lost_again_and_again_are_no_slower_rate(seed: int) -> None:
    sent = sent_with(0.01, seed, Sender(250.0, 180.0, jitter_s=0.0003, off=-3e-4))
    assert abs(decide(sent.stamps, 250.0).lost - sent.lost) <= 1


@pytest.mark.parametrize("sender", SENDERS)
@pytest.mark.parametrize("speed", [1.3, math.inf])
def test_what_is_caught_up_again_and_again_is_not_plainly_lost(
    sender: Sender, speed: float
) -> None:
    stalls = tuple(Stall(float(at), 0.5, speed) for at in np.arange(4, sender.seconds - 6, 4))
    sent = send(Sender(**{**vars(sender), "stalls": stalls}), np.random.default_rng(0))
    assert not plain_losses(sent.stamps, sender.rate_hz).places


def test_what_is_late_at_the_end_is_not_plainly_lost() -> None:
    sender = Sender(500.0, 90.0, packet=25, jitter_s=0.002, stalls=(Stall(89.0, 0.7),))
    sent = sent_with(0.02, 0, sender)
    end = int(np.searchsorted(sent.stamps, 1089.75))
    found = decide(sent.stamps[:end], sender.rate_hz)
    assert found.lost == int(sent.numbers[end - 1]) + 1 - end
