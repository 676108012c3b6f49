"""What a server that numbers nothing has dropped shows in the time that its rows come."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from devices.arrays import F64Array
from devices.base import Channel, Chunk
from devices.drivers.biosemi import Biosemi
from devices.network.client import Description, Samples
from devices.network.sample_count import SampleCount
from devices.network.stand_still import StandStill
from tests.devices.clock import FakeClock
from tests.devices.network.server import RATE_HZ

CLOCK = FakeClock()

BLOCK = 10
"""Samples that come at once."""


def told(arrivals: Callable[[F64Array], F64Array]) -> tuple[int, float]:
    """Give how many are said to be missing, and when; blocks have been sent at `sent`."""
    sent = np.arange(1, 1500) * BLOCK / RATE_HZ
    rng = np.random.default_rng(1)
    came = np.maximum.accumulate(arrivals(sent) + rng.exponential(3e-3, len(sent)))
    still, when = StandStill(RATE_HZ), 0.0
    for n, now in enumerate(came.tolist(), 1):
        when = now if still.unseen(n * BLOCK, now + 100) else when
    return still.dropped, when


@pytest.mark.parametrize("gap_s", [0.3, 1.0, 8.0])
def test_what_is_dropped_is_counted_within_seconds(gap_s: float) -> None:
    missing, when = told(lambda sent: sent + np.where(sent > 10, gap_s, 0))
    assert missing == pytest.approx(gap_s * RATE_HZ, abs=5)
    assert when - 10 - gap_s < 2.6


@pytest.mark.parametrize(
    "arrivals",
    [
        lambda sent: sent,
        lambda sent: sent * 1.024,  # 512 are announced, 500 come
        lambda sent: sent * 2.5,
        lambda sent: sent * 0.5,
        lambda sent: np.where((sent > 10) & (sent < 13), 13, sent),  # a backlog
        lambda sent: sent + np.clip(sent - 10, 0, 2) * 0.5 - np.clip(sent - 12, 0, 1),  # a queue
        lambda sent: sent + np.where(sent > 10, 0.2, 0),  # a slower way, from now on
    ],
)
def test_what_is_late_or_of_another_rate_is_not_missing(
    arrivals: Callable[[F64Array], F64Array],
) -> None:
    assert told(arrivals) == (0, 0.0)


def test_after_a_drop_samples_have_their_times_again() -> None:
    """All that followed was stamped early by what was dropped, for a minute, and none was lost."""
    amplifier = Biosemi(Biosemi.Settings(name="amp", host="h", channels=1, rate_hz=RATE_HZ), CLOCK)
    channels = Channel("Cz", "microvolts", "EEG"), Channel("Trigger", "", "Trigger")
    amplifier._description = Description(channels, RATE_HZ, "")
    amplifier._count = SampleCount(RATE_HZ)
    amplifier._still = StandStill(RATE_HZ)
    found: list[Chunk] = []
    for n in range(400):
        gap_s = 1.0 if n >= 200 else 0.0
        now, rows = 100 + (n + 1) * BLOCK / RATE_HZ + gap_s, np.zeros((BLOCK, 2), np.float32)
        told = list(amplifier._samples(Samples(rows, n * BLOCK), now))
        found += [item for item in told if isinstance(item, Chunk)]
    assert sum(c.lost for c in found) == RATE_HZ
    late = [float(c.times[-1] - c.device_times[-1]) for c in found if c.device_times is not None]
    assert late[-1] == pytest.approx(late[0])
