"""What went wrong, in words, until somebody has read it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QFrame, QHBoxLayout, QPushButton

from acquire.engine.status import Phase
from acquire.server.api.models import StatusInfo
from gui.client.code_words import told
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel
from recordings.manifest_entries import Event

Level = Literal["error", "warning"]
MAX_UNREAD = 99
LOSSES = (
    "stream-lost",
    "silent",
    "device-hangs",
    "device-lost",
    "device-broke",
    "device-died",
    "unreachable",
)
"""Events that mean missing data while a recording runs."""
RETURNS = ("stream-back", "silent-over", "device-back", "device-hangs-over")
"""Events that tell that a stream is there again; a device and its stream have one name."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """One thing that happened and has to be read."""

    level: Level
    text: str
    when: str = ""
    action: str = ""  # what a button offers, if anything
    key: str = ""  # alarms of one key replace each other


class AlarmBar(QFrame):
    """Shows the worst unread alarm, the newest of them; hidden where there is none."""

    acted = Signal(str)
    sounded = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("alarm")
        self._unread: list[Alarm] = []
        self.text = PlainLabel(word_wrap=True)
        self.text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.count = PlainLabel()
        self.action = QPushButton()
        self.read = QPushButton(tr("Read"))
        self.read.setToolTip(tr("I have read this (F8)"))
        self.read.clicked.connect(self._on_read)
        self.action.clicked.connect(self._on_action)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 6)
        layout.addWidget(self.text, 1)
        for widget in (self.count, self.action, self.read):
            layout.addWidget(widget)
        # A key that is held has read one alarm, not all of them.
        QShortcut(QKeySequence("F8"), self, self.read.click).setAutoRepeat(False)
        self.setAccessibleName(tr("Alarm"))
        self.hide()

    @property
    def unread(self) -> tuple[Alarm, ...]:
        """What nobody has read yet."""
        return tuple(self._unread)

    def add(self, alarm: Alarm) -> None:
        """Show one more."""
        if alarm.key:
            self.drop(alarm.key)
        self._unread = [*self._unread, alarm][-MAX_UNREAD:]
        if alarm.level == "error":
            QApplication.beep()
            self.sounded.emit()
        self._show()

    def note_return(self, event: Event, when: str) -> None:
        """Say in the alarm of a stream that it is back, and since when; it stays to be read."""
        key = stream_key(event)
        if event.code not in RETURNS:
            return
        self._unread = [
            replace(alarm, text=f"{alarm.text}. {when} {event.text}") if alarm.key == key else alarm
            for alarm in self._unread
        ]
        self._show()

    def drop(self, key: str) -> None:
        """Take back what is over."""
        self._unread = [alarm for alarm in self._unread if alarm.key != key]
        self._show()

    @property
    def shown(self) -> Alarm | None:
        """The one that is shown."""
        errors = [a for a in self._unread if a.level == "error"]
        unread = errors or self._unread
        return unread[-1] if unread else None

    def _show(self) -> None:
        alarm = self.shown
        self.setVisible(alarm is not None)
        if alarm is None:
            return
        theme.mark(self, "level", alarm.level)
        glyph = "✖" if alarm.level == "error" else "▲"
        self.text.setText(" ".join(filter(None, (glyph, alarm.when, alarm.text))))
        more = len(self._unread) - 1
        self.count.setText(tr("{} more").format(more) if more else "")
        self.action.setVisible(bool(alarm.action))
        self.action.setText(alarm.action)

    def _on_read(self) -> None:
        if (alarm := self.shown) is not None:
            self._unread.remove(alarm)
            self._show()

    def _on_action(self) -> None:
        if (alarm := self.shown) is not None:
            self.acted.emit(alarm.key)


def alarm_of(event: Event, status: StatusInfo, when: str) -> Alarm | None:
    """Say what of an event has to be read; None where lights, events and the gate are enough."""
    if event.level == "info":
        return None
    recording = status.state is Phase.RECORDING and event.time >= (status.first_sample or 0.0)
    if event.level == "warning" and not recording:
        return None
    lost = recording and event.code in LOSSES
    key = stream_key(event) if event.code in LOSSES else event.text
    return Alarm("error" if lost else event.level, told(event), when, key=key)


def stream_key(event: Event) -> str:
    """Name the alarm of a stream or device: it has one, kept up to date."""
    return f"stream {event.source}"
