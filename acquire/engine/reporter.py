"""Tells everybody what happened: log, manifest, `unisono-events`, whoever listens."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from acquire.lsl.clock import local_clock
from acquire.lsl.outlet import Outlet
from acquire.plain_text import plain
from acquire.take.take import Take
from devices.marker_codes import marker_spec
from recordings.manifest_entries import Event, Level

log = logging.getLogger(__name__)

EVENTS = marker_spec("unisono-events", "Unisono", label="event")
"""They as a stream, JSON text, recorded with the rest."""
MAX_UNRECORDED = 100
"""Events between two recordings that go into the next one's manifest."""


class Reporter:
    """The events of one engine; from any thread."""

    def __init__(
        self, on_event: Callable[[Event], None], takes: Callable[[], Sequence[Take]]
    ) -> None:
        self._on_event = on_event
        self._takes = takes
        # Whatever thread an event comes from, it is counted once and pushed in one piece.
        self._lock = threading.Lock()
        self._outlet: Outlet | None = None
        self._unrecorded: deque[Event] = deque(maxlen=MAX_UNRECORDED)

    def open(self, origin: str) -> None:
        """Put `unisono-events` on the network."""
        self._outlet = Outlet(EVENTS, "engine", origin=origin)

    @property
    def uid(self) -> str | None:
        """The LSL uid of `unisono-events`, where it is on the network."""
        return self._outlet.uid if self._outlet is not None else None

    def report(
        self,
        source: str,
        level: Level,
        code: str,
        text: str,
        take: int | None = None,
        time: float | None = None,
    ) -> None:
        """Tell it.

        Args:
            source: who says it.
            level: how much it weighs.
            code: what kind of event it is.
            text: what happened, in words.
            take: the recording that it concerns, where it concerns one alone.
            time: when it was, LSL seconds; None = now.
        """
        now = local_clock()
        when = now if time is None else time
        event = Event(time=when, source=source, level=level, code=code, text=plain(text))
        with self._lock:
            if self._outlet is not None:
                # Stamps of a stream do not go back: what is told late has its time in its text.
                _push(self._outlet, event, now)
            owner = self._owner(event.time, take)
            if owner is None:
                self._unrecorded.append(event)
            else:
                _add(owner, event)
        log.log(logging.INFO if level == "info" else logging.WARNING, "%s: %s", code, event.text)
        self._on_event(event)

    def beat(self, text: str) -> None:
        """Say in `unisono-events` that the recording goes on; no event of the session."""
        event = Event(
            time=local_clock(), source="engine", level="info", code="heartbeat", text=text
        )
        with self._lock:
            if self._outlet is not None:
                _push(self._outlet, event, event.time)

    def _owner(self, time: float, number: int | None) -> Take | None:
        """Find the take that an event concerns: the named one, or else the one of its time."""
        takes = self._takes()
        if number is not None:
            return next((take for take in takes if take.number == number), None)
        for take in takes:
            if take.interval.has(time):
                return take
        # What happens while one is being begun concerns that one.
        return next((take for take in takes if take.is_open), None)

    def begin(self, take: Take) -> None:
        """Give a take the events since the one before it: they concern it, too."""
        with self._lock:
            for event in self._unrecorded:
                _add(take, event)
            self._unrecorded.clear()

    def close(self) -> None:
        """Withdraw the stream."""
        with self._lock:
            if self._outlet is not None:
                self._outlet.close()
                self._outlet = None


def _push(outlet: Outlet, event: Event, stamp: float) -> None:
    outlet.push(np.array([stamp]), np.array([[event.model_dump_json()]], dtype=object))


def _add(take: Take, event: Event) -> None:
    take.alarms += event.level != "info"
    if take.folder is not None:
        take.folder.add_event(event)
