"""The one line that is typed into while coding: every key belongs to it until Enter or Esc."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from gui.texts import tr, tr_error
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel

Commit = Callable[[str], None]
_HINTS = 8
_LONGEST = 2000


class Entry(QWidget):
    """A line with its name above and, below, the words that fit what is typed, or what is wrong."""

    left = Signal()
    """It was closed, with or without being committed."""

    def __init__(self) -> None:
        super().__init__()
        self.name, self.hint = PlainLabel(), PlainLabel(word_wrap=True, muted=True)
        self.line = _Line(self)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(4)
        for widget in (self.name, self.line, self.hint):
            box.addWidget(widget)
        self.line.textChanged.connect(self._write_hint)
        self._words: tuple[str, ...] = ()
        self._commit: Commit = lambda text: None
        self.hide()

    @property
    def is_open(self) -> bool:
        """Whether keys belong to the line."""
        return not self.isHidden()

    def open(
        self, name: str, text: str, words: Sequence[str], commit: Commit, *, selected: bool = False
    ) -> None:
        """Open the line.

        Args:
            name: what is typed.
            text: what it says at first; typing goes on after it, unless it is `selected`.
            words: the scheme's; the beginning of one is enough, where it is of one alone.
            commit: takes what was typed; a ValueError says what is wrong, and the line stays.
            selected: whether typing replaces what it says at first.
        """
        self._words, self._commit = tuple(words), commit
        self.name.setText(name)
        self.line.setAccessibleName(name)
        # Qt counts UTF-16; what is there already, from a table say, is never cut off.
        self.line.setMaxLength(max(_LONGEST, len(text.encode("utf-16-le", "surrogatepass")) // 2))
        self.line.setText(text)
        if selected:
            self.line.selectAll()
        self._write_hint()
        self.show()
        self.take_focus()

    def take_focus(self) -> None:
        """Let keys come here; by any other reason Qt would select all, and a letter replace it."""
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def commit(self) -> None:
        """Give what was typed away and close; what is wrong stays, and is said."""
        text = self.line.text().strip()
        fits = self._fits(text)
        exact = [word for word in fits if word.casefold() == text.casefold()]
        if text and len(exact or fits) == 1:
            text = (exact or fits)[0]
        elif text and fits:
            self._say_wrong(tr("more than one begins so: {}").format(", ".join(fits)))
            return
        try:
            self._commit(text)
        except ValueError as error:
            self._say_wrong(tr_error(error))
            return
        self.close_line()

    def close_line(self) -> None:
        """Close without a change."""
        self.hide()
        self.left.emit()

    def complete(self) -> None:
        """Write the first word that begins as what is typed does."""
        if fits := self._fits(self.line.text().strip()):
            self.line.setText(fits[0])

    def _fits(self, text: str) -> list[str]:
        return [word for word in self._words if word.casefold().startswith(text.casefold())]

    def _write_hint(self) -> None:
        theme.mark(self.hint, "light", "muted")
        theme.mark(self.line, "wrong", False)
        typed = "" if self.line.hasSelectedText() else self.line.text().strip()
        words = ", ".join(self._fits(typed)[:_HINTS])
        self.hint.setText(words or tr("Enter keeps it, Esc leaves it"))

    def _say_wrong(self, text: str) -> None:
        theme.mark(self.hint, "light", "failed")
        theme.mark(self.line, "wrong", True)
        self.hint.setText(f"✖ {text}")


class _Line(QLineEdit):
    def __init__(self, entry: Entry) -> None:
        super().__init__(entry)
        self._entry = entry

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()  # no shortcut of the window gets a letter of this line
                return True
            if event.type() == QEvent.Type.KeyPress and self._take(event):
                return True
        return super().event(event)

    def _take(self, event: QKeyEvent) -> bool:
        key = event.key()
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._entry.commit()
        elif key == Qt.Key.Key_Escape:
            self._entry.close_line()
        elif key == Qt.Key.Key_Tab:
            self._entry.complete()
        else:
            return key == Qt.Key.Key_Backtab
        return True
