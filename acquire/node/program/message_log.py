"""What a node's devices said, numbered, until the engine says that it has heard it."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from acquire.processes.messages import Answer, HostEvent, Loss, Opened

MAX_WAITING: Final = 10_000
MAX_AT_ONCE: Final = 500
"""What one answer to the engine holds."""

Heard = Answer | Opened | HostEvent | Loss


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a device."""

    n: int
    device: str
    message: Heard


@dataclass(frozen=True, slots=True)
class Batch:
    """What came after a number; `dropped` counts the events that were let go of since the start."""

    entries: tuple[Entry, ...] = field(default=())
    dropped: int = 0


class MessageLog:
    """The messages of one run that wait for the engine.

    Full at `max_waiting`: then a loss is added to the last one of its stream that nobody has
    fetched yet, and the oldest event that nobody has fetched makes room. Answers and `Opened` are
    never let go of: there are no more of them than the engine has asked for.
    """

    def __init__(self, max_waiting: int = MAX_WAITING) -> None:
        self._max = max_waiting
        # Devices add, each in a thread of its own; a request of the engine's waits.
        self._changed = threading.Condition()
        self._entries: deque[Entry] = deque()
        self._last = 0
        self._fetched = 0  # the highest number that was given out, whether it arrived or not
        self._dropped = 0
        self._closed = False

    def add(self, device: str, message: Heard) -> None:
        """Keep a message; from any thread."""
        with self._changed:
            if len(self._entries) >= self._max:
                message = self._make_room(device, message)
            self._last += 1
            self._entries.append(Entry(self._last, device, message))
            self._changed.notify_all()

    def _make_room(self, device: str, message: Heard) -> Heard:
        waiting = [e for e in self._entries if e.n > self._fetched]
        if isinstance(message, Loss):
            for entry in reversed(waiting):
                one = entry.message
                if isinstance(one, Loss) and (entry.device, one.stream) == (device, message.stream):
                    self._entries.remove(entry)
                    return Loss(one.stream, message.time, one.count + message.count)
        oldest = next((e for e in waiting if isinstance(e.message, HostEvent)), None)
        if oldest is not None:
            self._entries.remove(oldest)
            self._dropped += 1
        return message

    def after(self, n: int, wait_s: float = 0.0) -> Batch:
        """Give what came after number `n`, the oldest first; what is up to `n` is let go of.

        Waits up to `wait_s` for the first. A number that was never given out is as if it were the
        last: an engine cannot let go of what it has not seen.
        """
        deadline = time.monotonic() + wait_s
        with self._changed:
            heard = min(n, self._fetched)
            while self._entries and self._entries[0].n <= heard:
                self._entries.popleft()
            while not self._entries and not self._closed:
                if not self._changed.wait(deadline - time.monotonic()):
                    break
            entries = tuple(e for e in self._entries if e.n > n)[:MAX_AT_ONCE]
            if entries:
                self._fetched = max(self._fetched, entries[-1].n)
            return Batch(entries, self._dropped)

    def close(self) -> None:
        """Have nobody wait any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
