"""How many words of a driver are told: it may have one for each sample.

Pure: it is told what happened and when. Errors are not held back: they are bounded where they are
made. What is made up anew each time must not silence what is said now and then: codes that differ
in their numbers alone are one, a warning has room where others have used up theirs, and so has a
code that was told in two periods before.
"""

from __future__ import annotations

import re
from typing import Final

from recordings.errors import few
from recordings.manifest_entries import Level

PERIOD_S: Final = 10.0
MOST_OF_A_CODE: Final = 10
"""So many of a code within a period are told; the rest are counted."""
MOST: Final = 50
"""And so many of all new codes, which a driver may make up, and of all that are known."""
MOST_OTHERS: Final = 25
"""Of the new codes, those that are no warnings."""
MOST_KNOWN: Final = 50
"""Codes that are remembered."""
_NUMBERED: Final = re.compile(r"[0-9A-Za-z]*[0-9][0-9A-Za-z]*")

Told = tuple[Level, str, str]
"""Level, code and text."""


class EventLimit:
    """The notices of one device in the period that runs; a lock of its user's guards it."""

    def __init__(self) -> None:
        self._begun = 0.0
        self._told: dict[str, int] = {}  # by kind of code
        self._spent = {"known": 0, "warning": 0, "info": 0}  # of the budgets
        self._held: dict[str, int] = {}
        self._last: Told | None = None  # of those held back
        self._once: frozenset[str] = frozenset()  # kinds that were told in the period before
        self._known: set[str] = set()

    def admits(self, event: Told, now: float) -> bool:
        """Say whether an event is to be told at once; it is counted otherwise, see `due`."""
        level, code, _ = event
        if level == "error":
            return True
        if not self._told:
            self._begun = now
        kind = _NUMBERED.sub("#", code)
        budget = "known" if kind in self._known else level
        if self._told.get(kind, 0) < MOST_OF_A_CODE and self._has_room(budget):
            self._told[kind] = self._told.get(kind, 0) + 1
            self._spent[budget] += 1
            return True
        if kind not in self._held and len(self._held) >= MOST:
            kind = "others"
        self._held[kind] = self._held.get(kind, 0) + 1
        if self._last is None or level == "warning" or self._last[0] != "warning":
            self._last = event
        return False

    def _has_room(self, budget: str) -> bool:
        if budget == "known":
            return self._spent["known"] < MOST
        if budget == "info" and self._spent["info"] >= MOST_OTHERS:
            return False
        return self._spent["warning"] + self._spent["info"] < MOST

    def due(self, now: float) -> Told | None:
        """Say in one event how many were held back, once the period is over; a new one begins."""
        if not self._told or now - self._begun < PERIOD_S:
            return None
        held, last = self._held, self._last
        kinds = frozenset(self._told)
        again = sorted(kinds & self._once - self._known)
        self._known.update(again[: MOST_KNOWN - len(self._known)])
        self._told, self._held, self._last, self._once = {}, {}, None, kinds
        self._spent = dict.fromkeys(self._spent, 0)
        if last is None:
            return None
        level, code, text = last
        most = sorted(held.items(), key=lambda item: -item[1])
        counts = few([f"{number:,} {name}" for name, number in most])
        told = f"too many words of its driver: not listed of the last {PERIOD_S:g} s are {counts}"
        return level, code if len(held) == 1 else "events-held-back", f"{told}; one: {text}"
