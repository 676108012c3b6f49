"""Losses on their way from a device's thread to the engine."""

from __future__ import annotations

import math
import threading

from acquire.processes.messages import Loss

MAX_LOSSES = 1000
"""Losses that may wait to be told; further ones are added to the last of their stream."""


def missed(rate_hz: float, before: float, after: float) -> int:
    """Count what a rate would have given between two stamps; few drivers can know it."""
    if not rate_hz or math.isinf(before):
        return 0
    return max(0, round((after - before) * rate_hz) - 1)


class LossLog:
    """Collects losses until the next status takes them."""

    def __init__(self) -> None:
        # The device's thread adds, the pipe's takes.
        self._lock = threading.Lock()
        self._losses: list[Loss] = []

    def add(self, stream: str, time: float, count: int) -> None:
        """Note that `count` samples of `stream` are missing right before LSL time `time`."""
        count = int(count)  # a driver may count in numpy's numbers, and the manifest has none
        if count <= 0:
            return
        with self._lock:
            if len(self._losses) >= MAX_LOSSES and self._losses[-1].stream == stream:
                last = self._losses.pop()
                self._losses.append(Loss(stream, time, last.count + count))
            else:
                self._losses.append(Loss(stream, time, count))

    def take(self) -> tuple[Loss, ...]:
        """Give the losses that nobody has been told yet."""
        with self._lock:
            losses, self._losses = tuple(self._losses), []
        return losses
