"""Shows what withdrawing a participant would delete, and asks for the pseudonym first."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QSizePolicy, QVBoxLayout

from acquire.server.api.session_models import WithdrawalDone, WithdrawalInfo
from gui.texts import tr
from gui.widgets.plain_label import PlainLabel
from gui.widgets.scroll_column import ScrollColumn

LINES_SEEN = 2
"""Lines of what would be deleted that are seen at least; the rest scrolls."""


class WithdrawPanel(QFrame):
    """Hidden until it is asked. Enter does nothing: what it does cannot be undone."""

    wanted = Signal(str, str)  # a session's id, the pseudonym

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._session, self._participant = "", ""
        self.plan = PlainLabel(word_wrap=True)
        self.plan.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.plan.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        # However many sessions there are: field and buttons below stay on the screen.
        self.told = ScrollColumn(self.plan, least=LINES_SEEN * self.fontMetrics().lineSpacing())
        self.told.setFrameShape(QFrame.Shape.NoFrame)
        self.told.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # the keyboard has to reach all of it
        self.told.setAccessibleName(tr("What would be deleted"))
        self.pseudonym = QLineEdit()
        self.pseudonym.setAccessibleName(tr("Pseudonym"))
        self.done, self.leave = QPushButton(tr("Delete all of it")), QPushButton(tr("Leave it"))
        self.done.setAutoDefault(False)
        self.done.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.pseudonym.textChanged.connect(
            lambda text: self.done.setEnabled(bool(text) and text == self._participant)
        )
        self.done.clicked.connect(self._want)
        self.leave.clicked.connect(self.hide)
        row = QHBoxLayout()
        row.addWidget(self.pseudonym, 1)
        row.addWidget(self.done)
        row.addWidget(self.leave)
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.addWidget(self.told, 1)
        column.addLayout(row)
        self.hide()

    def ask(self, session: str, found: WithdrawalInfo) -> None:
        """Show what would go."""
        self._session, self._participant = session, found.participant
        lines = [
            tr("Withdraw participant {}. Deleted for good: sessions {}, exports {}").format(
                found.participant, len(found.sessions), len(found.exports)
            ),
            *found.sessions,
            *found.exports,
            *(tr("not reached, and left: {}").format(what) for what in found.unreachable),
        ]
        self.plan.setText("\n".join(lines))
        self.pseudonym.clear()
        self.pseudonym.setPlaceholderText(tr("Type the pseudonym to confirm"))
        self.done.setEnabled(False)
        for widget in (self.pseudonym, self.done):
            widget.setVisible(True)
        self.told.verticalScrollBar().setValue(0)
        self.show()
        self.pseudonym.setFocus()

    def tell(self, done: WithdrawalDone) -> None:
        """Say what came of it."""
        lines = [tr("{} files deleted; logged in the study's folder").format(f"{done.files:,}")]
        lines += [tr("not reached, and left: {}").format(what) for what in done.left]
        self.plan.setText("\n".join(lines))
        for widget in (self.pseudonym, self.done):
            widget.setVisible(False)

    def _want(self) -> None:
        self.done.setEnabled(False)  # once is enough
        self.wanted.emit(self._session, self.pseudonym.text())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Escape leaves it."""
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
        else:
            super().keyPressEvent(event)
