"""The looks that can be chosen, and choosing one."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

from gui.texts import tr
from gui.widgets import theme
from gui.widgets.chosen import remember_look


def look_names() -> tuple[tuple[str, str | None], ...]:
    """List each with its name in words."""
    return (tr("As the system"), None), (tr("Light"), "light"), (tr("Dark"), "dark")


def choose_look(look: str | None) -> None:
    """Wear it now and at every start."""
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    theme.choose(application, look)
    remember_look(look)
