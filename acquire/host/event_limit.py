"""How many words of a driver are told: it may have one for each sample.

Pure: it is told what happened and when. Errors are not held back: they are bounded where they are
made.
"""

from __future__ import annotations

from typing import Final

from recordings.manifest import Level

PERIOD_S: Final = 10.0
MOST_OF_A_CODE: Final = 10
"""So many of a code within a period are told; the rest are counted."""
MOST: Final = 50
"""And so many of all codes, which a driver may make up."""

Told = tuple[Level, str, str]
"""Level, code and text."""


class EventLimit:
    """The notices of one device in the period that runs; a lock of its user's guards it."""

    def __init__(self) -> None:
        self._begun = 0.0
        self._told: dict[str, int] = {}  # by code
        self._held: dict[str, int] = {}
        self._last: Told | None = None  # of those held back

    def admits(self, event: Told, now: float) -> bool:
        """Say whether an event is to be told at once; it is counted otherwise, see `due`."""
        level, code, _ = event
        if level == "error":
            return True
        if not self._told:
            self._begun = now
        if self._told.get(code, 0) < MOST_OF_A_CODE and sum(self._told.values()) < MOST:
            self._told[code] = self._told.get(code, 0) + 1
            return True
        if code not in self._held and len(self._held) >= MOST:
            code = "others"
        self._held[code] = self._held.get(code, 0) + 1
        if self._last is None or level == "warning" or self._last[0] != "warning":
            self._last = event
        return False

    def due(self, now: float) -> Told | None:
        """Say in one event how many were held back, once the period is over; a new one begins."""
        if not self._told or now - self._begun < PERIOD_S:
            return None
        held, last = self._held, self._last
        self._told, self._held, self._last = {}, {}, None
        if last is None:
            return None
        level, code, text = last
        most = sorted(held.items(), key=lambda item: -item[1])
        counts = ", ".join(f"{number:,} {name}" for name, number in most[:5])
        more = f" and {len(most) - 5} more kinds" if len(most) > 5 else ""
        told = f"too many words of its driver: not listed of the last {PERIOD_S:g} s are {counts}"
        return level, code if len(held) == 1 else "events-held-back", f"{told}{more}; one: {text}"
