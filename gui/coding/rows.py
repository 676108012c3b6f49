"""Rows of text of which one is chosen: a coder's events, or what two coders disagree about."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, QStringListModel, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QListView

LEAST = 5
"""Lines of text that a list has room for, however low its place is."""


class Rows(QListView):
    """Takes the room that is left; keys are the pictures', and a click chooses."""

    def __init__(self, name: str) -> None:
        """Be empty; `name` is for screen readers."""
        super().__init__()
        self.setAccessibleName(name)
        self._model = QStringListModel(self)
        self.setModel(self._model)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setUniformItemSizes(True)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Lay out anew: rows that were shown before the window was have no style's height."""
        super().showEvent(event)
        self.doItemsLayout()
        self.scrollTo(self.currentIndex())

    def sizeHint(self) -> QSize:  # noqa: N802
        """Prefer no more than is needed: there is more below."""
        return QSize(super().sizeHint().width(), LEAST * self.fontMetrics().lineSpacing())

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """Need that much."""
        return self.sizeHint()

    def show_rows(self, rows: Sequence[str], at: int) -> None:
        """Show these, with one chosen; −1 for none."""
        if list(rows) != self._model.stringList():
            self._model.setStringList(rows)
        index = self._model.index(at)
        self.setCurrentIndex(index)
        if index.isValid():
            self.scrollTo(index)
