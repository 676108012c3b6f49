"""What a window shows before it has a rig: ways to one, or what is wrong with the one it has."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget

from acquire.errors import AcquireError, ConfigError
from gui.rig.editor import RigEditor
from gui.texts import tr
from gui.window.welcome import Welcome
from recordings.disk.atomic import replace_file


class FirstPage(QStackedWidget):
    """The welcome, and the editor for a rig file that cannot be used."""

    opened = Signal()
    """A rig was opened: this page has done its work."""
    refused = Signal(str)

    def __init__(self, folder: Path, open_rig: Callable[[str], None]) -> None:
        """Prepare: new rigs are written into `folder`, `open_rig` opens a file by its name."""
        super().__init__()
        self._open_rig = open_rig
        self.welcome, self.editor = Welcome(folder), RigEditor()
        self.addWidget(self.welcome)
        self.addWidget(self.editor)
        self._path = Path()
        self.welcome.rig_chosen.connect(self.open)
        self.editor.run_wanted.connect(self._on_saved)

    def open(self, name: str) -> None:
        """Open a rig; one that cannot be used is shown in the editor."""
        try:
            self._open_rig(name)
        except ConfigError as error:
            self.mend(Path(name), str(error))
        except AcquireError as error:
            self.refused.emit(str(error))
        else:
            self.opened.emit()

    def mend(self, path: Path, problem: str) -> None:
        """Show a rig file at what is wrong with it; one that cannot be read is only told."""
        try:
            text = path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError):
            self.refused.emit(problem)
            return
        self._path = path
        self.editor.mend(text, path, problem)
        self.setCurrentWidget(self.editor)

    def _on_saved(self, text: str, save: bool) -> None:
        try:
            replace_file(self._path, text.encode())
        except OSError as error:
            text = tr("{}: cannot be written ({}); choose another place")
            self.editor.show_refusal(text.format(self._path, error.strerror))
            return
        self.open(str(self._path))
