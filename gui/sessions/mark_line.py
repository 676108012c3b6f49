"""Asks why a session is not usable, in a line of its own: nothing modal while anything records."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget

from acquire.server.api.session_models import SessionInfo
from gui.texts import tr
from gui.widgets.short_label import ShortLabel


class MarkLine(QWidget):
    """Hidden until it is asked; a reason is needed."""

    marked = Signal(str, str)  # the session's id, the reason

    def __init__(self) -> None:
        super().__init__()
        self._session = ""
        self._label = ShortLabel()
        self.done, self.leave = QPushButton(tr("Mark")), QPushButton(tr("Leave it"))
        self.reason = QLineEdit()
        self.reason.setMaxLength(1000)
        self.reason.setPlaceholderText(tr("Why is it not usable? Exports leave it out"))
        self.reason.setAccessibleName(tr("Reason"))
        self.reason.textChanged.connect(lambda text: self.done.setEnabled(bool(text.strip())))
        self.reason.returnPressed.connect(self._mark)
        self.done.setEnabled(False)
        self.done.clicked.connect(self._mark)
        self.leave.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._label)
        row.addWidget(self.reason, 1)
        row.addWidget(self.done)
        row.addWidget(self.leave)
        self.hide()

    def ask(self, session: SessionInfo) -> None:
        """Ask for the reason."""
        self._session = session.id
        self._label.setText(session.id.partition(".")[2])
        self.reason.clear()
        self.show()
        self.reason.setFocus()

    def _mark(self) -> None:
        if reason := self.reason.text().strip():
            self.hide()
            self.marked.emit(self._session, reason)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Escape leaves it."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
