"""Packets by radio: they come at its turns, and lack again and again where it is bad."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from recordings.lateness.decision import decide
from tests.stamps import Sender, send

SLOTS = (0.015, 0.03, 0.04875)
SHAPES = [
    Sender(rate_hz, 300.0, packet=packet, slot_s=slot_s, jitter_s=0.0008, off=off)
    for rate_hz, packet in ((130.0, 73), (200.0, 36), (256.0, 12))
    for slot_s, off in zip(SLOTS, (0.0047, -0.0036, -0.0009), strict=True)
]


@pytest.mark.parametrize("sender", SHAPES, ids=str)
def test_what_waits_for_the_turn_of_a_radio_is_not_lost(sender: Sender) -> None:
    """Where a packet takes nearly whole turns the floor leaps by one: 216 samples "were lost"."""
    for seed in range(3):
        sent = send(sender, np.random.default_rng(seed))
        pace = decide(sent.stamps, sender.rate_hz)
        assert pace.lost == 0
        assert pace.rate_hz == pytest.approx(sender.rate_hz * (1 + sender.off), rel=1e-3)


@pytest.mark.parametrize("sender", SHAPES, ids=str)
def test_where_packets_lack_one_after_another_each_lacks_in_its_place(sender: Sender) -> None:
    """They lay in lumps of a second, the times up to 1.5 s off, and were said to be right."""
    rng = np.random.default_rng(4)
    at = np.arange(1.0, 295.0, sender.packet / sender.rate_hz)
    bad = at[((at < 60) | (at > 220)) & (rng.random(len(at)) < 0.4)]
    sent = send(replace(sender, losses=tuple((t, 1) for t in bad.tolist())), rng)
    pace = decide(sent.stamps, sender.rate_hz)
    assert abs(pace.lost - sent.lost) <= max(pace.uncertainty, 1)
    error = pace.times - sent.true
    packet_s = sender.packet / sender.rate_hz
    assert np.quantile(np.abs(error - np.median(error)), 0.99) < 1.1 * packet_s


@pytest.mark.parametrize("sender", SHAPES, ids=str)
def test_packets_that_lack_by_chance_are_no_slower_rate(sender: Sender) -> None:
    """14,000 of 75,000 samples were lost, and 36 were found: the rest was called another rate."""
    rng = np.random.default_rng(4)
    at = np.arange(1.0, 295.0, sender.packet / sender.rate_hz)
    losses = tuple((t, 1) for t in at[rng.random(len(at)) < 0.2].tolist())
    sent = send(replace(sender, losses=losses), rng)
    pace = decide(sent.stamps, sender.rate_hz)
    assert pace.lost == pytest.approx(sent.lost, rel=0.1)
    assert abs(pace.lost - sent.lost) <= max(pace.uncertainty, 1)


@pytest.mark.parametrize("slot_s", [0.0, 0.0075, 0.03])
@pytest.mark.parametrize("off", [-0.2, -0.35])
def test_nor_is_a_slower_rate_lost_packets(off: float, slot_s: float) -> None:
    for rate_hz, packet in ((200.0, 36), (256.0, 12), (52.0, 3)):
        sender = Sender(rate_hz, 300.0, packet=packet, slot_s=slot_s, jitter_s=0.001, off=off)
        pace = decide(send(sender, np.random.default_rng(3)).stamps, rate_hz)
        assert pace.lost == 0
        assert pace.rate_hz == pytest.approx(rate_hz * (1 + off), rel=1e-3)


def test_packets_far_apart_take_no_memory_by_their_distance() -> None:
    """Turns were tried up to the longest interval: 625 MB for 10,000 stamps in milliseconds."""
    ends = 20e3 + 20 * np.arange(2000)
    stamps = (ends[:, np.newaxis] - np.arange(4, -1, -1) / 250).ravel()
    tracemalloc.start()
    try:
        decide(stamps, 250.0)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 64e6
