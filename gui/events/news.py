"""What the engine says has happened: into the list, and where it has to be read, into the alarm."""

from __future__ import annotations

import math

from PySide6.QtCore import QObject, Signal

from acquire.engine.status import Phase
from acquire.server.api.models import EventInfo, StatusInfo
from acquire.server.api.session_models import SESSION_EVENTS, session_of
from gui.events.alarm_bar import Alarm, AlarmBar, alarm_of
from gui.events.event_list import EventList
from gui.texts import tr
from recordings.manifest_entries import Event

_OF_THE_PLAYER = ("protocol", "protocol-frames")
_WITH_IT_S = 5.0
"""So long after the player died its streams go with it: that is said once, with what to do."""


class News(QObject):
    """Hands events on; those that come before the first status wait for it."""

    sessions_changed = Signal()
    session_changed = Signal(str)
    """One alone: the name of its folder."""

    def __init__(self, events: EventList, alarm: AlarmBar) -> None:
        super().__init__(events)
        self._events, self._alarm = events, alarm
        self._status: StatusInfo | None = None
        self._early: list[EventInfo] = []
        self._failure: str | None = None
        self._player_died = -math.inf  # LSL time

    def show_status(self, status: StatusInfo) -> None:
        """Learn the time and whether it records; raise the alarm of a recording that failed."""
        was_closing = self._status is not None and self._status.state is Phase.FINISHING
        self._status = status
        if was_closing and status.state is not Phase.FINISHING:
            self.sessions_changed.emit()
        self._events.learn_time(status)
        early, self._early = self._early, []
        for event in early:
            self.hear(event)
        if status.error is not None and status.error != self._failure:
            text = tr("The recording failed: {}").format(status.error)
            self._alarm.add(Alarm("error", text, key=status.error))
        self._failure = status.error

    def show_gone(self) -> None:
        """Know that no engine answers."""
        self._status = None

    def hear(self, found: EventInfo) -> None:
        """Take in an event."""
        if self._status is None:  # nobody knows yet when it was, and whether a recording runs
            self._early.append(found)
            return
        self._events.add(found)
        when = self._events.time_of_day(found.event.time)
        self._alarm.note_return(found.event, when)
        if (name := session_of(found.event)) is not None:
            self.session_changed.emit(name)
        elif found.event.code in SESSION_EVENTS:
            self.sessions_changed.emit()
        if self._went_with_the_player(found.event):
            return
        if (alarm := alarm_of(found.event, self._status, when)) is not None:
            self._alarm.add(alarm)

    def _went_with_the_player(self, event: Event) -> bool:
        if event.code == "player-died":
            self._player_died = event.time
        lost = event.code == "stream-lost" and event.source in _OF_THE_PLAYER
        return lost and abs(event.time - self._player_died) < _WITH_IT_S
