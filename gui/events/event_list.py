"""What happened, the newest first."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QListWidget, QListWidgetItem

from acquire.server.api.models import EventInfo, StatusInfo
from gui.client.code_words import told
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.empty_text import paint_empty
from gui.widgets.plain_label import breakable, plain

KEPT = 500
_LEVEL = Qt.ItemDataRole.UserRole
_GLYPHS = {"info": "·", "warning": "▲", "error": "✖"}
_COLOURS = {"info": "muted", "warning": "warning", "error": "failed"}


class EventList(QListWidget):
    """The events of this engine; the oldest are dropped beyond `KEPT`."""

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Events"))
        self.setWordWrap(True)
        self._utc_minus_lsl: float | None = None
        self.alarms = 0

    def learn_time(self, status: StatusInfo) -> None:
        """Learn how LSL time and the time of day belong together."""
        self._utc_minus_lsl = datetime.fromisoformat(status.utc).timestamp() - status.clock

    def time_of_day(self, lsl: float) -> str:
        """Write the time of day of an LSL time."""
        if self._utc_minus_lsl is None:
            return "--:--:--"
        return f"{datetime.fromtimestamp(lsl + self._utc_minus_lsl):%H:%M:%S}"

    def add(self, found: EventInfo) -> None:
        """Add an event."""
        event = found.event
        named = event.text.startswith((f"{event.source}:", f"{event.source} "))
        source = "" if named else f"{event.source}: "
        when = self.time_of_day(event.time)
        text = f"{_GLYPHS[event.level]} {when}  {source}{told(event)}"
        item = QListWidgetItem(breakable(text))
        item.setData(_LEVEL, event.level)
        item.setForeground(theme.colour(_COLOURS[event.level]))
        item.setToolTip(plain(event.code))
        self.insertItem(0, item)
        self.alarms += event.level != "info"
        while self.count() > KEPT:
            self.takeItem(self.count() - 1)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Say so where there is nothing."""
        super().paintEvent(event)
        if not self.count():
            paint_empty(self, tr("Nothing has happened yet"))

    def sizeHint(self) -> QSize:  # noqa: N802
        """Leave the room to the signals."""
        return QSize(400, 108)

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Take other colours where light and dark change."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for item in (self.item(row) for row in range(self.count())):
                item.setForeground(theme.colour(_COLOURS[item.data(_LEVEL)]))
