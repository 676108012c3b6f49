"""How fast a transfer may go beside a recording. Pure: time is given."""

from __future__ import annotations


class Pace:
    """Spreads bytes over time, so that on average no more come than a rate allows.

    What other waits have cost counts: only the rest is waited for. Time in which nothing came is
    not made up for.
    """

    def __init__(self) -> None:
        self._next = 0.0

    def wait_s(self, count: int, bytes_per_s: float, now: float) -> float:
        """Say how long to wait, in seconds, after `count` bytes have come by `now`."""
        seconds = count / bytes_per_s
        self._next = max(self._next, now - seconds) + seconds
        return self._next - now
