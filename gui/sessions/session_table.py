"""The table of sessions: a row each, which keeps what is chosen and hides what is filtered out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget, QTableWidgetItem

from acquire.server.api.models import ContentsInfo
from acquire.server.api.session_models import SessionInfo
from gui.sessions.row_text import COPY, LENGTH, LOOKS, SIZE, VERDICT, lost_words, texts
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.empty_text import paint_empty
from gui.widgets.plain_label import plain

MEASURED = 25
"""Rows by which columns get their widths: of thousands not each is measured."""
WIDEST = 144
"""Pixels of a column, but for the last, which takes what is left: a longer text is cut with dots,
and the tooltip has the whole of it."""
_LEAST = "▲ PENDING, …"
"""So much of a verdict is always seen."""


class SessionTable(QTableWidget):
    """Shows the rows that it is given; what has not changed stays as it is."""

    chosen_changed = Signal()

    def __init__(self) -> None:
        super().__init__(0, 9)
        self.rows: tuple[SessionInfo, ...] = ()
        self._chosen = ""  # the session that was chosen, wherever its row goes
        self._filling = False
        self._wanted: list[str] = []  # words that a row must have
        self._reading: ContentsInfo | None = None
        self.setHorizontalHeaderLabels(
            [
                tr("participant"),
                tr("session"),
                tr("task"),
                tr("run"),
                tr("when"),
                tr("length"),
                tr("size"),
                tr("copy"),
                tr("verdict"),
            ]
        )
        self.setAccessibleName(tr("Sessions"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setShowGrid(False)
        self.setWordWrap(False)  # a second line would be cut
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setResizeContentsPrecision(MEASURED)
        header.setMaximumSectionSize(WIDEST)  # of a long pseudonym the verdict would be pushed out
        header.setSectionResizeMode(VERDICT, QHeaderView.ResizeMode.Stretch)
        self.itemSelectionChanged.connect(self._on_selection)

    @property
    def selected(self) -> SessionInfo | None:
        """The session whose row is chosen."""
        chosen = self.selectionModel().selectedRows()
        return self.rows[chosen[0].row()] if chosen else None

    def _on_selection(self) -> None:
        if self._filling:
            return
        if (row := self.selected) is not None:
            self._chosen = row.session
        self.chosen_changed.emit()

    # What is shown.

    def show_page(self, page: Sequence[SessionInfo], offset: int, *, is_last: bool) -> None:
        """Show rows from a number on; behind the last page there are no others."""
        end = offset + len(page)
        self._filling = True
        before = self.rows
        self.rows = (*before[:offset], *page, *before[end:])
        if self.rowCount() < end:
            self.setRowCount(end)
        for number, row in enumerate(page, offset):
            if number >= len(before) or before[number] != row:
                self._show_row(number, row)
                if row.session == self._chosen:
                    self.selectRow(number)
                elif self.selected is row:  # it is another session's row now
                    self.clearSelection()
        if is_last:
            self.rows = self.rows[:end]
            self.setRowCount(end)
        self._make_room()
        self._filling = False
        self._on_selection()

    def show_one(self, row: SessionInfo) -> None:
        """Show a session as it is now, where it is listed."""
        at = next((n for n, before in enumerate(self.rows) if before.id == row.id), None)
        if at is not None:
            self.rows = (*self.rows[:at], row, *self.rows[at + 1 :])
            self._show_row(at, row)
            self._on_selection()

    def show_ordered(self, id: str) -> None:
        """Say at its verdict that a check was ordered; once it is done the row is shown anew."""
        for number, row in enumerate(self.rows):
            if row.id == id and (verdict := self.item(number, VERDICT)) is not None:
                verdict.setText(tr("being checked…"))
                verdict.setForeground(theme.colour("muted"))

    def show_reading(self, reading: ContentsInfo | None) -> None:
        """Say at its verdict how far the contents of a session are read."""
        self._reading = reading
        for number, row in enumerate(self.rows):
            if reading is not None and row.session == reading.session:
                self._show_verdict(number, row, texts(row)[VERDICT])

    def want(self, text: str) -> None:
        """Show the rows alone that have each word of a text."""
        self._wanted = text.casefold().split()
        for number, row in enumerate(self.rows):
            self._hide(number, hidden=not self._is_wanted(row))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Leave out what has no room."""
        super().resizeEvent(event)
        self._make_room()

    def _make_room(self) -> None:
        """Leave out what is needed least: the verdict has to be seen."""
        header = self.horizontalHeader()
        wide = [
            min(WIDEST, max(self.sizeHintForColumn(column), header.sectionSizeHint(column)))
            for column in range(VERDICT)
        ]
        least = self.fontMetrics().horizontalAdvance(_LEAST) + 2 * theme.SPACE
        room = self.viewport().width() - sum(wide) - least
        for column in (SIZE, LENGTH, COPY):
            self.setColumnHidden(column, room < 0)
            room += wide[column] if room < 0 else 0

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802
        """Say so where there is nothing."""
        super().paintEvent(event)
        if not self.rows:
            paint_empty(self, tr("Nothing has been recorded yet"))
        elif all(self.isRowHidden(number) for number in range(self.rowCount())):
            paint_empty(self, tr("No session has all these words"))

    def changeEvent(self, event: QEvent) -> None:  # noqa: N802
        """Colour the cells anew where light and dark have changed."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            for number, row in enumerate(self.rows):
                self._colour_row(number, row)

    def _show_row(self, number: int, row: SessionInfo) -> None:
        words = texts(row)
        told = plain(row.problem or row.unusable or row.notes or row.session)
        for column, text in enumerate(words):
            item = QTableWidgetItem(text)
            item.setToolTip(told)
            self.setItem(number, column, item)
        copy = self.item(number, COPY)
        assert copy is not None
        places = row.copies or (tr("The only copy is on this disk"),)
        copy.setToolTip(plain("\n".join((*lost_words(row.lost), *places))))
        self._show_verdict(number, row, words[VERDICT])
        self._hide(number, hidden=not self._is_wanted(row))

    def _show_verdict(self, number: int, row: SessionInfo, text: str) -> None:
        verdict = self.item(number, VERDICT)
        assert verdict is not None
        reading = self._reading
        if reading is not None and reading.session == row.session:
            percent = 100 * reading.read // reading.total if reading.total else 0
            how = tr("rests") if reading.rests else f"{percent} %"
            text = f"{text}, {tr('contents are read')}: {how}"
        verdict.setText(text)
        self._colour_row(number, row)

    def _colour_row(self, number: int, row: SessionInfo) -> None:
        verdict = LOOKS[row.verdict][0] if row.verdict is not None else "muted"
        if row.problem:
            verdict = "failed"
        elif row.unusable or row.outdated:
            verdict = "warning"
        copy = "failed" if row.lost else "muted" if row.copies else "warning"
        for column, colour in ((COPY, copy), (VERDICT, verdict)):
            if (item := self.item(number, column)) is not None:
                item.setForeground(theme.colour(colour))

    def _hide(self, number: int, *, hidden: bool) -> None:
        if self.isRowHidden(number) != hidden:  # telling Qt what it knows is not cheap
            self.setRowHidden(number, hidden)

    def _is_wanted(self, row: SessionInfo) -> bool:
        if not self._wanted:
            return True
        text = " ".join((*texts(row), row.study, row.notes)).casefold()
        return all(word in text for word in self._wanted)
