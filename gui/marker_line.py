"""Markers and notes from the keyboard, stamped at the key press."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from gui import theme
from gui.texts import tr

HOT_KEYS = 8


class MarkerEdit(QLineEdit):
    """Free text: Enter sends it, stamped at its first letter; Ctrl+Enter stamps at Enter."""

    sent = Signal(str, object)
    stamped = Signal(str)

    def __init__(self, now: Callable[[], float | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self._stamp: float | None = None

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Stamp before anything else."""
        pressed = self._now()
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and self.text().strip():
            at_enter = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self.sent.emit(self.text().strip(), pressed if at_enter else self._stamp)
            self.clear()
        elif event.key() == Qt.Key.Key_Escape:
            self.clear()
        else:
            empty = not self.text()
            super().keyPressEvent(event)
            if empty and self.text():
                self._stamp = pressed
                self.stamped.emit(tr("stamped {}").format(f"{datetime.now():%H:%M:%S}"))
        if not self.text():
            self._stamp = None
            self.stamped.emit("")


class MarkerLine(QWidget):
    """The line for markers, the line for notes, and the hot keys."""

    marker = Signal(str, object)
    note = Signal(str)

    def __init__(self, now: Callable[[], float | None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._now = now
        self.hot_texts = [f"F{k}" for k in range(1, HOT_KEYS + 1)]
        self.text = MarkerEdit(now)
        self.text.setPlaceholderText(tr("Marker: type, then Enter (Ctrl+M)"))
        self.text.setAccessibleName(tr("Marker text"))
        self.text.setToolTip(
            tr("Enter: with the time of the first letter. Ctrl+Enter: with the time of Enter.")
        )
        self.text.setMaxLength(4000)
        self.said = QLabel()
        self.said.setMinimumWidth(self.said.fontMetrics().horizontalAdvance("stamped 00:00:00 ✓"))
        theme.mark(self.said, "muted", True)
        self.notes = QLineEdit()
        self.notes.setPlaceholderText(tr("✎ Note (Ctrl+N)"))
        self.notes.setAccessibleName(tr("Note"))
        self.notes.setToolTip(tr("Kept among the events of this session, or of the next one"))
        self.notes.setMaxLength(4000)
        self.notes.returnPressed.connect(self._on_note)
        self.text.sent.connect(self.marker)
        self.text.stamped.connect(self.said.setText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        layout.addWidget(self.text, 2)
        layout.addWidget(self.said, 1)
        layout.addWidget(self.notes, 2)
        QShortcut(QKeySequence("Ctrl+M"), self, self.text.setFocus)
        QShortcut(QKeySequence("Ctrl+N"), self, self.notes.setFocus)
        for number in range(1, HOT_KEYS + 1):
            QShortcut(QKeySequence(f"Shift+F{number}"), self, lambda n=number: self._on_hot(n))

    def show_sent(self, text: str) -> None:
        """Say that a marker was published."""
        self.show_said(f"✓ {text}")

    def show_said(self, text: str) -> None:
        """Say something short."""
        room = self.said.width()
        metrics = self.said.fontMetrics()
        self.said.setText(metrics.elidedText(text, Qt.TextElideMode.ElideRight, room))
        self.said.setToolTip(text)

    def _on_hot(self, number: int) -> None:
        self.marker.emit(self.hot_texts[number - 1], self._now())

    def _on_note(self) -> None:
        if text := self.notes.text().strip():
            self.note.emit(text)
            self.notes.clear()
