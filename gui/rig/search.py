"""Looking for what is plugged in, in a thread."""

from __future__ import annotations

import json

from PySide6.QtCore import QObject, QProcess, Signal

from acquire.own_program import command
from gui.texts import tr


class Search(QObject):
    """Asks every driver what is plugged in, in a process of its own: an SDK may crash."""

    found = Signal(object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._process.finished.connect(self._on_finished)

    def start(self) -> None:
        """Begin; `found` comes when it is done."""
        program, *arguments = command("acquire", "devices", "--json")
        self._process.start(program, arguments)

    def _on_finished(self) -> None:
        out = bytes(self._process.readAllStandardOutput().data()).decode("utf-8", "replace")
        try:
            drivers = json.loads(out.splitlines()[-1])
        except (IndexError, ValueError):
            error = bytes(self._process.readAllStandardError().data()).decode("utf-8", "replace")
            lines = error.strip().splitlines()
            self.found.emit([], lines[-1] if lines else tr("the search ended without an answer"))
            return
        self.found.emit([f["snippet"] for d in drivers for f in d["found"]], "")
