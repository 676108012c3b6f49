"""What a window without a rig shows: three ways to a first recording."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

from acquire.rig.simulated import SIMULATED_RIG
from gui.rig import rig_text
from gui.rig.search import Search
from gui.texts import tr
from gui.widgets.chosen import remembered_data_dir
from gui.widgets.plain_label import PlainLabel


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
        hint = tr("A rig says which devices there are. Nothing has to be plugged in.")
        self.hint = PlainLabel(hint, word_wrap=True, muted=True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        title = PlainLabel(tr("Record a face, a brain and a body on one clock"))
        title.setStyleSheet("font-size: 20px; font-weight: 600;")
        title.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setSpacing(12)
        layout.addStretch(1)
        layout.addWidget(title)
        layout.addWidget(self.hint)
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
            self._write(path, SIMULATED_RIG.format(seed=1))
        self.rig_chosen.emit(str(path))

    @staticmethod
    def _write(path: Path, text: str) -> None:
        path.write_text(rig_text.with_data_dir(text, remembered_data_dir()), encoding="utf-8")

    def _on_plugged(self) -> None:
        self.plugged.setEnabled(False)
        self.hint.setText(tr("Looking at every port…"))
        self._search = Search(self)
        self._search.found.connect(self._on_found)
        self._search.start()

    def _on_found(self, snippets: list[str], problem: str) -> None:
        self.plugged.setEnabled(True)
        if problem or not snippets:
            nothing = tr("Nothing was found. Plug something in, or try the simulated rig.")
            self.hint.setText(problem or nothing)
            return
        if not rig_text.devices_in(snippets):
            ports = tr("ports with nothing known behind them: {}").format(len(snippets))
            how = tr("describe what they send in a rig file, or try the simulated rig")
            self.hint.setText(f"{ports}; {how}")
            return
        number = 1
        while (path := self._folder / f"rig-{number}.toml").exists():
            number += 1
        self._write(path, rig_text.from_found(f"rig-{number}", snippets))
        self.rig_chosen.emit(str(path))

    def _on_open(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, tr("Open a rig file"), str(Path.home()), tr("Rig files (*.toml)")
        )
        if name:
            self.rig_chosen.emit(name)
