"""What a window without a rig shows: three ways to a first recording."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QLabel, QPushButton, QVBoxLayout, QWidget

from acquire.cli.demo import SIMULATED_RIG
from gui.rig import rig_text
from gui.texts import tr
from gui.widgets import theme

_PROGRAM = "from acquire.cli.main import main; main()"


class Welcome(QWidget):
    """Simulated rig, what is plugged in, or a file."""

    rig_chosen = Signal(str)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self.simulated = QPushButton(tr("Try the simulated rig"))
        self.plugged = QPushButton(tr("Find what is plugged in"))
        self.open = QPushButton(tr("Open a rig file…"))
        self.simulated.setObjectName("primary")
        self.said = QLabel(tr("A rig says which devices there are. Nothing has to be plugged in."))
        self.said.setWordWrap(True)
        self.said.setAlignment(Qt.AlignmentFlag.AlignCenter)
        theme.mark(self.said, "muted", True)
        title = QLabel(tr("Record a face, a brain and a body on one clock"))
        title.setStyleSheet("font-size: 20px; font-weight: 600;")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(1)
        layout.addWidget(title)
        layout.addWidget(self.said)
        for button in (self.simulated, self.plugged, self.open):
            button.setMinimumWidth(280)
            layout.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(2)
        self.simulated.clicked.connect(self._on_simulated)
        self.plugged.clicked.connect(self._on_plugged)
        self.open.clicked.connect(self._on_open)

    def _on_simulated(self) -> None:
        path = self._folder / "simulated.toml"
        if not path.exists():
            path.write_text(SIMULATED_RIG.format(seed=1), encoding="utf-8")
        self.rig_chosen.emit(str(path))

    def _on_plugged(self) -> None:
        self.plugged.setEnabled(False)
        self.said.setText(tr("Looking at every port…"))
        self._search = Search(self)
        self._search.found.connect(self._on_found)
        self._search.start()

    def _on_found(self, snippets: list[str], problem: str) -> None:
        self.plugged.setEnabled(True)
        if problem or not snippets:
            nothing = tr("Nothing was found. Plug something in, or try the simulated rig.")
            self.said.setText(problem or nothing)
            return
        number = 1
        while (path := self._folder / f"rig-{number}.toml").exists():
            number += 1
        path.write_text(rig_text.from_found(f"rig-{number}", snippets), encoding="utf-8")
        self.rig_chosen.emit(str(path))

    def _on_open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, tr("Open a rig file"), str(Path.home()), tr("Rig files (*.toml)")
        )
        if name:
            self.rig_chosen.emit(name)


class Search(QObject):
    """Asks every driver what is plugged in, in a process of its own: an SDK may crash."""

    found = Signal(object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._process.finished.connect(self._on_finished)

    def start(self) -> None:
        """Begin; `found` comes when it is done."""
        self._process.start(sys.executable, ["-P", "-c", _PROGRAM, "devices", "--json"])

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
