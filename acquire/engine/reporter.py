"""Tells everybody what happened: log, manifest, `unisono-events`, whoever listens."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

from acquire.engine import events
from acquire.lsl.clock import local_clock
from acquire.lsl.outlet import Outlet
from acquire.take.folder import Session
from recordings.manifest import Event, Level

log = logging.getLogger(__name__)

MAX_UNRECORDED = 100
"""Events between two recordings that go into the next one's manifest."""


class Reporter:
    """The events of one engine; from any thread."""

    def __init__(self, on_event: Callable[[Event], None]) -> None:
        self._on_event = on_event
        self._lock = threading.Lock()
        self._outlet: Outlet | None = None
        self._session: Session | None = None
        self._unrecorded: deque[Event] = deque(maxlen=MAX_UNRECORDED)
        self.alarms = 0
        """Events of this recording that are more than news."""

    def open(self) -> None:
        """Put `unisono-events` on the network."""
        self._outlet = Outlet(events.SPEC, "engine")

    @property
    def uid(self) -> str | None:
        """The LSL uid of `unisono-events`, where it is on the network."""
        return self._outlet.uid if self._outlet is not None else None

    def report(self, source: str, level: Level, code: str, text: str) -> None:
        """Tell it."""
        event = Event(time=local_clock(), source=source, level=level, code=code, text=text)
        with self._lock:
            if self._outlet is not None:
                events.push(self._outlet, event)
            if self._session is not None:
                self._session.add_event(event)
            else:
                self._unrecorded.append(event)
            self.alarms += level != "info"
        log.log(logging.INFO if level == "info" else logging.WARNING, "%s: %s", code, text)
        self._on_event(event)

    def begin(self, session: Session) -> None:
        """Keep events in this session from now on, and those since the one before it."""
        with self._lock:
            self._session = session
            for event in self._unrecorded:  # what went wrong before concerns this recording, too
                session.add_event(event)
            self.alarms = sum(event.level != "info" for event in self._unrecorded)
            self._unrecorded.clear()

    def go_on_in(self, session: Session) -> None:
        """Keep events in the session after a split."""
        with self._lock:
            self._session, self.alarms = session, 0

    def end(self) -> None:
        """Keep events for the session that comes."""
        with self._lock:
            self._session = None

    def close(self) -> None:
        """Withdraw the stream."""
        with self._lock:
            if self._outlet is not None:
                self._outlet.close()
                self._outlet = None
