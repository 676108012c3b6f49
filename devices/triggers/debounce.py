"""From states of trigger lines to codes: a state counts when it has held; its time is its begin."""

from __future__ import annotations

from collections.abc import Iterator


class Debouncer:
    """The eight lines of a code do not switch at one instant: what stands between is no code."""

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self.state = 0
        self._coming: tuple[float, int] | None = None

    def feed(self, time: float, state: int) -> Iterator[tuple[float, int]]:
        """Take the state of the lines at LSL time `time`; give (begin, code) of a new one."""
        if state == self.state:
            self._coming = None
        elif self._coming is None or self._coming[1] != state:
            self._coming = (time, state)
        if self._coming is not None and time - self._coming[0] >= self._hold_s:
            begin, self.state = self._coming
            self._coming = None
            yield begin, self.state
