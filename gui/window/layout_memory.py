"""What a window remembers for each rig: where its parts are, labels, lengths and hot keys."""

from __future__ import annotations

import hashlib
from typing import Any

from PySide6.QtCore import QByteArray, QSettings
from PySide6.QtWidgets import QMainWindow

VERSION = 1
"""Rises when the parts change so that an old layout would not fit."""

RECENT = 8
"""Rigs that are offered again."""


def remembered_look() -> str | None:
    """Give the look that was chosen, `dark` or `light`; None: as the system is."""
    look = _settings().value("look")
    return look if look in ("dark", "light") else None


def remember_look(look: str | None) -> None:
    """Keep the look for the next start, whatever the rig."""
    settings = _settings()
    settings.setValue("look", look or "")
    settings.sync()


def recent_rigs() -> tuple[str, ...]:
    """List the rig files that were opened, the newest first."""
    found = _settings().value("recent-rigs")
    paths = found if isinstance(found, list) else [found] if isinstance(found, str) else []
    return tuple(str(path) for path in paths if path)


def remember_rig(path: str) -> None:
    """Put a rig file at the head of the list."""
    others = [known for known in recent_rigs() if known != path]
    settings = _settings()
    settings.setValue("recent-rigs", [path, *others][:RECENT])
    settings.sync()


def _settings() -> QSettings:
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "unisono", "window")


class LayoutMemory:
    """One rig's part of the settings file."""

    def __init__(self, rig: str) -> None:
        name = hashlib.sha256(rig.encode()).hexdigest()[:16]
        self._settings = _settings()
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
