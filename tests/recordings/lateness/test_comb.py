"""Packets that are lost again and again: each in its place, and none where none are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from recordings.arrays import F64Array
from recordings.lateness.comb import combed
from recordings.lateness.decision import decide
from recordings.lateness.pace import Certainty
from tests.stamps import Sender, Sent, Stall, send

SHAPES = [
    Sender(rate_hz, 300.0, packet=packet, slot_s=slot_s, jitter_s=0.002, off=off)
    for rate_hz, packet, off in ((130.0, 73, 4e-3), (256.0, 12, -3e-3), (52.0, 3, 5e-3))
    for slot_s in (0.0, 0.015, 0.03)
]


def losing(sender: Sender, share: float, seed: int = 4) -> Sent:
    """Send with a part of the packets lost by chance."""
    rng = np.random.default_rng(seed)
    at = np.arange(1.0, sender.seconds - 5, sender.packet / sender.rate_hz)
    lost = at[rng.random(len(at)) < share]
    return send(replace(sender, losses=tuple((when, 1) for when in lost.tolist())), rng)


def off_s(sent: Sent, times: F64Array) -> float:
    """Return by how much 99 % of the times are off, but for what all have."""
    error = times - sent.true
    return float(np.quantile(np.abs(error - np.median(error)), 0.99))


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5])
@pytest.mark.parametrize("sender", SHAPES, ids=str)
def test_packets_lost_by_chance_are_counted_and_in_their_places(
    sender: Sender, share: float
) -> None:
    """Of 37,836 samples 37,284 were found, give or take 15,698, and times were seconds off."""
    sent = losing(sender, share)
    pace = decide(sent.stamps, sender.rate_hz)
    packet_s = sender.packet / sender.rate_hz
    assert abs(pace.lost - sent.lost) <= pace.uncertainty <= 2 * sender.packet
    assert pace.rate_hz == pytest.approx(sender.rate_hz * (1 + sender.off), rel=3e-5)
    assert off_s(sent, pace.times) < 1.1 * packet_s
    assert pace.error_s is not None
    assert off_s(sent, pace.times) < 1.1 * pace.error_s


def test_few_of_many_packets_are_found_as_well() -> None:
    """Of 2,400 samples, a thirtieth, 30 were found: the rest was called another rate."""
    sender = Sender(250.0, 1800.0, packet=10, slot_s=0.03, jitter_s=0.002, off=-2e-3, wander=5e-5)
    sent = losing(sender, 0.03)
    pace = decide(sent.stamps, sender.rate_hz)
    assert abs(pace.lost - sent.lost) <= pace.uncertainty <= 2 * sender.packet
    assert off_s(sent, pace.times) < 0.05


@pytest.mark.parametrize("off", [-0.35, -0.2, -0.1, 0.2])
@pytest.mark.parametrize("sender", SHAPES, ids=str)
def test_another_pace_is_no_comb_of_the_nominal_one(sender: Sender, off: float) -> None:
    """At turns of a radio the teeth of one seem to fit the other."""
    sent = send(replace(sender, off=off), np.random.default_rng(3))
    assert combed(sent.stamps, sender.rate_hz) is None


@pytest.mark.parametrize("ticks_hz", [64.0, 250.0])
def test_the_ticks_of_a_coarse_clock_are_no_packets(ticks_hz: float) -> None:
    sent = send(Sender(126.0, 300.0, style="equal", jitter_s=0.001), np.random.default_rng(3))
    assert combed(np.floor(sent.stamps * ticks_hz) / ticks_hz, 126.0) is None


def test_samples_that_lack_within_packets_are_not_rounded_to_packets() -> None:
    """Behind a hole of no whole packets the teeth stand elsewhere: another rule judges."""
    sender = replace(SHAPES[3], splits=True)
    rng = np.random.default_rng(4)
    holes = tuple((float(when), 100 + 7 * k) for k, when in enumerate(np.arange(10, 290, 12.0)))
    sent = send(replace(sender, losses=holes), rng)
    pace = decide(sent.stamps, sender.rate_hz)
    assert abs(pace.lost - sent.lost) <= max(pace.uncertainty, 1)


def test_a_backlog_amid_losses_is_late_and_the_error_says_what_cannot_be_known() -> None:
    sender = replace(SHAPES[4], stalls=(Stall(100.0, 6.0), Stall(200.0, 3.0, 3.0)))
    sent = losing(sender, 0.1)
    pace = decide(sent.stamps, sender.rate_hz)
    assert abs(pace.lost - sent.lost) <= max(pace.uncertainty, 12)
    assert any(loss.doubtful for loss in pace.losses)
    assert pace.error_s is not None
    assert off_s(sent, pace.times) < 2 * pace.error_s


def test_what_is_silent_at_the_end_is_open() -> None:
    sent = losing(SHAPES[4], 0.1)
    stamps = sent.stamps.copy()
    stamps[-60:] += 2.0  # five packets
    pace = decide(stamps, SHAPES[4].rate_hz)
    silence = len(stamps) - 61
    (opened,) = (loss for loss in pace.losses if loss.certainty is Certainty.OPEN)
    assert abs(opened.index - silence) <= 12
    assert opened.count == pytest.approx(2.0 * 256, abs=24)
    others = sum(loss.lost for loss in pace.losses if loss is not opened)
    assert others == pytest.approx(sent.lost, abs=24)


def test_too_few_packets_tell_no_comb() -> None:
    for count in (2, 3, 40, 300):
        assert combed(losing(SHAPES[4], 0.3).stamps[:count], 256.0) is None
