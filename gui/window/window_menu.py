"""What the menu of the recorder window does beside its parts: files, preferences, help, the end."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QMainWindow

from acquire.engine.status import Phase
from acquire.server.api.models import StatusInfo
from gui.client.engine_link import EngineLink
from gui.menu import about, handbook, preferences, shortcuts
from gui.menu.main_menu import Action, menu_button
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
        self._window, self._link = window, link
        self._status, self._is_here, self._say = status, is_here, say
        self.button = menu_button(
            window,
            [
                (tr("New rig from what is plugged in…"), "", rigs.new),
                (tr("Open a rig…"), "Ctrl+O", rigs.open_file),
                (tr("Edit this rig…"), "Ctrl+E", rigs.edit),
                None,
                (tr("Save the signals that are shown…"), "Ctrl+S", save),
                (tr("Open the data folder"), "", self._open_data),
                (tr("Send a test trigger"), "Ctrl+T", rigs.test_trigger),
                (tr("End the engine and close"), "", self._end_all),
                None,
                (tr("Preferences…"), "Ctrl+,", lambda: preferences.show(window)),
                (tr("Handbook"), "Ctrl+F1", self._show_handbook),
                (tr("Shortcuts"), "F1", lambda: shortcuts.show(window)),
                (tr("About Unisono"), "", lambda: about.show(window)),
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
        else:
            QDesktopServices.openUrl(QUrl.fromLocalFile(status.disk.data_dir))

    def _end_all(self) -> None:
        status = self._status()
        if status is not None and status.state is Phase.RECORDING:
            self._say(tr("A recording runs: stop it first"))
        elif not self._link.end_engine():
            self._say(tr("This engine was not started on this computer: end it there"))
        else:
            self._window.close()
