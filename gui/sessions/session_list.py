"""The sessions on the disk: what there is, how long, how large, and how good."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from acquire.engine.status import Phase
from acquire.errors import AcquireError
from acquire.server.api.models import ContentsInfo, StatusInfo
from acquire.server.api.session_models import SessionInfo, WithdrawalDone, WithdrawalInfo
from gui.client.client import EngineClient
from gui.client.review_process import open_review
from gui.client.system_open import open_here
from gui.sessions.export_command import export_command, export_words
from gui.sessions.job_line import JobLine
from gui.sessions.mark_line import MarkLine
from gui.sessions.more_menu import Actions, fill
from gui.sessions.session_pages import SessionPages
from gui.sessions.session_table import SessionTable
from gui.sessions.withdraw_panel import WithdrawPanel
from gui.texts import tr
from gui.widgets.plain_label import PlainLabel
from recordings import layout
from recordings.errors import RecordingError

NARROW = 640
"""Pixels: below, their number has no place beside the buttons."""


class SessionList(QWidget):
    """Lists the newest sessions of the engine's data folder; asks while somebody can see it."""

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self._client = client
        self.same_computer = False
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("Filter: participant, task, verdict…"))
        self.filter.setAccessibleName(tr("Filter of the sessions"))
        self.table = SessionTable()
        self.table.chosen_changed.connect(self._on_selection)
        self.filter.textChanged.connect(self.table.want)
        self.pages = SessionPages(client, self.table, self._count)
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
        self.count = PlainLabel(muted=True)
        self._lay_out()
        self._on_selection()

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
        """List anew where somebody can see it."""
        self.pages.refresh()

    def read_anew(self, name: str) -> None:
        """Ask for a session that has changed, by the name of its folder."""
        self.pages.read_anew(name)

    def _count(self, more: bool) -> None:
        self.count.setText(tr("sessions: {}").format(f"{len(self.rows):,}{'…' if more else ''}"))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802
        """Leave out in a narrow window what is needed least."""
        super().resizeEvent(event)
        self.count.setVisible(self.width() >= NARROW)

    @property
    def rows(self) -> tuple[SessionInfo, ...]:
        """The sessions that are listed."""
        return self.table.rows

    @property
    def selected(self) -> SessionInfo | None:
        """The session whose row is chosen."""
        return self.table.selected

    def _on_selection(self) -> None:
        row = self.selected
        self.folder.setEnabled(row is not None and self.same_computer)
        self.report.setEnabled(row is not None and row.has_report and self.same_computer)
        self.check.setEnabled(row is not None and not row.problem)
        self.more.setEnabled(row is not None and not row.problem)

    def _on_folder(self) -> None:
        if (row := self.selected) is not None:
            self._open(self.folder.text(), Path(row.session))

    def _on_report(self) -> None:
        if (row := self.selected) is not None:
            self._open(self.report.text(), Path(row.session) / layout.REPORT_NAME)

    def _open(self, what: str, path: Path) -> None:
        if problem := open_here(path):
            self.job.tell(what, problem)

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
        # It is written where nobody has chosen: that is said.
        self._run(f"{tr('Export as {}').format(kind.upper())} → {words[-1]}", row, *words)

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
        self.table.show_reading(self._contents)

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
        self._client.put(path, {"reason": reason}, self.pages.take)

    def _on_check(self) -> None:
        if (row := self.selected) is not None:
            path = f"sessions/{quote(row.id, safe='')}/check"
            self._client.post(path, {}, lambda _: self.table.show_ordered(row.id))
