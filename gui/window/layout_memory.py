"""What a window remembers for each rig: where its parts are, labels, lengths and hot keys."""

from __future__ import annotations

import hashlib
from typing import Any

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QMainWindow

from gui.widgets.chosen import stored

VERSION = 1
"""Rises when the parts change so that an old layout would not fit."""


class LayoutMemory:
    """One rig's part of the settings file."""

    def __init__(self, rig: str) -> None:
        name = hashlib.sha256(rig.encode()).hexdigest()[:16]
        self._settings = stored()
        self._settings.beginGroup(name)

    def restore(self, window: QMainWindow) -> bool:
        """Put the parts where they were; whether that was known."""
        known = False
        for key, put in (
            ("geometry", window.restoreGeometry),
            ("parts", lambda data: window.restoreState(data, VERSION)),
        ):
            data = self._settings.value(key)
            if isinstance(data, QByteArray):
                known = bool(put(data))
        return known

    def save(self, window: QMainWindow, values: dict[str, Any]) -> None:
        """Keep where the parts are, and some values."""
        self._settings.setValue("geometry", window.saveGeometry())
        self._settings.setValue("parts", window.saveState(VERSION))
        for key, value in values.items():
            self._settings.setValue(key, value)
        self._settings.sync()

    def keep(self, key: str, value: str) -> None:
        """Keep one value now: it is still there after a crash."""
        self._settings.setValue(key, value)
        self._settings.sync()

    def text(self, key: str) -> str | None:
        """Give a value that was kept."""
        value = self._settings.value(key)
        return str(value) if value not in (None, "") else None
