"""Tells of what is being done with a session, in a line of its own, and ends it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from gui.sessions.session_job import SessionJob
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.short_label import ShortLabel


class JobLine(QWidget):
    """Hidden until something is ordered; the result stays until it is closed."""

    done = Signal()
    """What was ordered is done, or not: the sessions may be others now."""

    def __init__(self) -> None:
        super().__init__()
        self._what = ""
        self.job = SessionJob(self)
        self.text = ShortLabel()  # of what has no room the middle is left out, not the end
        self.text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.end = QPushButton(tr("End it"))
        self.end.clicked.connect(self._on_end)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.text, 1)
        row.addWidget(self.end)
        self.job.said.connect(self._say)
        self.job.ended.connect(self._on_ended)
        self.hide()

    def start(self, what: str, *arguments: str) -> None:
        """Run a command of the program; `what` says it to the user.

        While one runs, another is refused, and that is said.
        """
        if self.job.runs:
            self._say(tr("one thing at a time: wait for the end of this"))
            return
        self._what = what
        self.end.setText(tr("End it"))
        self._say(tr("begins"))
        self.show()
        self.job.start(*arguments)

    def tell(self, what: str, text: str) -> None:
        """Say why something could not be begun, unless something else runs."""
        if self.job.runs:
            return
        self._what = what
        self.end.setText(tr("Close"))
        self._show("warning", f"▲ {text}")
        self.show()

    def _say(self, text: str) -> None:
        self._show("muted", text)

    def _show(self, colour: str, text: str) -> None:
        theme.mark(self.text, "light", colour)
        self.text.setText(f"{self._what}: {text}")

    def _on_ended(self, well: bool, text: str) -> None:
        self._show("alive" if well else "warning", f"{'●' if well else '▲'} {text}")
        self.end.setText(tr("Close"))
        self.done.emit()

    def _on_end(self) -> None:
        if self.job.runs:
            self.job.cancel()
        else:
            self.hide()
