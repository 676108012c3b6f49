"""The buffer of an inlet: how large it is, and whether more came than it holds.

When a buffer of liblsl is full, the oldest sample makes room for the newest, and nothing counts
it. What can be known is that a buffer *was* full, or that so much came at once that the sender's
must have been.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence

from acquire.lsl.config import BUFFER_S
from acquire.lsl.streams import FoundStream
from devices.arrays import F64Array

BUFFER_BYTES = 256 << 20
"""What the buffer of one inlet may take: a stream that fills it faster is buffered for less."""
ENTRY_BYTES = 32
"""What liblsl's queue takes for a sample beside its values, all of it from the start."""
IRREGULAR_SAMPLES = 100_000
"""What is kept of a stream without a rate: a script may send all of its markers at once."""
LSL_IRREGULAR_HZ = 100
"""What liblsl multiplies the seconds of a buffer by where a stream has no rate."""
SENDER_S = 360
"""What an outlet keeps for a receiver, unless its program asks for more or less."""
BURST_S = 1.0
LEAST_SAMPLES = 100
LEAST_S = 2


def buffer_of(stream: FoundStream) -> tuple[int, int]:
    """Size the buffer of a stream: in the seconds that liblsl asks for, and in samples."""
    rate = _lsl_rate(stream)
    fit = BUFFER_BYTES / (rate * (ENTRY_BYTES + stream.sample_bytes))
    wanted = IRREGULAR_SAMPLES / rate if not stream.rate_hz else max(BUFFER_S, LEAST_SAMPLES / rate)
    seconds = max(LEAST_S, math.ceil(min(wanted, fit)))
    return seconds, int(seconds * rate)


def sender_buffer_of(stream: FoundStream) -> int:
    """Say how many samples of a stream its outlet keeps, unless its program asks for another."""
    return max(2, int(SENDER_S * _lsl_rate(stream)))


def _lsl_rate(stream: FoundStream) -> float:
    """Give what liblsl multiplies the seconds of a buffer by; texts may announce a rate, too."""
    return stream.announced_hz or stream.rate_hz or LSL_IRREGULAR_HZ


class Overflows:
    """Counts how often samples may have been dropped, at most once in `BURST_S`.

    Our buffer was full, or a stream without a rate sent as much at once as its outlet keeps. The
    second needs no look at a stream of a regular rate, whose stamps show a gap.
    """

    def __init__(self, stream: FoundStream, capacity: int) -> None:
        self._capacity = capacity
        at_once = min(sender_buffer_of(stream), capacity)
        self._burst = math.inf if stream.rate_hz else at_once
        # By when it came, or by its stamps: a busy computer may take longer to receive a burst,
        # and a program may stamp what it sends at once with when it was measured.
        self._came, self._sent = _Burst(), _Burst()
        self._next = -math.inf
        self._times = self._told = 0

    def look(self, now: float, waiting: int, taken: Sequence[float] | F64Array) -> None:
        """See how full the buffer was: of `taken`, pulled just now, these are the stamps.

        `waiting` still wait. Looked at after the pull: what fills between a look and the pull is
        seen as well.
        """
        count = len(taken)
        was_full = waiting + count >= self._capacity
        if count and self._burst < math.inf:
            came, sent = self._came.add(now, count), self._sent.add(float(taken[-1]), count)
            was_full |= max(came + waiting, sent) >= self._burst
        if was_full and now >= self._next:
            self._times += 1
            self._next = now + BURST_S

    def new(self) -> int:
        """Count those since this was last asked; one thread asks, another may look."""
        times = self._times
        new, self._told = times - self._told, times
        return new


class _Burst:
    """Sums what was counted within `BURST_S` of the newest time."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque()
        self._sum = 0

    def add(self, time: float, count: int) -> int:
        """Add `count`; times may leap, and need not be numbers."""
        self._counts.append((time, count))
        self._sum += count
        while not abs(self._counts[0][0] - time) <= BURST_S:
            self._sum -= self._counts.popleft()[1]
            if not self._counts:
                break
        return self._sum
