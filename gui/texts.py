"""The texts of the windows: English in the code, other languages by Qt's translation."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

CONTEXT = "unisono"


def tr(text: str) -> str:
    """Give a text in the user's language; what has no translation stays English."""
    return QCoreApplication.translate(CONTEXT, text)
