"""What the user has chosen for every rig and window: look, language, data folder, recent rigs."""

from __future__ import annotations

from PySide6.QtCore import QLocale, QSettings

from acquire.rig.file import RigTable
from gui.texts import LANGUAGES

RECENT = 8
"""Rigs that are offered again."""


def remembered_look() -> str | None:
    """Give the look that was chosen, `dark` or `light`; None: as the system is."""
    look = stored().value("look")
    return look if look in ("dark", "light") else None


def remember_look(look: str | None) -> None:
    """Keep the look for the next start, whatever the rig."""
    _keep("look", look or "")


def remembered_language() -> str | None:
    """Give the language that was chosen, as a locale; None: the system's."""
    language = stored().value("language")
    return language if isinstance(language, str) and language in LANGUAGES else None


def locale() -> QLocale:
    """Give the language that is spoken: the chosen one, or the system's."""
    language = remembered_language()
    return QLocale(language) if language is not None else QLocale()


def remember_language(language: str | None) -> None:
    """Keep the language for the next start."""
    _keep("language", language or "")


def remembered_data_dir() -> str:
    """Give the folder that new rigs record into."""
    folder = stored().value("data-dir")
    return folder if isinstance(folder, str) and folder else str(RigTable().data_dir)


def remember_data_dir(folder: str) -> None:
    """Keep the folder for new rigs; an empty one takes the choice back."""
    _keep("data-dir", folder)


def recent_rigs() -> tuple[str, ...]:
    """List the rig files that were opened, the newest first."""
    found = stored().value("recent-rigs")
    paths = found if isinstance(found, list) else [found] if isinstance(found, str) else []
    return tuple(str(path) for path in paths if path)


def remember_rig(path: str) -> None:
    """Put a rig file at the head of the list."""
    others = [known for known in recent_rigs() if known != path]
    _keep("recent-rigs", [path, *others][:RECENT])


def _keep(key: str, value: str | list[str]) -> None:
    settings = stored()
    settings.setValue(key, value)
    settings.sync()


def stored() -> QSettings:
    """Open what is kept for this user."""
    return QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "unisono", "window")
