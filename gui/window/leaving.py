"""Closing that has to be asked for twice where something goes on, or is lost by it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from gui.events.alarm_bar import Alarm, AlarmBar

_LEAVING = "leaving"
LEAVE_MS = 8000
"""How long a second order to close is waited for."""


class Leaving(QObject):
    """Says once what is to be known before a window is closed."""

    def __init__(self, alarm: AlarmBar, why_stay: Callable[[], str], parent: QObject) -> None:
        """Prepare; `why_stay` gives what is to be known, empty where nothing is."""
        super().__init__(parent)
        self._alarm, self._why_stay = alarm, why_stay
        self._told = False
        self._forgets = QTimer(self, singleShot=True, interval=LEAVE_MS)
        self._forgets.timeout.connect(self._forget)

    def is_clear(self) -> bool:
        """Whether it may be closed now: nothing speaks against it, or that was said."""
        if self._told or not (why := self._why_stay()):
            return True
        self._told = True
        self._forgets.start()
        self._alarm.add(Alarm("warning", why, key=_LEAVING))
        return False

    def look_again(self) -> None:
        """Take back what was said once it is no longer so."""
        if self._told and not self._why_stay():
            self._forget()

    def _forget(self) -> None:
        self._told = False
        self._forgets.stop()
        self._alarm.drop(_LEAVING)
