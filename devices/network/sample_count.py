"""From the numbers that packets carry to what is lost, repeated, or begun anew."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from zlib import crc32

from devices.arrays import Array

REMEMBERED = 256
"""So many packets back a repeated one is known again, by its number and its values: an amplifier
that counts anew gives the same numbers to others."""
MARGIN_S = 2.0
PACE = 1.2
"""More samples than the time since the last packet holds, with these margins, cannot be lost: the
count has begun anew."""


COUNT_ANEW = (
    "count-anew",
    "its count of samples has jumped, by more than can be missing, or back: it counts anew, and "
    "how many are missing there, if any, is not known",
)
"""Code and text of the notice of a place that is `anew`."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a packet belongs: its samples from `skip` on are new, the first has number `first`."""

    first: int  # counted on where the count wraps
    skip: int
    lost: int  # right before
    anew: bool = False  # the count has begun anew, and nobody said that it would


class SampleCount:
    """Follows the number of the first sample of each packet; it outlives a connection."""

    def __init__(self, rate_hz: float, wraps: int = 1 << 32, late: int = 0) -> None:
        """Take where the count begins again, and by how many samples one may be overtaken.

        One that was overtaken has been told as lost, and is not taken any more.
        """
        self._rate = rate_hz
        self._wraps = wraps
        self._late = late
        self._next: int | None = None
        self._heard = 0.0  # LSL time of the last packet
        self._recent: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)  # number, sum of its values
        self._newest = b""  # the last row
        self._fresh = True

    def reaches(self, number: int, within_s: float) -> bool:
        """Say whether a sample, counted on where the count wraps, is near the newest one."""
        return self._next is not None and abs(number - self._next) <= within_s * self._rate

    def renew(self) -> None:
        """Learn that the amplifier was started, or the connection opened: it may count anew."""
        self._fresh = True
        self._recent.clear()

    def place(self, number: int, rows: Array, now: float) -> Place:
        """Place a packet of rows, (n, channels), the first numbered `number`, heard at `now`."""
        if self._next is None:
            return self._begin(number, rows, now)
        ahead = (number - self._next) % self._wraps
        if ahead >= self._wraps // 2:
            ahead -= self._wraps
        if ahead < 0 and not self._fresh and self._has_come(number, rows, -ahead):
            skip = min(len(rows), -ahead)
            return self._go_on(self._next + ahead, rows, skip, 0, now, number)
        could_be_lost = (now - self._heard) * self._rate * PACE + MARGIN_S * self._rate
        if not 0 <= ahead <= could_be_lost:
            return self._begin(number, rows, now)
        return self._go_on(self._next + ahead, rows, 0, ahead, now, number)

    def _has_come(self, number: int, rows: Array, behind: int) -> bool:
        """Say whether the first `behind` rows were there before, or have been told as lost."""
        if behind <= self._late or (number, _sum_of(rows)) in self._recent:
            return True
        return behind <= len(rows) and rows[behind - 1].tobytes() == self._newest

    def _begin(self, number: int, rows: Array, now: float) -> Place:
        self._recent.clear()
        anew = self._next is not None and not self._fresh
        return self._go_on(number, rows, 0, 0, now, number, anew=anew)

    def _go_on(
        self, first: int, rows: Array, skip: int, lost: int, now: float, number: int,
        *, anew: bool = False,
    ) -> Place:  # fmt: skip
        if skip < len(rows):
            self._next = first + len(rows)
            self._newest = rows[-1].tobytes()
            self._heard = now
        self._fresh = False
        self._recent.append((number, _sum_of(rows)))
        return Place(first + skip, skip, lost, anew)


def _sum_of(rows: Array) -> int:
    return crc32(rows.tobytes())
