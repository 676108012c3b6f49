"""Labels and tooltips that show text as it is: names and alarms come from anywhere.

Qt takes what looks like HTML for HTML, and would load a picture that a stream's name asks for.
"""

from __future__ import annotations

import re
from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel

_LONG = re.compile(r"\S{24}(?=\S)")


class PlainLabel(QLabel):
    """A label that renders nothing; wherever the window shows text, it is one of these."""

    def __init__(self, text: str = "", *, word_wrap: bool = False, muted: bool = False) -> None:
        super().__init__()
        self._said = text
        self.setTextFormat(Qt.TextFormat.PlainText)
        if muted:
            self.setProperty("muted", True)
        self.setWordWrap(word_wrap)

    def setWordWrap(self, on: bool) -> None:  # noqa: N802
        """Show it in lines, or in one."""
        super().setWordWrap(on)
        self.setText(self._said)  # whose long words are broken in lines alone

    def setText(self, text: str) -> None:  # noqa: N802
        """Show a text; where it is in lines, no word of it makes the window wider."""
        self._said = text
        # What can be copied stays letter by letter: its label has to get its width by its layout.
        copied = self.textInteractionFlags() & Qt.TextInteractionFlag.TextSelectableByMouse
        super().setText(breakable(text) if self.wordWrap() and not copied else text)

    def text(self) -> str:
        """Give what is said."""
        return self._said

    def clear(self) -> None:
        """Say nothing."""
        self.setText("")


def breakable(text: str) -> str:
    """Give a text with places to break: one word without any would widen what it stands in."""
    return _LONG.sub("\\g<0>\u200b", text)


def plain(text: str) -> str:
    """Give what a tooltip shows as this text, letter by letter."""
    if "<" not in text and "&" not in text:
        return text
    return f'<span style="white-space: pre-wrap">{escape(text)}</span>'
