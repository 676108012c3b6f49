"""A clock that tests move: nothing sleeps."""

from __future__ import annotations

import random


class FakeClock:
    """Sleeping advances it at once, and late by up to `late_s`, as a real computer would."""

    def __init__(self, start: float = 1000.0, late_s: float = 0.0) -> None:
        self.time = start
        self._late_s = late_s
        self._random = random.Random(1)

    def now(self) -> float:
        return self.time

    def sleep_until(self, time: float) -> None:
        if time > self.time:
            self.time = time + self._random.uniform(0, self._late_s)
