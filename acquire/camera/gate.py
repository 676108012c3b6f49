"""Which frames belong to a trial: start and stop codes, with a pre-roll and a post-roll.

A frame's fate is known late: a start code may still come that reaches back to it. So frames wait,
oldest first, until the gate has decided.
"""

from __future__ import annotations

import math
from enum import Enum

from acquire.rig.video import GateSettings


class Decision(Enum):
    """What the gate says of a frame."""

    STORE = "store"
    DROP = "drop"
    WAIT = "wait"


class Gate:
    """Decides frame by frame, in the order of their stamps."""

    def __init__(self, settings: GateSettings) -> None:
        self._settings = settings
        self._intervals: list[tuple[float, float]] = []  # closed or open (inf), ascending

    def take(self, time: float, code: int) -> None:
        """Take in a code, LSL time in seconds; codes of no interest are ignored."""
        is_open = bool(self._intervals) and math.isinf(self._intervals[-1][1])
        if code in self._settings.start_codes:
            if is_open:  # a trial whose stop code was lost ends where the next one begins
                self._end(time)
            self._intervals.append((time - self._settings.pre_s, math.inf))
        elif code in self._settings.stop_codes and is_open:
            self._end(time + self._settings.post_s)

    def _end(self, time: float) -> None:
        start, _ = self._intervals[-1]
        self._intervals[-1] = (start, time)

    def decide(self, stamp: float, now: float) -> Decision:
        """Decide on a frame; stamps must not fall from call to call once one is decided."""
        while self._intervals and self._intervals[0][1] < stamp - self._settings.hold_s:
            self._intervals.pop(0)
        if any(start <= stamp <= end for start, end in self._intervals):
            return Decision.STORE
        return Decision.WAIT if now < stamp + self._settings.hold_s else Decision.DROP
