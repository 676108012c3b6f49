"""The review window: bar, notices, the stage with its session, and a pane at the right."""

from __future__ import annotations

import os
import time as clocks
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QMainWindow,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gui.plots import save_dialog
from gui.review.background import Background
from gui.review.bar import ReviewBar
from gui.review.keys import Command, command_of
from gui.review.pane import Pane, Position
from gui.review.picture_area import Mode
from gui.review.signals.channel_menu import first_choice, rows_of_signals
from gui.review.signals.rows import signal_rows
from gui.review.stage import Stage
from gui.review.wording import clock, speed_text
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.first_size import open_at
from gui.widgets.plain_label import PlainLabel
from recordings.errors import RecordingError
from recordings.review.lanes import Lane
from recordings.review.session import ReviewSession

TOLD_MS = 6000


class ReviewWindow(QMainWindow):
    """One session, read-only. What codes it is a `Pane`.

    The window closes the session that it was given.
    """

    def __init__(self, session: ReviewSession, cache: Path | None = None) -> None:
        """Show a session; `cache` is where the signals of one that is read-only may be kept."""
        super().__init__()
        self._cache = cache
        self._pane: Pane | None = None
        self._lanes: tuple[Lane, ...] = ()
        self.bar = ReviewBar()
        self.notice, self._close_notice = PlainLabel(word_wrap=True), QPushButton(tr("Close"))
        self.notices = self._notice_strip()
        self.place, self.doing = PlainLabel(), PlainLabel()
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._lay_out()
        self._told = QTimer(self, singleShot=True, interval=TOLD_MS)
        self._told.timeout.connect(self._write_doing)
        self._said = ""
        self._share = 0.0
        self.bar.commanded.connect(self.run)
        self.bar.looked.connect(lambda look: self.stage.set_look(look))
        self.bar.camera_chosen.connect(lambda name: self.stage.set_main(name))
        self.bar.save_wanted.connect(self.save)
        QShortcut(QKeySequence.StandardKey.Save, self, self.save)
        self.bar.refresh_wanted.connect(self.refresh)
        self.bar.channels.changed.connect(lambda rows: self.stage.show_rows(rows))
        self.bar.filters.changed.connect(self._on_filters)
        self._open(session)
        open_at(self, 1280, 900)

    # What a pane asks for.

    @property
    def position(self) -> Position:
        """Camera, stamp, row, stored frame and device frame at the cursor."""
        return self.stage.position

    @property
    def selection(self) -> tuple[float, float] | None:
        """What is selected, LSL seconds: both ends are stamps of the main camera."""
        return self.stage.playhead.selection

    def set_pane(self, pane: Pane) -> None:
        """Put a pane at the right; it sees every key first, and learns of each move."""
        assert self._pane is None, "there is room for one pane"
        self._pane = pane
        self._split.addWidget(pane.widget)
        self._split.setStretchFactor(0, 1)
        pane.moved(self.position)
        pane.selected(self.selection)

    def go_to(self, time: float) -> None:
        """Put the cursor on the row that decides at an LSL time."""
        self.stage.playhead.go_to(time)

    def select(self, start: float, stop: float) -> None:
        """Select a stretch of LSL time."""
        self.stage.playhead.select(start, stop)

    def show_lanes(self, lanes: tuple[Lane, ...]) -> None:
        """Show lanes of the pane, below those of the session; they stay through a refresh."""
        self._lanes = lanes
        self.stage.show_lanes(lanes)

    def run(self, command: Command) -> None:
        """Do what a key asks for."""
        self.stage.run(command)

    def save(self) -> None:
        """Ask where to save the signals that are shown: a picture, or a table of the samples."""
        self.stage.playhead.stop()  # what is saved is what was seen
        plot = self.stage.plot
        save_dialog.ask(self, tr("signals"), plot, lambda: signal_rows(plot), self.tell)

    def tell(self, text: str) -> None:
        """Say something for a moment, in the line at the bottom."""
        self._said = text
        self._told.start()
        self._write_doing()

    # Building.

    def _notice_strip(self) -> QFrame:
        strip = QFrame()
        strip.setObjectName("alarm")
        strip.setProperty("level", "warning")
        row = QHBoxLayout(strip)
        row.setContentsMargins(12, 4, 12, 4)
        row.addWidget(self.notice, 1)
        row.addWidget(self._close_notice, 0, Qt.AlignmentFlag.AlignTop)
        self._close_notice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._close_notice.clicked.connect(strip.hide)
        strip.hide()
        return strip

    def _lay_out(self) -> None:
        for label in (self.place, self.doing):
            label.setFont(theme.tabular(label.font()))
        theme.mark(self.doing, "muted", True)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 0, 12, 8)
        foot.addWidget(self.place)
        foot.addStretch(1)
        foot.addWidget(self.doing)
        central = QWidget()
        box = QVBoxLayout(central)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.bar)
        box.addWidget(self.notices)
        box.addWidget(self._split, 1)
        box.addLayout(foot)
        self.setCentralWidget(central)

    def _open(self, session: ReviewSession) -> None:
        self.session = session
        self._background = Background(session, self._cache)
        self.setWindowTitle(f"{session.title} · {tr('Review')}")
        self.stage = Stage(session)
        self._split.insertWidget(0, self.stage)
        self.stage.installEventFilter(self)
        self.stage.moved.connect(self._on_moved)
        self.stage.selected.connect(self._on_selected)
        self.stage.played.connect(self._on_played)
        self.stage.mode_wanted.connect(self._on_mode)
        self.stage.told.connect(self.tell)
        self._problems: list[str] = []
        self.stage.plot.unreadable.connect(self._add_problem)
        self.bar.show_cameras(list(session.cameras), self.stage.main)
        self.bar.refresh.setVisible(session.is_recording)
        rows = rows_of_signals(session.signals)
        before = {(r.signal.number, r.channel.index) for r in self.bar.channels.chosen}
        kept = [r for r in rows if (r.signal.number, r.channel.index) in before]
        chosen = kept or first_choice(rows)
        self.bar.channels.know(rows, chosen)
        self.bar.filters.know_electrodes([r.channel.label for r in rows if r.channel.kind == "EEG"])
        self.stage.plot.filters = self.bar.filters.settings
        self.stage.show_rows(chosen)
        self.stage.set_look(self.bar.look)
        self.stage.show_lanes(self._lanes)
        opened = clocks.strftime("%H:%M:%S")
        if session.is_recording:
            text = tr("being recorded: what was on the disk at {} is shown, and nothing is changed")
            self._add_problem(text.format(opened))
        for problem in session.problems():
            self._add_problem(problem)
        if not self._problems:
            self.notices.hide()
        self._background.grown.connect(self._on_grown)
        self._background.found.connect(self._add_problem)
        self._background.start()
        self.stage.setFocus(Qt.FocusReason.OtherFocusReason)
        self._on_moved(self.position)
        self._on_played()

    def _close_session(self) -> None:
        # Threads end before the files that they read are closed.
        self._background.grown.disconnect()
        self._background.found.disconnect()
        self._background.stop()
        self.stage.close_rings()
        self.session.close()

    def refresh(self) -> None:
        """Open the session again: what has been recorded since is then there too."""
        try:
            session = ReviewSession(self.session.path, self.session.hidden)
            session.lanes  # noqa: B018 - what fails is to fail while the other is still open
        except RecordingError as error:
            self._add_problem(str(error))
            return
        at, view = self.stage.playhead.time, (self.stage.plot.left_s, self.stage.plot.length_s)
        selection = self.selection
        self._close_session()
        old = self.stage
        self._open(session)
        old.setParent(None)
        old.deleteLater()
        self.stage.plot.show_span(session.start + view[0], view[1])
        self.stage.playhead.go_to(at)
        if selection is not None:
            self.stage.playhead.select(*selection)

    # Keys.

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
        """Take the keys of the stage before Tab changes the focus."""
        if watched is self.stage and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.KeyPress:
                return self._take_key(event)
            if event.type() == QEvent.Type.ShortcutOverride and command_of(event) is not None:
                event.accept()
                return True
        return super().eventFilter(watched, event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802
        """Come back to the pictures from the bar."""
        if event.key() == Qt.Key.Key_Escape:
            self.stage.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        super().keyPressEvent(event)

    def _take_key(self, event: QKeyEvent) -> bool:
        if event.isAutoRepeat() and not self.stage.is_painted:
            return True  # a held key makes no queue: it would run on after it is let go
        if self._pane is not None and self._pane.take_key(event):
            return True
        if event.key() == Qt.Key.Key_F6:
            self.bar.play.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return True
        if event.key() == Qt.Key.Key_F5 and self.session.is_recording:
            self.refresh()
            return True
        command = command_of(event)
        if command is None:
            return event.key() in (Qt.Key.Key_Tab, Qt.Key.Key_Backtab)
        self.run(command)
        return True

    # What happens.

    def _on_mode(self, mode: Mode) -> None:
        self.bar.set_mode(Mode.PLAIN if self.bar.look.mode is mode else mode)

    def _on_filters(self, settings: object) -> None:
        self.stage.plot.set_filters(self.bar.filters.settings)
        self._write_doing()

    def _on_moved(self, position: Position) -> None:
        self._background.rest()
        self.place.setText(self._place_text(position))
        if self.stage.playhead.speed:
            self._write_doing()
        if self._pane is not None:
            self._pane.moved(position)

    def _place_text(self, position: Position) -> str:
        parts = [clock(position.time - self.session.start), f"LSL {position.time:.6f}"]
        if (utc := self.session.session.utc(position.time)) is not None:
            parts.append(f"UTC {utc:%H:%M:%S}.{utc.microsecond // 1000:03}")
        if (selection := self.selection) is not None:
            length = 1e3 * (selection[1] - selection[0])
            rows = self.stage.playhead.rows
            count = rows.at(selection[1]) - rows.at(selection[0]) + 1
            parts.append(tr("selected {} ms, {} frames").format(f"{length:,.1f}", f"{count:,}"))
        return "   ".join(parts)

    def _on_selected(self, selection: tuple[float, float] | None) -> None:
        self.place.setText(self._place_text(self.position))
        if self._pane is not None:
            self._pane.selected(selection)

    def _on_played(self) -> None:
        head = self.stage.playhead
        self.bar.show_speed(head.speed, head.next_speed)
        self._write_doing()

    def _on_grown(self, share: float) -> None:
        self._share = share
        self.stage.renew_signals()
        self._write_doing()

    def _write_doing(self) -> None:
        head = self.stage.playhead
        parts = [self._said] if self._told.isActive() else []
        if head.shown:
            text = tr("{}: {} frames shown, {} left out")
            name = speed_text(head.speed or head.next_speed)
            parts.append(text.format(name, f"{head.shown:,}", f"{head.dropped:,}"))
        plot = self.stage.plot
        if not plot.filters.is_plain and not plot.are_filtered:
            parts.append(tr("filters act on shorter stretches"))
        if self._share < 1:
            parts.append(tr("signals: {} % read").format(f"{100 * self._share:.0f}"))
        self.doing.setText("   ".join(parts))

    def _add_problem(self, text: str) -> None:
        # By their names alone: the folder's tells a blind coder the participant.
        text = text.replace(f"{self.session.path}{os.sep}", "")
        if text in self._problems:
            return
        self._problems.append(text)
        self.notice.setText("\n".join(f"▲ {problem}" for problem in self._problems))
        self.notices.show()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Let go of the session."""
        if self._pane is not None:
            self._pane.closing()
        self._close_session()
        super().closeEvent(event)
