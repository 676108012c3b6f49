"""The start gate as a strip: what is missing, what it means, and the choice."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QVBoxLayout

from gui.texts import tr
from gui.widgets.plain_label import PlainLabel
from gui.window.start_gate import Finding

MAX_ROWS = 8


class GatePanel(QFrame):
    """Opens below the bar when a start would not give everything; nothing modal."""

    record_anyway = Signal()
    shown = Signal(bool)
    """It opens, or has closed."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("gate")
        self._findings: tuple[Finding, ...] = ()
        self._rows = QGridLayout()
        self._rows.setColumnStretch(1, 1)
        self._rows.setHorizontalSpacing(16)
        self.anyway = QPushButton(tr("Record anyway"))
        self.anyway.setObjectName("record")
        self.anyway.clicked.connect(self._on_anyway)
        self.wait = QPushButton(tr("Not yet"))
        self.wait.setToolTip(tr("Close this (Esc)"))
        self.wait.clicked.connect(self.hide)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.wait)
        buttons.addWidget(self.anyway)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.addLayout(self._rows)
        layout.addLayout(buttons)
        QShortcut(QKeySequence("Esc"), self, self.hide, context=Qt.ShortcutContext.WindowShortcut)
        self.setAccessibleName(tr("Before the start"))
        self.hide()

    def hideEvent(self, event: QHideEvent) -> None:  # noqa: N802
        """Tell who gave it room."""
        super().hideEvent(event)
        self.shown.emit(False)

    def ask(self, findings: Sequence[Finding]) -> None:
        """Open with what was found; where it is open, show what has changed.

        What stood in the way may pass by itself, a stream that was silent for a moment: then it
        says so and waits for a word, as nothing is recording yet.
        """
        if tuple(findings) != self._findings or not self.isVisible():
            self._findings = tuple(findings)
            self._fill()
        opened = not self.isVisible()
        if opened:
            self.shown.emit(True)  # before it takes room: a window that has grown stays so
        self.show()
        if opened:
            (self.anyway if self.anyway.isEnabled() else self.wait).setFocus()

    def _fill(self) -> None:
        while (item := self._rows.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        if not self._findings:
            self._add(0, f"● {tr('All is there now')}", tr("Nothing is recorded yet."))
        for row, finding in enumerate(self._findings[:MAX_ROWS]):
            glyph = "✖ " if finding.level == "error" else "▲ "
            self._add(row, glyph + finding.text, finding.meaning)
        if (more := len(self._findings) - MAX_ROWS) > 0:
            self._add(MAX_ROWS, tr("and {} more").format(more))
        self._rows.setColumnStretch(0, 1)
        self.anyway.setText(tr("Record anyway") if self._findings else tr("Record now"))
        self.anyway.setEnabled(not any(f.level == "error" for f in self._findings))

    def _add(self, row: int, *texts: str) -> None:
        for column, text in enumerate(texts):
            label = PlainLabel(text, word_wrap=True)
            self._rows.addWidget(label, row, column, Qt.AlignmentFlag.AlignTop)
            label.show()  # now: Qt does it a turn later, and the panel is empty until then

    @property
    def lines(self) -> list[str]:
        """What it says, line by line."""
        return [f"{f.text}. {f.meaning}" for f in self._findings]

    def _on_anyway(self) -> None:
        self.hide()
        self.record_anyway.emit()
