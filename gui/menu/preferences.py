"""What holds for every rig: the language, the look, and where new rigs record."""

from __future__ import annotations

import os
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gui.menu.looks import choose_look, look_names
from gui.texts import LANGUAGES, tr
from gui.widgets import chosen as memory
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel
from recordings.names import at_home


class Preferences(QDialog):
    """Each choice is kept as it is made; the language holds from the next start on."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Preferences"))
        self.language, self.look = QComboBox(), QComboBox()
        self.language.addItem(tr("As the system"), "")
        for code, name in LANGUAGES.items():
            self.language.addItem(name, code)
        self.language.setCurrentIndex(
            max(0, self.language.findData(memory.remembered_language() or ""))
        )
        for name, look in look_names():
            self.look.addItem(name, look)
        self.look.setCurrentIndex(max(0, self.look.findData(theme.chosen())))
        self.folder = QLineEdit(memory.remembered_data_dir())
        self.browse = QPushButton(tr("Choose…"))
        self.note = PlainLabel(word_wrap=True, muted=True)
        self._lay_out()
        self.language.activated.connect(self._on_language)
        self.look.activated.connect(lambda _: choose_look(self.look.currentData()))
        self.folder.editingFinished.connect(self._on_folder)
        self.browse.clicked.connect(self._on_browse)
        self.setModal(False)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.folder, 1)
        row.addWidget(self.browse)
        form = QFormLayout()
        for text, widget in (
            (tr("Language"), self.language),
            (tr("Look"), self.look),
        ):
            widget.setAccessibleName(text)
            form.addRow(text, widget)
        self.folder.setAccessibleName(tr("Data folder of new rigs"))
        self.folder.setToolTip(tr("A rig file that is there already names its own"))
        form.addRow(tr("Data folder of new rigs"), row)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.close)
        column = QVBoxLayout(self)
        column.addLayout(form)
        column.addWidget(self.note)
        column.addWidget(buttons)
        self.setMinimumWidth(480)

    def _on_language(self) -> None:
        memory.remember_language(self.language.currentData() or None)
        self.note.setText(tr("The language changes when the window is opened the next time"))

    def _on_browse(self) -> None:
        chosen = QFileDialog.getExistingDirectory(
            self, tr("Data folder of new rigs"), str(at_home(Path(self.folder.text())))
        )
        if chosen:
            self.folder.setText(chosen)
            self._on_folder()

    def _on_folder(self) -> None:
        """Keep the folder; one that is no full path would be another one in each program."""
        text = self.folder.text().strip()
        if text and not at_home(Path(text)).is_absolute():
            self.note.setText(tr("Give a whole path, from / or ~ on"))
            return
        if text and not _can_be_made(at_home(Path(text))):
            self.note.setText(tr("No folder can be made or written to there"))
            return
        self.note.setText("")
        memory.remember_data_dir(text)


def _can_be_made(folder: Path) -> bool:
    """Whether a folder is there that can be written to, or can be made; makes none."""
    try:
        there = next(p for p in (folder, *folder.parents) if p.exists())
    except OSError:  # a name that no folder can have, or a place that may not be looked into
        return False
    return there.is_dir() and os.access(there, os.W_OK)


def show(parent: QWidget) -> Preferences:
    """Show them beside everything else."""
    dialog = Preferences(parent)
    dialog.show()
    return dialog
