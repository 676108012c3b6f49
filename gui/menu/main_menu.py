"""The menu: the rig, the parts of the window, how it looks, and the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QDockWidget, QMainWindow, QMenu, QToolButton

from gui.menu.looks import choose_look, look_names
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.chosen import recent_rigs

Action = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    text: str
    act: Action
    shortcut: str = ""
    needs_engine: bool = False
    """Dim, and its shortcut dead, as long as no engine was heard."""


class MenuButton(QToolButton):
    """The button at the left of the bar."""

    def __init__(self) -> None:
        super().__init__()
        self.of_engine: list[QAction] = []

    def show_engine(self, heard: bool) -> None:
        """Offer what only an engine can do, or no more."""
        for action in self.of_engine:
            action.setEnabled(heard)


def menu_button(
    window: QMainWindow,
    entries: list[Entry | None],
    open_rig: Callable[[str], object],
) -> MenuButton:
    """Make the button at the left of the bar.

    Args:
        window: whose parts can be shown and hidden.
        entries: what it offers; None for a line between.
        open_rig: opens a rig file that was opened before.
    """
    button = MenuButton()
    button.setText("☰")
    button.setToolTip(tr("Menu (F10)"))
    button.setAccessibleName(tr("Menu"))
    button.setShortcut(QKeySequence("F10"))
    button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
    menu = QMenu(button)
    for entry in entries:
        if entry is None:
            menu.addSeparator()
            continue
        added = menu.addAction(entry.text)
        added.triggered.connect(lambda _=False, act=entry.act: act())
        if entry.shortcut:
            added.setShortcut(QKeySequence(entry.shortcut))
            added.setAutoRepeat(False)  # a key that is held is one order
            window.addAction(added)
        if entry.needs_engine:
            button.of_engine.append(added)
    button.show_engine(False)
    recent = menu.addMenu(tr("Recent rigs"))
    recent.aboutToShow.connect(lambda: _list_rigs(recent, open_rig))
    parts = menu.addMenu(tr("Parts of the window"))
    parts.aboutToShow.connect(lambda: _list_docks(parts, window))
    _add_looks(menu.addMenu(tr("Look")))
    menu.addSeparator()
    quit_ = menu.addAction(tr("Close the window"))
    quit_.setShortcut(QKeySequence("Ctrl+Q"))
    quit_.setAutoRepeat(False)  # while it records the second order is the one that closes
    quit_.triggered.connect(window.close)
    window.addAction(quit_)
    button.setMenu(menu)
    return button


def _list_rigs(menu: QMenu, open_rig: Callable[[str], object]) -> None:
    menu.clear()
    rigs = recent_rigs()
    if not rigs:
        menu.addAction(tr("none yet")).setEnabled(False)
    for path in rigs:
        # An ampersand would be taken for the mark of a key.
        action = menu.addAction(path.replace("&", "&&"))
        action.setEnabled(_is_there(path))
        action.triggered.connect(lambda _=False, path=path: open_rig(path))


def _is_there(path: str) -> bool:
    try:
        return Path(path).is_file()
    except OSError:  # a name that no file can have, or a place that may not be looked into
        return False


def _list_docks(menu: QMenu, window: QMainWindow) -> None:
    menu.clear()
    for dock in window.findChildren(QDockWidget):
        menu.addAction(dock.toggleViewAction())


def _add_looks(menu: QMenu) -> None:
    group = QActionGroup(menu)
    for text, look in look_names():
        action = menu.addAction(text)
        action.setCheckable(True)
        action.setChecked(look == theme.chosen())
        group.addAction(action)
        action.triggered.connect(lambda _=False, look=look: choose_look(look))
