"""The strip below the bar: what is wrong with the session that is shown."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton

from gui.texts import tr
from gui.widgets.plain_label import PlainLabel


class Notices(QFrame):
    """Each problem once, until somebody has read and closed them."""

    def __init__(self) -> None:
        super().__init__()
        self.label, close = PlainLabel(word_wrap=True), QPushButton(tr("Close"))
        self._texts: list[str] = []
        self.setObjectName("alarm")
        self.setProperty("level", "warning")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 12, 4)
        row.addWidget(self.label, 1)
        row.addWidget(close, 0, Qt.AlignmentFlag.AlignTop)
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.hide)
        self.hide()

    def forget(self) -> None:
        """Say nothing; what is added is told anew."""
        self._texts = []
        self.hide()

    def add(self, text: str) -> None:
        """Say a problem that has not been said."""
        if text not in self._texts:
            self._texts.append(text)
            self.label.setText("\n".join(f"▲ {text}" for text in self._texts))
            self.show()
