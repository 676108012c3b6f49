"""The newest events, numbered, for everybody who asks or listens."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from recordings.manifest_entries import Event

KEPT = 1000
"""The oldest events are dropped beyond this: the event log on the disk has them all."""


@dataclass(frozen=True, slots=True)
class Numbered:
    """An event and its number, which rises by one with each."""

    number: int
    event: Event


class EventBook:
    """Keeps events in memory; every method may be called from any thread."""

    def __init__(self) -> None:
        # Numbers have no holes, and whoever listens misses none: adding and joining exclude each
        # other. Listeners are called outside of it.
        self._lock = threading.Lock()
        self._events: deque[Numbered] = deque(maxlen=KEPT)
        self._last = 0
        self._listeners: tuple[Callable[[Event], None], ...] = ()

    @property
    def last(self) -> int:
        """The number of the newest event; 0 = none yet."""
        return self._last

    def add(self, event: Event) -> None:
        """Take in an event, and wake those who listen."""
        with self._lock:
            self._last += 1
            self._events.append(Numbered(self._last, event))
            listeners = self._listeners
        for hear in listeners:
            hear(event)

    def since(self, number: int, limit: int = KEPT) -> list[Numbered]:
        """Give the newest `limit` events after the one of that number, oldest first."""
        with self._lock:
            found = [e for e in self._events if e.number > number]
        return found[-limit:] if limit else []

    def on_event(self, hear: Callable[[Event], None]) -> Callable[[], None]:
        """Have `hear` called with every event, from any thread; gives what ends it."""
        with self._lock:
            self._listeners = (*self._listeners, hear)

        def leave() -> None:
            with self._lock:
                self._listeners = tuple(x for x in self._listeners if x != hear)

        return leave
