"""Playing by stamps: which moment is due, and how many frames the screen left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SPEEDS: Final = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0)


@dataclass(frozen=True, slots=True)
class Playing:
    """A run of playing: it began at LSL time `origin` when the clock read `clock`.

    `speed` is negative backwards. Within `loop` it begins again at the other end.
    """

    origin: float
    clock: float
    speed: float
    loop: tuple[float, float] | None = None

    def at(self, clock: float) -> float:
        """Give the LSL time that is due when the clock reads `clock`."""
        time = self.origin + (clock - self.clock) * self.speed
        if self.loop is None:
            return time
        start, stop = self.loop
        return start + (time - start) % (stop - start) if stop > start else start


def shuttle(speed: float, direction: int) -> float:
    """Give the speed after J (−1) or L (1): at first 1, then twice as fast each time.

    Against the run it goes half as fast each time, and below ⅛ it stands still.
    """
    if speed == 0:
        return float(direction)
    if speed * direction > 0:
        return max(-SPEEDS[-1], min(SPEEDS[-1], speed * 2))
    slower = speed / 2
    return slower if abs(slower) >= SPEEDS[0] else 0.0


def faster(speed: float, by: int) -> float:
    """Give the next speed of `SPEEDS` up (1) or down (−1)."""
    near = min(range(len(SPEEDS)), key=lambda n: abs(SPEEDS[n] - abs(speed)))
    return SPEEDS[max(0, min(len(SPEEDS) - 1, near + by))]


def left_out(before: int, now: int, passed_seam: bool = False) -> int:
    """Count the frames between two that were shown one after the other."""
    return 0 if passed_seam else max(0, abs(now - before) - 1)
