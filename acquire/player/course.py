"""What of a protocol is still to come: trials, and the pages of the one that is being played."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from itertools import chain

from acquire.player.marks import Visit
from acquire.protocol.plan import Page, Plan, Trial


class Course:
    """The trials of a plan, one page after the other; a trial may be skipped, or begun again."""

    def __init__(self, plan: Plan, first_trial: int) -> None:
        """Begin at trial `first_trial`."""
        self._trials = deque(t for t in plan.trials if t.number >= first_trial)
        self._after_last = len(plan.trials) + 1
        self._pages: deque[Page] = deque()
        self._trial: Trial | None = None
        self._attempt = 1

    @property
    def trial(self) -> Trial | None:
        """The trial that is being played, or the next one before the start."""
        return self._trial or (self._trials[0] if self._trials else None)

    @property
    def next_number(self) -> int:
        """The number of the trial to go on with, should this one be lost."""
        return self._trials[0].number if self._trials else self._after_last

    def coming(self) -> Iterator[Page]:
        """Give all pages that are still to come."""
        return chain(self._pages, *(trial.pages for trial in self._trials))

    def next(self, time: float) -> Visit | None:
        """Go to the next page, asked for at LSL time `time`; None: there is none."""
        while not self._pages:
            if not self._trials:
                self._trial = None
                return None
            self._trial = self._trials.popleft()
            self._attempt = 1
            self._pages = deque(self._trial.pages)
        assert self._trial is not None
        return Visit(self._trial, self._pages.popleft(), self._attempt, time)

    def skip(self) -> None:
        """Leave out the rest of the trial."""
        self._pages.clear()

    def repeat(self) -> None:
        """Begin the trial again."""
        assert self._trial is not None
        self._pages = deque(self._trial.pages)
        self._attempt += 1
