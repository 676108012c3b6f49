"""Blocks of a sound system that tells no times: what is lost shows in how late all others come."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from devices.sound.block_counter import BlockCounter, Heard

BLOCK_S = 1024 / 48_000
DELAY_S = 0.015
"""How late most blocks come, after those that come at once."""


def lost(delay: Callable[[int], float], away: frozenset[int], blocks: int, ppm: float = 0.0) -> int:
    """Count what is told as lost of `blocks`, some of which are away without a word."""
    counter = BlockCounter(BLOCK_S)
    counter.began()
    total = 0
    for number in set(range(blocks)) - away:
        now = 100.0 + (number + 1) * BLOCK_S * (1 - ppm * 1e-6) + delay(number)
        heard = Heard(np.zeros((1, 1), np.int16), 0.0, now, now, overflow=False)
        total += counter.place(heard).lost
    return total


def test_one_block_is_missed_though_all_come_unevenly() -> None:
    """Few come at once: what is usual is not how late the last ones were."""
    assert lost(lambda n: DELAY_S * (n % 20 > 0), frozenset([705]), 1000) == 1
    assert lost(lambda n: DELAY_S * (n % 20 > 0), frozenset(), 1000) == 0


def test_what_is_usual_outlives_the_seconds_in_which_it_was_seen() -> None:
    early = {100, *range(560, 1000, 20)}
    assert lost(lambda n: DELAY_S * (n not in early), frozenset([540]), 1000) == 1


@pytest.mark.parametrize("ppm", [-200.0, 200.0])
def test_a_clock_that_drifts_loses_nothing(ppm: float) -> None:
    blocks = round(300 / BLOCK_S)  # 60 ms
    assert lost(lambda n: 0.002 * (n % 3), frozenset(), blocks, ppm) == 0
    assert lost(lambda n: 0.002 * (n % 3), frozenset([9000, 9001]), blocks, ppm) == 2
