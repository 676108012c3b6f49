"""Whether an encoder keeps up with its camera, and what holds it up where it does not.

Judged from the frames that wait in the ring, early enough: what waits is still to be written by the
codec that is too slow, and the frames that come meanwhile have to find room.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Cause = Literal["processor", "disk"]

FILLING: Final = 0.1
"""From so full a ring on the encoder is watched."""
LOOK_S: Final = 0.25
"""How long it is watched at least."""
SPARE: Final = 0.7
"""So much of the room that is left may be needed until what waits is written; the rest is for a
disk that holds its breath."""
STEP_S, STEP_FRAMES = 0.1, 8
"""In steps of at least so long it is seen whether it works at all."""
STILL: Final = 0.2
"""Who writes less of what comes stands still: any other codec would stand still as well."""
PATIENCE_S: Final = 1.0
"""How long frames must be refused, again and again, where nothing was seen coming."""
BUSY: Final = 0.75
"""An encoder that uses or waits for so much of a core is held up by the processor, else by the
disk."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a ring and its encoder are at one moment."""

    at: float  # s, any clock that is even
    came: int  # frames that the ring has taken so far
    waiting: int  # of these, frames in it now
    slots: int
    wanted_s: float  # time the encoder was on a processor, or waited for one


class Overload:
    """Watches one encoder; `forget` when it begins something new."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start anew."""
        self._since: Pace | None = None  # it has fallen behind since then
        self._step: Pace | None = None
        self._refusing: Pace | None = None
        self._refused_at = 0.0

    def took(self, now: Pace) -> Cause | None:
        """Judge after a frame found room: what is too slow, if there will soon be none.

        Only a processor is seen coming: a disk that holds its breath for half a second is a disk.
        """
        since, step = self._since, self._step
        if now.waiting <= FILLING * now.slots:
            self._since = self._step = None
            return None
        if since is None or step is None or now.waiting <= since.waiting:  # it may keep up
            self._since = self._step = now
            return None
        if now.at - step.at >= STEP_S and now.came - step.came >= STEP_FRAMES:
            self._step = now
            if _written(step, now) < STILL * (now.came - step.came):
                self._since = now
                return None
        if now.at - since.at < LOOK_S or now.waiting <= step.waiting:
            return None
        still_to_come = now.waiting * (now.came - since.came) / max(_written(since, now), 1)
        if still_to_come < SPARE * (now.slots - now.waiting):
            return None
        return "processor" if _busy(since, now) else None

    def refused(self, now: Pace) -> Cause | None:
        """Judge after a frame found none: what is too slow, if that lasts."""
        if self._refusing is None or now.at - self._refused_at > PATIENCE_S:
            self._refusing = now
        self._refused_at = now.at
        if now.at - self._refusing.at < PATIENCE_S:
            return None
        return "processor" if _busy(self._refusing, now) else "disk"


def _written(first: Pace, now: Pace) -> int:
    return (now.came - now.waiting) - (first.came - first.waiting)


def _busy(first: Pace, now: Pace) -> bool:
    return now.wanted_s - first.wanted_s > BUSY * (now.at - first.at)
