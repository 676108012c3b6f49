"""A field for one label: what a label cannot have is left out of what is typed, and told."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QFocusEvent, QValidator
from PySide6.QtWidgets import QLineEdit

MOST = 64
"""Letters that a label may have."""


class LabelField(QLineEdit):
    """Takes of a paste, or of an input method's word, what a label can have.

    Qt's own validators refuse the whole of it: the label that stood there before would stay.
    """

    left_out = Signal(str)
    """The letters that were left out since the field was entered or empty, in their order."""

    def __init__(self, text: str, more: str = "") -> None:
        """Make it; `more`: what it takes beside letters and digits, but not as the first."""
        super().__init__(text)
        self._cleaner = _Cleaner(more, self.left_out.emit, self)
        self.setValidator(self._cleaner)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: N802
        """Begin anew to gather what is left out."""
        self._cleaner.begin()
        super().focusInEvent(event)


class _Cleaner(QValidator):
    def __init__(self, more: str, tell: Callable[[str], object], parent: QObject) -> None:
        super().__init__(parent)
        self._more, self._tell = more, tell
        self.begin()

    def begin(self) -> None:
        """Nothing has been left out."""
        self._out: dict[str, None] = {}  # in their order; typed one by one, each is a word of ours

    def validate(self, text: str, cursor: int) -> tuple[QValidator.State, str, int]:
        """Accept what can stay."""
        kept, after = clean(text[:cursor], self._more), clean(text, self._more)
        if after != text:
            self._out |= dict.fromkeys(_left_out(text, after))
            self._tell("".join(self._out))
        elif not after:
            self.begin()
        return QValidator.State.Acceptable, after, min(len(kept), len(after))


def clean(text: str, more: str = "") -> str:
    """Leave out what a label cannot have, and what is beyond its length."""
    kept = "".join(c for c in text if (c.isascii() and c.isalnum()) or c in more)
    return kept.lstrip(more)[:MOST] if more else kept[:MOST]


def _left_out(text: str, after: str) -> list[str]:
    rest = iter(after)
    wanted = next(rest, None)
    out = []
    for letter in text:
        if letter == wanted:
            wanted = next(rest, None)
        else:
            out.append(letter)
    return out
