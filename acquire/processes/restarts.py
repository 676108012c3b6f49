"""When a device whose process died or whose driver broke is started again: later each time, and
not for ever.

Pure: it is told who died and when, and answers with how long to wait.
"""

from __future__ import annotations

from collections import defaultdict

BACKOFF_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
LIMIT = 8
"""So many deaths within `WINDOW_S`, and the device is left alone until somebody starts it."""
WINDOW_S = 600.0


class Restarts:
    """The deaths of each device, as far back as they count."""

    def __init__(self) -> None:
        self._deaths: dict[str, list[float]] = defaultdict(list)

    def died(self, device: str, now: float) -> float | None:
        """Give the seconds until it is to be started again; None = never."""
        deaths = [t for t in self._deaths[device] if now - t < WINDOW_S]
        self._deaths[device] = [*deaths, now]
        if len(deaths) >= LIMIT:
            return None
        return BACKOFF_S[min(len(deaths), len(BACKOFF_S) - 1)]

    def forget(self, device: str) -> None:
        """Begin anew: somebody has looked after it."""
        self._deaths.pop(device, None)
