"""What became of the recording that ended last: saved where, how much, and the check's verdict."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QPushButton, QSizePolicy

from acquire.engine.status import Phase
from acquire.server.api.models import LastInfo, StatusInfo
from gui.client.status_text import duration
from gui.client.system_open import open_here
from gui.sessions.row_text import LOOKS, lost_words
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel, plain
from recordings import layout
from recordings.manifest import State


class SavedCard(QFrame):
    """Opens below the bar once a recording is saved, until the next one begins or it is closed."""

    next_wanted = Signal()
    refused = Signal(str)
    """Folder or report cannot be opened: why."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("saved")
        self._shown: LastInfo | None = None
        self._closed = ""  # the session whose card was closed by hand
        self._before = ""  # the session that had ended when a recording was last seen
        self._recorded = False  # a recording was seen: what ended before is no news
        self.title = PlainLabel()  # in one line: it is what a glance is for
        self.title.setFont(theme.tabular(self.title.font()))
        self.counts, self.path, self.verdict, self.copies = (self._label() for _ in range(4))
        theme.mark(self.copies, "muted", True)
        self.path.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        theme.mark(self.path, "muted", True)
        # A folder whose name is one long word must not take the buttons their room.
        self.path.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        bold = self.title.font()
        bold.setBold(True)
        self.title.setFont(bold)
        self.open_folder = self._button(tr("Open folder"), self._on_folder)
        self.copy = self._button(tr("Copy path"), self._on_copy)
        self.report = self._button(tr("Open report"), self._on_report)
        self.next = self._button(tr("Next run"), self.next_wanted.emit)
        self.next.setToolTip(tr("Record the next run with the same labels"))
        self.close_card = self._button(tr("Close"), self._on_close)
        rows = QGridLayout(self)
        rows.setContentsMargins(12, 8, 12, 8)
        rows.setHorizontalSpacing(16)
        rows.addWidget(self.title, 0, 0)
        rows.addWidget(self.counts, 0, 1)
        rows.addWidget(self.path, 1, 0, 1, 2)
        rows.addWidget(self.verdict, 2, 0, 1, 2)
        rows.addWidget(self.copies, 2, 2)  # beside the verdict: a line less of what is below
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        for button in (self.open_folder, self.copy, self.report, self.close_card, self.next):
            buttons.addWidget(button)
        rows.addLayout(buttons, 0, 2, 2, 1, Qt.AlignmentFlag.AlignTop)
        rows.setColumnStretch(1, 1)
        self._gives_way: set[str] = set()
        self.setAccessibleName(tr("Saved"))
        self.hide()

    def _label(self) -> PlainLabel:
        label = PlainLabel(word_wrap=True)
        label.setFont(theme.tabular(label.font()))
        return label

    def _button(self, text: str, action: object) -> QPushButton:
        button = QPushButton(text)
        button.clicked.connect(action)
        return button

    def show_status(self, status: StatusInfo, *, same_computer: bool) -> None:
        """Open, close and fill it as the engine says."""
        last = status.last
        if status.state in (Phase.RECORDING, Phase.FINISHING):
            self._recorded = True
            if status.state is Phase.RECORDING:
                self._before = last.session if last is not None else ""
            self.hide()
            return
        # The engine is idle a moment before the daemon knows what became of the recording.
        known = ("", self._closed, self._before)
        if not self._recorded or last is None or last.session in known:
            self.hide()
            return
        if last != self._shown:
            self._shown = last
            self._fill(last)
        self.next.setEnabled(True)
        for button in (self.open_folder, self.report):
            button.setVisible(same_computer)
        self.setVisible(not self._gives_way)

    def show_gone(self) -> None:
        """Know that no engine answers: nobody could record the next run."""
        self.next.setEnabled(False)

    def give_way(self, what: str, on: bool) -> None:
        """Leave the room to `what` needs it, the next start or a protocol; come back after it."""
        (self._gives_way.add if on else self._gives_way.discard)(what)
        self.setVisible(self.isVisible() and not self._gives_way)

    def _fill(self, last: LastInfo) -> None:
        word = tr("Failed; saved up to there") if last.state is State.FAILED else tr("Saved")
        self.title.setText(f"{word}  {duration(last.seconds)}")
        counts = tr("{} samples, {} lost").format(f"{last.samples:,}", f"{last.lost_samples:,}")
        if last.frames or last.lost_frames:
            frames = tr("{} frames, {} lost").format(f"{last.frames:,}", f"{last.lost_frames:,}")
            counts = f"{counts}   {frames}"
        self.counts.setText(counts)
        self.path.setText(last.session)
        self.path.setToolTip(plain(last.session))
        self.copies.setText("\n".join(_where_it_is(last)))
        self._fill_verdict(last)
        self.report.setEnabled(last.verdict is not None)

    def _fill_verdict(self, last: LastInfo) -> None:
        if last.verdict is not None:
            colour, glyph = LOOKS[last.verdict]
            lines = [f"{glyph} {last.verdict}", *last.findings]
            if last.more_findings:
                lines.append(tr("and {} more").format(last.more_findings))
        elif last.problem is not None:
            colour, lines = "warning", [f"▲ {tr('not checked')}: {last.problem}"]
        else:
            colour, lines = "muted", [tr("being checked…")]
        if last.error is not None:
            colour = "failed"
            lines.append(last.error.replace(f"{last.session}/", ""))  # it stands above
        self.verdict.setText("\n".join(lines))
        theme.mark(self.verdict, "light", colour)

    def _on_folder(self) -> None:
        if self._shown is not None:
            self._open(Path(self._shown.session))

    def _on_copy(self) -> None:
        if self._shown is not None:
            QGuiApplication.clipboard().setText(self._shown.session)

    def _on_report(self) -> None:
        if self._shown is not None:
            self._open(Path(self._shown.session) / layout.REPORT_NAME)

    def _open(self, path: Path) -> None:
        if problem := open_here(path):
            self.refused.emit(problem)

    def _on_close(self) -> None:
        if self._shown is not None:
            self._closed = self._shown.session
        self.hide()


def _where_it_is(last: LastInfo) -> list[str]:
    words = lost_words(last.lost)
    if last.on_nodes:
        nodes = ", ".join(last.on_nodes)
        words.append(tr("▲ Partly on {}: fetched while nothing is recorded").format(nodes))
    elif not last.copies:
        words.append(tr("▲ Only here so far: see “Copy to…” in the sessions"))
    return [*words, *last.copies]
