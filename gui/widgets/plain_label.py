"""Labels and tooltips that show text as it is: names and alarms come from anywhere.

Qt takes what looks like HTML for HTML, and would load a picture that a stream's name asks for.
"""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


class PlainLabel(QLabel):
    """A label that renders nothing; wherever the window shows text, it is one of these."""

    def __init__(self, text: str = "", *, word_wrap: bool = False) -> None:
        super().__init__()
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setWordWrap(word_wrap)
        self.setText(text)


def plain(text: str) -> str:
    """Give what a tooltip shows as this text, letter by letter."""
    if "<" not in text and "&" not in text:
        return text
    return f'<span style="white-space: pre-wrap">{escape(text)}</span>'
