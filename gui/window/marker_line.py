"""Markers and notes from the keyboard, stamped at the key press."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QToolButton, QVBoxLayout, QWidget

from gui.texts import tr
from gui.widgets import theme
from gui.widgets.short_label import ShortLabel

KEYS = 8


class MarkerEdit(QLineEdit):
    """Free text: Enter sends it, stamped at its first letter; Ctrl+Enter stamps at Enter."""

    sent = Signal(str, object)
    stamped = Signal(str)

    def __init__(self, now: Callable[[], float | None]) -> None:
        super().__init__()
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
    """The line for markers, the keys that set one at once, and the line for notes."""

    marker = Signal(str, object)
    note = Signal(str, object)
    """A note, and the LSL time of its first letter, where that is known."""

    def __init__(self, now: Callable[[], float | None]) -> None:
        super().__init__()
        self._now = now
        self.text = MarkerEdit(now)
        self.text.setPlaceholderText(tr("Marker: type, then Enter (Ctrl+M)"))
        self.text.setAccessibleName(tr("Marker text"))
        self.text.setToolTip(
            tr("Enter: with the time of the first letter. Ctrl+Enter: with the time of Enter.")
        )
        self.text.setMaxLength(4000)
        self.message = ShortLabel()
        theme.mark(self.message, "muted", True)
        self.notes = QLineEdit()
        self.notes.setPlaceholderText(tr("✎ Note (Ctrl+N)"))
        self.notes.setAccessibleName(tr("Note"))
        self.notes.setToolTip(
            tr("Kept among the events of this session, or of the next one, at its first letter")
        )
        self._noted: float | None = None
        self.notes.textEdited.connect(self._on_note_typed)
        self.notes.setMaxLength(4000)
        self.notes.returnPressed.connect(self._on_note)
        self.text.sent.connect(self.marker)
        self.text.stamped.connect(self.message.setText)
        layout = QHBoxLayout()
        layout.addWidget(self.text, 1)
        self.keys = self._keys()
        self.name_keys(())
        layout.addWidget(self.keys)
        layout.addWidget(self.notes, 1)
        column = QVBoxLayout(self)  # what is said has the whole width, and its place always
        column.setContentsMargins(8, 4, 8, 4)
        column.setSpacing(2)
        column.addLayout(layout)
        column.addWidget(self.message)
        QShortcut(QKeySequence("Ctrl+M"), self, self.text.setFocus)
        QShortcut(QKeySequence("Ctrl+N"), self, self.notes.setFocus)

    def _keys(self) -> QToolButton:
        button = QToolButton()
        button.setText(tr("Keys ▾"))
        button.setToolTip(tr("Markers that a key sets at once; the rig file names them"))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(button)
        for number in range(1, KEYS + 1):
            action = menu.addAction("")
            action.setShortcut(QKeySequence(f"Shift+F{number}"))
            # Whatever is in front, as the list of shortcuts.
            action.setShortcutContext(Qt.ShortcutContext.ApplicationShortcut)
            action.triggered.connect(partial(self._on_key, action))
            self.addAction(action)  # the key works while the menu is closed
        button.setMenu(menu)
        return button

    def name_keys(self, texts: Sequence[str]) -> None:
        """Give Shift+F1 and so on their texts; those without one are F1 and so on."""
        for number, action in enumerate(self.keys.menu().actions()):
            text = texts[number] if number < len(texts) else f"F{number + 1}"
            action.setData(text)
            action.setText(text.replace("&", "&&"))  # one alone would underline a letter

    def _on_key(self, action: QAction, *_: object) -> None:
        self.marker.emit(action.data(), self._now())

    def show_sent(self, text: str, *, recorded: bool) -> None:
        """Say that a marker was published, and whether a recording has it."""
        self.show_message(f"✓ {text}" if recorded else f"▲ {tr('not recorded')}: {text}")
        theme.mark(self.message, "light", "" if recorded else "warning")

    def show_message(self, text: str) -> None:
        """Say something short."""
        theme.mark(self.message, "light", "")
        self.message.setText(text)

    def _on_note_typed(self, text: str) -> None:
        if self._noted is None or not text:
            self._noted = self._now() if text else None

    def _on_note(self) -> None:
        if text := self.notes.text().strip():
            self.note.emit(text, self._noted)
            self.notes.clear()
            self._noted = None
