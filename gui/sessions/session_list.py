"""The sessions on the disk: what there is, how long, how large, and how good."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from PySide6.QtCore import QEvent, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFileDialog,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QMenu,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from acquire.engine.status import Phase
from acquire.errors import AcquireError
from acquire.server.api.models import ContentsInfo, StatusInfo
from acquire.server.api.session_models import SessionInfo, WithdrawalDone, WithdrawalInfo
from acquire.serving.problem import Problem
from gui.client.client import EngineClient
from gui.client.review_process import open_review
from gui.sessions.export_command import export_command, export_words
from gui.sessions.job_line import JobLine
from gui.sessions.mark_line import MarkLine
from gui.sessions.more_menu import Actions, fill
from gui.sessions.row_text import COPY, LENGTH, SIZE, VERDICT, lost_words, texts
from gui.sessions.withdraw_panel import WithdrawPanel
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel, plain
from recordings import layout
from recordings.errors import RecordingError

FIRST, PAGE, MOST = 25, 50, 20_000
"""Rows asked for at once: few at first, so that something is there; then so many that the main
thread is not held; and all in all."""
NARROW = 640
"""Pixels: below, not all columns fit."""
SOON_MS = 300
"""So soon after it was asked for the list is not asked for again: events come several at a time."""
_COLOURS = {"PASS": "alive", "WARN": "warning", "FAIL": "failed", "PENDING": "missing"}


class SessionList(QWidget):
    """Lists the newest sessions of the engine's data folder; asks while somebody can see it."""

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self._client = client
        self.same_computer = False
        self.rows: tuple[SessionInfo, ...] = ()
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("Filter: participant, task, verdict…"))
        self.filter.setAccessibleName(tr("Filter of the sessions"))
        self.filter.textChanged.connect(self._apply_filter)
        self.table = self._table()
        self.folder = QPushButton(tr("Open folder"))
        self.report = QPushButton(tr("Open report"))
        self.check = QPushButton(tr("Check again"))
        self.folder.clicked.connect(self._on_folder)
        self.report.clicked.connect(self._on_report)
        self.check.clicked.connect(self._on_check)
        self.more = QPushButton(tr("More"))
        self.more.setMenu(QMenu(self.more))
        self.more.menu().aboutToShow.connect(self._fill_more)
        self.mark = MarkLine()
        self.mark.marked.connect(self._mark)
        self.job = JobLine()
        self.job.done.connect(self.refresh)
        self._actions = Actions(
            review=self._review,
            read_contents=self._read_contents,
            mark=self._on_mark,
            withdraw=lambda row: self._ask_withdrawal(row.id),
            copy=self._ask_target,
            repair=lambda row: self._run(tr("Repair"), row, "repair", row.session),
            export=self._export,
            copy_command=lambda row, kind: QGuiApplication.clipboard().setText(
                export_command(kind, Path(row.session))
            ),
        )
        self._contents: ContentsInfo | None = None
        self.withdraw = WithdrawPanel()
        self.withdraw.wanted.connect(self._withdraw)
        self._chosen = ""  # the session that was chosen, wherever its row goes
        self._filling = False
        self._asked = 0  # how often: an answer to an earlier question is let go of
        self._fills = False  # pages are still to come
        self._late: set[str] = set()  # folders of sessions that changed meanwhile
        self.count = PlainLabel()
        theme.mark(self.count, "muted", True)
        self._soon = QTimer(self, singleShot=True, interval=SOON_MS)
        self._soon.timeout.connect(self._on_soon)
        # What asks for the list may come before it can be seen, and comes twice as it is shown.
        self._next = QTimer(self, singleShot=True, interval=0)
        self._next.timeout.connect(self._ask)
        self._once_more = False  # something has happened since it was asked for
        self._lay_out()
        self._on_selection()

    def _table(self) -> QTableWidget:
        table = QTableWidget(0, 9)
        table.setHorizontalHeaderLabels(
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
        table.setAccessibleName(tr("Sessions"))
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setWordWrap(False)  # a second line would be cut
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setResizeContentsPrecision(FIRST)  # of thousands of rows not each is measured
        header.setSectionResizeMode(VERDICT, QHeaderView.ResizeMode.Stretch)
        table.itemSelectionChanged.connect(self._on_selection)
        return table

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.filter, 1)
        for widget in (self.count, self.more, self.check, self.report, self.folder):
            top.addWidget(widget)
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 4, 8, 4)
        box.addLayout(top)
        box.addWidget(self.job)
        box.addWidget(self.mark)
        box.addWidget(self.withdraw)
        box.addWidget(self.table)

    def showEvent(self, event: QShowEvent) -> None:  # noqa: N802
        """Look anew: others record, too."""
        super().showEvent(event)
        self.refresh()

    def refresh(self) -> None:
        """List anew where somebody can see it: now, and once more if more happens meanwhile."""
        if self._soon.isActive():
            self._once_more = not self._next.isActive()  # else it is still to be asked for
            return
        self._soon.start()
        self._next.start()

    def _on_soon(self) -> None:
        if self._once_more:
            self._once_more = False
            self.refresh()

    def _ask(self) -> None:
        if self._client.is_connected and not self.visibleRegion().isEmpty():
            self._asked += 1
            self._fills = True
            self._late.clear()
            self._ask_page(0, self._asked)

    def read_anew(self, name: str) -> None:
        """Ask for a session that has changed, by the name of its folder; for no other."""
        if self._fills:  # a page that is under way may have it as it was
            self._late.add(name)
        elif self._client.is_connected and not self.visibleRegion().isEmpty():
            found = [row for row in self.rows if Path(row.session).name == name]
            for row in found:
                path = f"sessions/{quote(row.id, safe='')}"
                self._client.get(path, self._on_row, lambda _: self.refresh())  # it may be gone
            if not found:
                self.refresh()

    def _on_row(self, found: Any) -> None:
        row = SessionInfo.model_validate(found)
        at = next((n for n, before in enumerate(self.rows) if before.id == row.id), None)
        if at is not None:
            self.rows = (*self.rows[:at], row, *self.rows[at + 1 :])
            self._show_row(at, row)
            self._on_selection()

    def _ask_page(self, offset: int, asked: int) -> None:
        limit = FIRST if offset == 0 else PAGE
        self._client.get(
            f"sessions?limit={limit}&offset={offset}",
            lambda found: self._on_page(found, offset, limit, asked),
            lambda problem: self._on_no_page(problem, asked),
        )

    def _on_no_page(self, problem: Problem, asked: int) -> None:
        if asked == self._asked:
            self._fills = False
            self._client.failed.emit(problem)

    def _on_page(self, found: Any, offset: int, limit: int, asked: int) -> None:
        if asked != self._asked:  # the list was asked for anew meanwhile
            return
        page = [SessionInfo.model_validate(row) for row in found]
        end = offset + len(page)
        self._filling = True
        before = list(self.rows)
        self.rows = (*before[:offset], *page, *before[end:])
        if self.table.rowCount() < end:
            self.table.setRowCount(end)
        for number, row in enumerate(page, offset):
            if number >= len(before) or before[number] != row:
                self._show_row(number, row)
                if row.session == self._chosen:
                    self.table.selectRow(number)
                elif self.selected is row:  # it is another session's row now
                    self.table.clearSelection()
        more = len(page) == limit and end < MOST
        if not more:
            self.rows = self.rows[:end]
            self.table.setRowCount(end)
        self.count.setText(tr("sessions: {}").format(f"{len(self.rows):,}{'…' if more else ''}"))
        self._filling = False
        self._on_selection()
        if more:
            self._ask_page(end, asked)
            return
        self._fills = False
        late, self._late = self._late, set()
        for name in late:
            self.read_anew(name)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Leave out in a narrow window what is needed least: the verdict has to be seen."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW
        for column in (LENGTH, SIZE, COPY):
            self.table.setColumnHidden(column, narrow)
        self.count.setVisible(not narrow)

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
            self.table.setItem(number, column, item)
        copy = self.table.item(number, COPY)
        assert copy is not None
        places = row.copies or (tr("The only copy is on this disk"),)
        copy.setToolTip(plain("\n".join((*lost_words(row.lost), *places))))
        self._show_verdict(number, row, words[VERDICT])
        self._hide(number, hidden=not self._is_wanted(row))

    def _show_verdict(self, number: int, row: SessionInfo, text: str) -> None:
        verdict = self.table.item(number, VERDICT)
        assert verdict is not None
        reading = self._contents
        if reading is not None and reading.session == row.session:
            percent = 100 * reading.read // reading.total if reading.total else 0
            how = tr("rests") if reading.rests else f"{percent} %"
            text = f"{text}, {tr('contents are read')}: {how}"
        verdict.setText(text)
        self._colour_row(number, row)

    def _colour_row(self, number: int, row: SessionInfo) -> None:
        doubtful = row.unusable or row.outdated
        verdict = "warning" if doubtful else _COLOURS.get(str(row.verdict), "muted")
        copy = "failed" if row.lost else "muted" if row.copies else "warning"
        for column, colour in ((COPY, copy), (VERDICT, verdict)):
            if (item := self.table.item(number, column)) is not None:
                item.setForeground(theme.colour(colour))

    @property
    def selected(self) -> SessionInfo | None:
        """The session whose row is chosen."""
        chosen = self.table.selectionModel().selectedRows()
        return self.rows[chosen[0].row()] if chosen else None

    def _apply_filter(self) -> None:
        for number, row in enumerate(self.rows):
            self._hide(number, hidden=not self._is_wanted(row))

    def _hide(self, number: int, *, hidden: bool) -> None:
        if self.table.isRowHidden(number) != hidden:  # telling Qt what it knows is not cheap
            self.table.setRowHidden(number, hidden)

    def _is_wanted(self, row: SessionInfo) -> bool:
        words = self.filter.text().casefold().split()
        text = " ".join((*texts(row), row.study, row.notes)).casefold() if words else ""
        return all(word in text for word in words)

    def _on_selection(self) -> None:
        if self._filling:
            return
        row = self.selected
        if row is not None:
            self._chosen = row.session
        self.folder.setEnabled(row is not None and self.same_computer)
        self.report.setEnabled(row is not None and row.has_report and self.same_computer)
        self.check.setEnabled(row is not None and not row.problem)
        self.more.setEnabled(row is not None and not row.problem)

    def _on_folder(self) -> None:
        if (row := self.selected) is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(row.session))

    def _on_report(self) -> None:
        if (row := self.selected) is not None:
            path = Path(row.session) / layout.REPORT_NAME
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))

    def _review(self, row: SessionInfo) -> None:
        try:
            open_review(Path(row.session))
        except (RecordingError, AcquireError) as error:
            self.job.tell(tr("Review"), str(error))

    def _fill_more(self) -> None:
        if (row := self.selected) is not None:
            fill(self.more.menu(), row, self._actions, same_computer=self.same_computer)

    def _on_mark(self, row: SessionInfo) -> None:
        if row.unusable:
            self._mark(row.id, "")
        else:
            self.mark.ask(row)

    def _read_contents(self, row: SessionInfo) -> None:
        path = f"sessions/{quote(row.id, safe='')}/check"
        self._client.post(path, {"contents": True}, lambda _: None)

    def _export(self, row: SessionInfo, kind: str) -> None:
        words = export_words(kind, Path(row.session))
        self._run(tr("Export as {}").format(kind.upper()), row, *words)

    def _run(self, what: str, row: SessionInfo, *words: str) -> None:
        self.job.start(f"{what}, {Path(row.session).name}", *words)

    def _ask_target(self, row: SessionInfo) -> QFileDialog:
        """Ask where to; beside everything else: it must not hold a recording."""
        dialog = QFileDialog(self, tr("Copy to a folder on another disk or share"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        dialog.setModal(False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda target: self.copy_to(row, target))
        dialog.show()
        return dialog

    def copy_to(self, row: SessionInfo, target: str) -> None:
        """Copy a session below a folder, and compare it."""
        self._run(tr("Copy"), row, "copy", "--idle", row.session, "--to", target)

    def show_status(self, status: StatusInfo) -> None:
        """Say how far the contents are read; nothing is copied or exported while it records."""
        self.job.job.rest(status.state in (Phase.RECORDING, Phase.FINISHING))
        before, self._contents = self._contents, status.contents
        if before == self._contents:
            return
        if before is not None and (
            self._contents is None or self._contents.session != before.session
        ):
            self.refresh()
        for number, row in enumerate(self.rows):
            if self._contents is not None and row.session == self._contents.session:
                self._show_verdict(number, row, texts(row)[VERDICT])

    def _ask_withdrawal(self, session: str) -> None:
        def show(found: Any) -> None:
            self.withdraw.ask(session, WithdrawalInfo.model_validate(found))

        self._client.get(f"sessions/{quote(session, safe='')}/withdrawal", show)

    def _withdraw(self, session: str, pseudonym: str) -> None:
        def show(found: Any) -> None:
            self.withdraw.tell(WithdrawalDone.model_validate(found))
            self.refresh()

        path = f"sessions/{quote(session, safe='')}/withdrawal"
        self._client.post(path, {"pseudonym": pseudonym}, show)

    def _mark(self, session: str, reason: str) -> None:
        path = f"sessions/{quote(session, safe='')}/unusable"
        self._client.put(path, {"reason": reason}, self._on_row)

    def _on_check(self) -> None:
        if (row := self.selected) is not None:
            self._client.post(f"sessions/{quote(row.id, safe='')}/check")
