"""What the menu of the recorder window does beside its parts: files, preferences, help, the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QMainWindow

from acquire.engine.status import Phase
from acquire.server.api.models import StatusInfo
from gui.client.engine_link import EngineLink
from gui.client.system_open import open_here
from gui.menu import about, handbook, preferences, shortcuts
from gui.menu.main_menu import Action, Entry, menu_button
from gui.rig.control import RigControl
from gui.texts import tr


class WindowMenu:
    """The button at the left of the bar, and what its entries do."""

    def __init__(
        self,
        window: QMainWindow,
        rigs: RigControl,
        link: EngineLink,
        *,
        save: Action,
        status: Callable[[], StatusInfo | None],
        is_here: Callable[[], bool],
        say: Callable[[str], None],
    ) -> None:
        """Make it.

        Args:
            window: whose menu it is.
            rigs: opens, edits and makes rigs.
            link: the engine's process.
            save: saves the signals that are shown.
            status: gives what the engine said last; None: it has said nothing.
            is_here: whether the engine is on this computer.
            say: says why something was not done.
        """
        self._window, self._rigs, self._link = window, rigs, link
        self._status, self._is_here, self._say = status, is_here, say
        self.button = menu_button(
            window,
            [
                Entry(tr("New rig from what is plugged in…"), rigs.new, needs_engine=True),
                Entry(tr("Open a rig…"), rigs.open_file, "Ctrl+O"),
                Entry(tr("Edit this rig…"), rigs.edit, "Ctrl+E", needs_engine=True),
                None,
                Entry(tr("Save the signals that are shown…"), save, "Ctrl+S", needs_engine=True),
                Entry(tr("Open the data folder"), self._open_data, needs_engine=True),
                Entry(tr("Send a test trigger"), rigs.test_trigger, "Ctrl+T", needs_engine=True),
                Entry(tr("End the engine and close"), self._end_all, needs_engine=True),
                None,
                Entry(tr("Preferences…"), lambda: preferences.show(window), "Ctrl+,"),
                Entry(tr("Handbook"), self._show_handbook, "Ctrl+F1"),
                Entry(tr("Shortcuts"), lambda: shortcuts.show(window), "F1"),
                Entry(tr("About Unisono"), lambda: about.show(window)),
                None,
            ],
            rigs.open,
        )

    def _show_handbook(self) -> None:
        if handbook.show(self._window) is None:
            self._say(tr("The handbook did not come with this installation"))

    def _open_data(self) -> None:
        status = self._status()
        if status is None or not self._is_here():
            self._say(tr("The data folder is on the engine's computer"))
        elif problem := open_here(Path(status.disk.data_dir)):
            self._say(problem)

    def _end_all(self) -> None:
        status = self._status()
        if status is not None and status.state is Phase.RECORDING:
            self._say(tr("A recording runs: stop it first"))
        elif self._rigs.is_changed:
            self._say(tr("The rig file that is edited comes first: save it, or undo the changes"))
        elif not self._link.end_engine():
            self._say(tr("This engine was not started on this computer: end it there"))
        else:
            self._window.close()
