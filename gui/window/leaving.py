"""Closing that has to be asked for twice where something goes on, or is lost by it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer

from acquire.engine.status import Phase
from acquire.server.api.models import StatusInfo
from gui.client.engine_link import EngineLink
from gui.events.alarm_bar import Alarm, AlarmBar
from gui.protocol.protocol_panel import ProtocolPanel
from gui.rig.control import RigControl
from gui.texts import tr

_LEAVING = "leaving"
LEAVE_MS = 8000
"""How long a second order to close is waited for."""


class Leaving(QObject):
    """Says once what is to be known before a window is closed."""

    def __init__(
        self,
        alarm: AlarmBar,
        status: Callable[[], StatusInfo | None],
        protocol: ProtocolPanel,
        rigs: RigControl,
        link: EngineLink,
        *,
        parent: QObject,
    ) -> None:
        """Prepare; `status` gives what the engine said last, None where there is none."""
        super().__init__(parent)
        self._alarm, self._status = alarm, status
        self._protocol, self._rigs, self._link = protocol, rigs, link
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

    def _why_stay(self) -> str:
        """Say what is to be known before it is closed; empty where nothing is."""
        status = self._status()
        if status is not None and status.state is Phase.RECORDING:
            return tr(
                "The recording goes on without this window; close again to leave it, and open the "
                "rig again to come back"
            )
        if self._protocol.plays and self._link.process is not None:
            return tr("The protocol that plays ends with this window; close again to end it")
        if self._rigs.is_changed:
            return tr("The rig file that is edited is not saved; close again to leave it so")
        return ""

    def look_again(self) -> None:
        """Take back what was said once it is no longer so."""
        if self._told and not self._why_stay():
            self._forget()

    def _forget(self) -> None:
        self._told = False
        self._forgets.stop()
        self._alarm.drop(_LEAVING)
