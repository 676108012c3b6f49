"""Asks, at Begin, what is meant while nothing records; and begins once it does."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton

from gui.texts import tr
from gui.widgets.plain_label import PlainLabel


class BeginAsk(QFrame):
    """Hidden until Begin is pressed while nothing records; nothing modal."""

    record_wanted = Signal()
    begin_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._waits = False  # for a recording, to begin with it
        self._text = PlainLabel(word_wrap=True)
        self.record = QPushButton(tr("Record and begin"))
        self.test = QPushButton(tr("Test play"))
        self.leave = QPushButton(tr("Not yet"))
        self.record.setToolTip(tr("Start a recording, and the protocol once it runs"))
        self.test.setToolTip(tr("Play it to try it: nothing of it is kept"))
        self.leave.setToolTip(tr("Close this (Esc)"))
        self.record.clicked.connect(self._on_record)
        self.test.clicked.connect(self._on_test)
        self.leave.clicked.connect(self.dismiss)
        # Two rows: three buttons in one would widen the panel, and move those below.
        grid = QGridLayout(self)
        grid.setContentsMargins(8, 8, 8, 8)
        grid.addWidget(self._text, 0, 0, 1, 2)
        grid.addWidget(self.record, 1, 0, 1, 2)
        grid.addWidget(self.test, 2, 0)
        grid.addWidget(self.leave, 2, 1)
        self.hide()

    def ask(self) -> None:
        """Ask."""
        self._waits = False
        self._text.setText(tr("Nothing is being recorded: answers and onsets would be lost."))
        self._offer(True)
        self.show()
        self.record.setFocus()

    def show_recording(self, recording: bool) -> None:
        """Begin, where a recording was waited for and runs now."""
        if recording and not self.isHidden():
            begins = self._waits
            self.dismiss()
            if begins:
                self.begin_wanted.emit()

    def dismiss(self) -> None:
        """Begin nothing."""
        self._waits = False
        self.hide()

    def _on_record(self) -> None:
        self._waits = True
        self._text.setText(tr("Begins as soon as it records; see what the start gate asks."))
        self._offer(False)
        self.leave.setFocus()
        self.record_wanted.emit()

    def _on_test(self) -> None:
        self.dismiss()
        self.begin_wanted.emit()

    def _offer(self, offered: bool) -> None:
        self.record.setVisible(offered)
        self.test.setVisible(offered)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Escape leaves it."""
        if event.key() == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            super().keyPressEvent(event)
