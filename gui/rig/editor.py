"""The rig file as text, with the fields that BIDS asks for above."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QColor, QFontDatabase, QTextCursor, QTextFormat
from PySide6.QtWidgets import (
    QFormLayout,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTextEdit,
    QVBoxLayout,
    QWidget,
)

from acquire.errors import AcquireError
from acquire.rig.file import parse_rig
from gui.rig import rig_text
from gui.rig.error_place import line_of
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel

_SETTLE_MS = 300


class RigEditor(QWidget):
    """Edits and checks; says what the engine is to run, and what is to be saved."""

    run_wanted = Signal(str, bool)  # the text; whether to save it as well

    def __init__(self) -> None:
        super().__init__()
        self._path: Path | None = None
        self._known = ""  # what the engine has, or the file
        self._filling = False
        self.eeg = {name: QLineEdit() for name in rig_text.EEG_FIELDS}
        names = {
            "reference": tr("EEG reference"),
            "ground": tr("EEG ground"),
            "cap": tr("EEG cap"),
        }
        form = QFormLayout()
        for name, line in self.eeg.items():
            line.setAccessibleName(names[name])
            line.textEdited.connect(self._from_fields)
            form.addRow(names[name], line)
        self.text = QPlainTextEdit()
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setAccessibleName(tr("The rig file"))
        self.text.textChanged.connect(self._on_text)
        self.verdict = PlainLabel(word_wrap=True)
        self.run = QPushButton(tr("Run this rig"))
        self.run.setToolTip(tr("Not while recording: all devices are started anew"))
        self.run.clicked.connect(lambda: self._want(save=False))
        self.save = QPushButton(tr("Save and run"))
        self.save.setObjectName("primary")
        self.save.clicked.connect(lambda: self._want(save=True))
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self._check)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.run)
        buttons.addWidget(self.save)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.text, 1)
        layout.addWidget(self.verdict)
        layout.addLayout(buttons)
        self.setMinimumWidth(320)

    def load(self, text: str, path: Path | None) -> None:
        """Show a rig file."""
        self._path = path
        self._filling = True
        self.text.setPlainText(text)
        self._filling = False
        self._known = self.text.toPlainText()
        self._check()

    @property
    def is_changed(self) -> bool:
        """Whether something was typed that is neither run nor saved."""
        return self.text.toPlainText() != self._known

    def mend(self, text: str, path: Path, problem: str) -> None:
        """Show a rig file that cannot be used, at the line with the mistake; it can be saved."""
        self.run.hide()  # nothing runs that could take it unsaved
        self.load(text, path)
        self._judge(problem, good=False)
        line = line_of(text, problem)
        cursor = QTextCursor(self.text.document().findBlockByNumber(line or 0))
        cursor.movePosition(QTextCursor.MoveOperation.EndOfBlock)
        self.text.setTextCursor(cursor)
        self.text.centerCursor()
        self._mark_line(cursor if line is not None else None)
        self.text.setFocus()

    def _mark_line(self, cursor: QTextCursor | None) -> None:
        if cursor is None:
            self.text.setExtraSelections([])
            return
        mark = QTextEdit.ExtraSelection()
        mark.cursor = cursor
        colour = QColor(theme.tokens()["failed"])
        colour.setAlpha(60)
        mark.format.setBackground(colour)
        mark.format.setProperty(QTextFormat.Property.FullWidthSelection, True)
        self.text.setExtraSelections([mark])

    def _on_text(self) -> None:
        if not self._filling:
            self._settle.start()

    def _from_fields(self) -> None:
        fields = {name: line.text() for name, line in self.eeg.items()}
        try:
            changed = rig_text.with_eeg(self.text.toPlainText(), fields)
        except AcquireError as error:
            self._judge(str(error), good=False)
            return
        self._filling = True
        self.text.setPlainText(changed)
        self._filling = False
        self._settle.start()

    def _check(self) -> None:
        text = self.text.toPlainText()
        try:
            rig = parse_rig(text, self._path)
            fields = rig_text.eeg_fields(text)
        except AcquireError as error:
            self._judge(str(error), good=False)
            return
        for name, value in fields.items():
            if self.eeg[name].text().strip() != value:
                self.eeg[name].setText(value)
        self._mark_line(None)
        devices = ", ".join(d.name for d in rig.devices) or tr("none")
        self._judge(tr("Good. Devices: {}").format(devices), good=True)

    def _judge(self, text: str, *, good: bool) -> None:
        colour = theme.tokens()["alive" if good else "failed"]
        self.verdict.setText(("● " if good else "✖ ") + text)
        self.verdict.setStyleSheet(f"color: {colour};")
        self.run.setEnabled(good)
        self.save.setEnabled(good)

    def _want(self, *, save: bool) -> None:
        self._settle.stop()
        for button in (self.run, self.save):  # once is enough, until it is answered
            button.setEnabled(False)
        self.run_wanted.emit(self.text.toPlainText(), save)

    def show_taken(self, text: str, *, save: bool) -> None:
        """Say that the engine runs it."""
        self._known = text
        self._judge(tr("Saved, and it runs") if save else tr("It runs; not saved"), good=True)

    def show_refusal(self, text: str) -> None:
        """Show why the engine did not take it."""
        self._judge(text, good=False)
        self.run.setEnabled(True)
        self.save.setEnabled(True)
