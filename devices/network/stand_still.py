"""Whether a count stood still while time went on: a server that numbers nothing drops unseen.

What it dropped is no backlog: what comes afterwards is new, and all of it late by the count.
"""

from __future__ import annotations

from collections import deque
from typing import Final

from devices.delays import step

BUCKET_S: Final = 0.5
BUCKETS: Final = 4
"""So many before and behind tell a step, and not a delay that grows as a rate is another."""
LATE_S: Final = 0.25
"""A count that is less behind may come through a slower network."""


class StandStill:
    """Follows the least delay of one count of samples, `rate_hz` a second."""

    def __init__(self, rate_hz: float) -> None:
        self.dropped = 0
        """Samples that never came, as far as that shows: so far the count is short."""
        self._rate_hz = rate_hz
        self._least: deque[float] = deque(maxlen=2 * BUCKETS)  # of each bucket
        self._open: tuple[float, float] | None = None  # the least delay of this one, and its end

    def unseen(self, number: int, now: float) -> int:
        """Take in that sample `number` came at LSL time `now`; give how many show to be missing."""
        delay = now - (number + self.dropped) / self._rate_hz
        if self._open is not None and now < self._open[1]:
            self._open = min(self._open[0], delay), self._open[1]
            return 0
        if self._open is not None:
            self._least.append(self._open[0])
        self._open = delay, now + BUCKET_S
        if len(self._least) < 2 * BUCKETS:
            return 0
        missing = round(step(list(self._least), LATE_S) * self._rate_hz)
        if missing:
            self.dropped += missing
            self._least.clear()
            self._open = None
        return missing
