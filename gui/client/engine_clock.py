"""The engine's LSL time, here: exact on the engine's computer, else as good as the network."""

from __future__ import annotations

from collections import deque
from urllib.parse import urlsplit

from acquire.serving.loopback import is_loopback

KEPT = 300
"""Statuses, ten a second: the fastest of half a minute counts."""
SAME_S = 2.0
"""LSL clocks, which count from a computer's start, are closer than this on one computer alone."""


class EngineClock:
    """Learns from each status how far this computer's clock is from the engine's."""

    def __init__(self) -> None:
        self._is_loopback = False  # whether its address is this computer's
        self._differences: deque[float] = deque(maxlen=KEPT)

    @property
    def same_computer(self) -> bool:
        """Whether the engine runs here, by its clock, too: a tunnel has an address of ours."""
        near = not self._differences or abs(min(self._differences)) < SAME_S
        return self._is_loopback and near

    def hear(self, engine: float, local: float) -> None:
        """Take in the engine's time and the local time at which it arrived, s."""
        # What travels arrives late: the smallest difference holds the least delay.
        self._differences.append(local - engine)

    def to_engine(self, local: float) -> float | None:
        """Turn a local LSL time into the engine's; None while it has not said anything."""
        if self.same_computer:
            return local
        return local - min(self._differences) if self._differences else None

    def meet(self, url: str) -> None:
        """Start anew, with the engine at an address."""
        self._is_loopback = is_loopback(urlsplit(url).hostname or "")
        self._differences.clear()
