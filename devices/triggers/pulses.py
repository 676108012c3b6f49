"""When a trigger line gets which code: a pulse is held, then the line rests; no two codes merge."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Write:
    """What to put on the line now; `requested` is the marker's LSL time, None at a pulse's end."""

    code: int
    requested: float | None


class Pulses:
    """A queue of pulses; times are LSL seconds.

    Bounded: what comes when `limit` codes wait is refused, because a code that is so late is worse
    than one that is missing and counted.
    """

    def __init__(self, pulse_s: float, gap_s: float, idle: int = 0, limit: int = 100) -> None:
        self._pulse_s = pulse_s
        self._gap_s = gap_s
        self._idle = idle
        self._limit = limit
        self._waiting: deque[tuple[int, float]] = deque()
        self._ends: float | None = None  # of the pulse that is on the line
        self._free_at = float("-inf")

    def add(self, code: int, requested: float) -> bool:
        """Queue a code; False where the queue is full."""
        if len(self._waiting) >= self._limit:
            return False
        self._waiting.append((code, requested))
        return True

    def next(self, now: float) -> Write | None:
        """Give what is due at `now`, once; it is taken to be on the line from `now` on."""
        if self._ends is not None:
            if now < self._ends:
                return None
            self._ends = None
            self._free_at = now + self._gap_s
            return Write(self._idle, None)
        if not self._waiting or now < self._free_at:
            return None
        code, requested = self._waiting.popleft()
        self._ends = now + self._pulse_s
        return Write(code, requested)

    def due(self) -> float | None:
        """Return when `next` has something, None while nothing is to come."""
        if self._ends is not None:
            return self._ends
        return self._free_at if self._waiting else None

    def clear(self) -> int:
        """Forget what waits, because the line has gone; say how many codes that costs."""
        dropped = len(self._waiting)
        self._waiting.clear()
        self._ends = None
        return dropped
