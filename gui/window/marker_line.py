"""Markers and notes from the keyboard, stamped at the key press."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QInputMethodEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QToolButton, QVBoxLayout, QWidget

from gui.texts import tr
from gui.widgets import theme
from gui.widgets.short_label import ShortLabel

KEYS = 8


class StampedEdit(QLineEdit):
    """Free text: Enter sends it, stamped at its first letter; Ctrl+Enter stamps at Enter."""

    sent = Signal(str, object)
    """What was typed, and its LSL time, where that is known."""
    stamped = Signal(str)

    def __init__(self, now: Callable[[], float | None]) -> None:
        super().__init__()
        self._now = now
        self._stamp: float | None = None
        self._begun = False
        self.setMaxLength(4000)
        self.textEdited.connect(self._on_edited)  # by keys, by a paste, by an input method

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Send, drop, or type."""
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and (text := self.text().strip()):
            at_enter = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            stamp = self._now() if at_enter else self._stamp
            self._drop()
            self.sent.emit(text, stamp)
        elif event.key() == Qt.Key.Key_Escape:
            self._drop()
        else:
            super().keyPressEvent(event)

    def inputMethodEvent(self, event: QInputMethodEvent) -> None:  # noqa: N802
        """Begin with the first letter of a word that is still being composed."""
        super().inputMethodEvent(event)
        self._on_edited(self.text() + event.preeditString())

    def give_back(self, text: str, stamp: float | None) -> None:
        """Show again what was sent and has not arrived, unless something else is being typed."""
        if not self._begun:
            self.setText(text)
            self._begun, self._stamp = True, stamp

    def _on_edited(self, text: str) -> None:
        if bool(text) is self._begun:
            return
        self._begun, self._stamp = bool(text), self._now() if text else None
        told = tr("stamped {}").format(f"{datetime.now():%H:%M:%S}")
        self.stamped.emit(told if text else "")

    def _drop(self) -> None:
        self.clear()
        self._on_edited("")


class MarkerLine(QWidget):
    """The line for markers, the keys that set one at once, and the line for notes."""

    marker = Signal(str, object)
    note = Signal(str, object)
    """A note, and the LSL time of its first letter, where that is known."""

    def __init__(self, now: Callable[[], float | None]) -> None:
        super().__init__()
        self._now = now
        self.text = StampedEdit(now)
        self.text.setPlaceholderText(tr("Marker: type, then Enter (Ctrl+M)"))
        self.text.setAccessibleName(tr("Marker text"))
        self.text.setToolTip(
            tr("Enter: with the time of the first letter. Ctrl+Enter: with the time of Enter.")
        )
        self.message = ShortLabel(muted=True)
        self.notes = StampedEdit(now)
        self.notes.setPlaceholderText(tr("✎ Note (Ctrl+N)"))
        self.notes.setAccessibleName(tr("Note"))
        self.notes.setToolTip(
            tr("Kept among the events of this session, or of the next one, at its first letter")
        )
        self.notes.sent.connect(self.note)
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
            action.setAutoRepeat(False)  # a key that is held is one marker
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
