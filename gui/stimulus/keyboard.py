"""The keyboard belongs to the participant's screen at the start, and while a page waits there."""

from __future__ import annotations

from PySide6.QtGui import QWindow

from acquire.player.marks import Visit
from acquire.player.run import Run

GRACE_S = 0.5
"""How long the system may take to give it before the operator is asked to click there."""


class Keyboard:
    """Asks the system for it, once a page; where that refuses, it can be said."""

    def __init__(self, window: QWindow, run: Run) -> None:
        self._window, self._run = window, run
        self._begun = False
        self._seen: Visit | None = None
        self._away_since: float | None = None

    def look(self, now: float) -> bool:
        """Ask for it where a page begins to wait; False = one waits that no key reaches.

        `now` is any clock, s.
        """
        visit = self._run.listening
        waits = visit is not None and visit.page.wants_keys
        has_it = self._window.isActive()
        if visit is not None and visit is not self._seen and (waits or not self._begun):
            self._begun = True
            if not has_it:
                self._window.requestActivate()
        self._seen = visit
        if has_it or not waits:
            self._away_since = None
            return True
        if self._away_since is None:
            self._away_since = now
        return now - self._away_since < GRACE_S
