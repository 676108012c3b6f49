"""How soon a device that went away is opened again: later each time that it does not stay.

Pure: it is told when the device was opened, and for how long its data came until it was lost.
"""

from __future__ import annotations

from typing import Final

REOPEN_S: Final = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Waits before it is opened again, by how often in a row it was lost; the last one repeats. One
that is well after each opening for some seconds still gives most of its data."""
STAYS_S: Final = 5.0
"""One whose data came for so long was back: what then is lost is lost for the first time."""


class Absences:
    """The losses of one device in a row."""

    def __init__(self) -> None:
        self.in_a_row = 0

    def lost(self, flowed_s: float) -> float:
        """Learn that it was lost after so many seconds of data; give the wait until it is opened.

        A server that sends rubbish, or hangs up, right behind each greeting would else be opened
        twice a second for ever, with two events each time.
        """
        self.in_a_row = 1 if flowed_s >= STAYS_S else self.in_a_row + 1
        return REOPEN_S[min(self.in_a_row, len(REOPEN_S)) - 1]

    def told(self, why: str, wait_s: float) -> str:
        """Say that it is lost, and what is done about it."""
        text = f"{why}; trying to open it again"
        if self.in_a_row < 2:
            return text
        return f"{text} in {wait_s:g} s: it was lost {self.in_a_row} times in a row"
