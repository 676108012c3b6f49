"""The review window: bar, notices, the stage with its session, and a pane at the right."""

from __future__ import annotations

import os
import time as clocks
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QMainWindow, QSplitter, QVBoxLayout, QWidget

from gui.plots import save_dialog
from gui.review.background import Background
from gui.review.bar import ReviewBar
from gui.review.foot import Foot
from gui.review.keys import Command, command_of
from gui.review.notices import Notices
from gui.review.pane import Pane, Position
from gui.review.picture_area import Mode
from gui.review.signals.channel_menu import first_choice, rows_of_signals
from gui.review.signals.rows import signal_rows
from gui.review.stage import Stage
from gui.texts import tr, tr_said
from gui.widgets.first_size import open_at
from gui.widgets.scroll_column import ScrollColumn
from recordings.errors import RecordingError
from recordings.review.lanes import Lane
from recordings.review.session import ReviewSession

PANE_LEAST = 200
"""Pixels of a pane's height that are always seen: the rest of it scrolls."""


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
        self.notices, self.foot = Notices(), Foot()
        self._split = QSplitter(Qt.Orientation.Horizontal)
        self._split.setChildrenCollapsible(False)
        self._lay_out()
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
        column = ScrollColumn(pane.widget, least=PANE_LEAST)
        self._split.addWidget(column)
        self._split.setStretchFactor(0, 1)
        # The pictures come first, also where large letters would have its lines wider.
        width = min(column.sizeHint().width(), 2 * self.width() // 5)
        self._split.setSizes([self.width() - width, width])
        pane.moved(self.position)
        pane.selected(self.selection)

    def go_to(self, time: float) -> None:
        """Put the cursor on the row that decides at an LSL time."""
        self.stage.playhead.go_to(time)

    def use_camera(self, name: str) -> None:
        """Let the cursor go by the stamps of this camera."""
        self.bar.cameras.setCurrentText(name)

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
        """Say something for a moment, in the line at the bottom; "" takes back what is there."""
        self.foot.tell(text)

    # Building.

    def _lay_out(self) -> None:
        central = QWidget()
        box = QVBoxLayout(central)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(0)
        box.addWidget(self.bar)
        box.addWidget(self.notices)
        box.addWidget(self._split, 1)
        box.addWidget(self.foot)
        self.setCentralWidget(central)

    def _open(self, session: ReviewSession) -> None:
        self.session = session
        self._background = Background(session, self._cache)
        self.setWindowTitle(f"{session.title} · {tr('Review')}")
        self.stage = Stage(session)
        self.foot.show_stage(self.stage)
        self._split.insertWidget(0, self.stage)
        self.stage.installEventFilter(self)
        self.stage.moved.connect(self._on_moved)
        self.stage.selected.connect(self._on_selected)
        self.stage.played.connect(self._on_played)
        self.stage.mode_wanted.connect(self._on_mode)
        self.stage.told.connect(self.tell)
        self.notices.forget()
        self.stage.plot.unreadable.connect(self._add_problem)
        self.bar.show_cameras(list(session.cameras), self.stage.main)
        self.bar.refresh.setVisible(session.is_recording)
        rows = rows_of_signals(session.signals)
        before = {(r.signal.number, r.channel.index) for r in self.bar.channels.chosen}
        kept = [r for r in rows if (r.signal.number, r.channel.index) in before]
        chosen = kept or first_choice(rows)
        self.bar.channels.know(rows, chosen)
        for button in (self.bar.channels, self.bar.filters):
            button.setVisible(bool(rows))  # of signals that are hidden, or not there, nothing
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
            self._add_problem(tr_said(problem))
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
        self.foot.show_doing()

    def _on_moved(self, position: Position) -> None:
        self._background.rest()
        self.foot.show_place(position)
        if self.stage.playhead.speed:
            self.foot.show_doing()
        if self._pane is not None:
            self._pane.moved(position)

    def _on_selected(self, selection: tuple[float, float] | None) -> None:
        self.foot.show_place(self.position)
        if self._pane is not None:
            self._pane.selected(selection)

    def _on_played(self) -> None:
        head = self.stage.playhead
        self.bar.show_speed(head.speed, head.next_speed)
        self.foot.show_doing()

    def _on_grown(self, share: float) -> None:
        self.stage.renew_signals()
        self.foot.show_share(share)

    def _add_problem(self, text: str) -> None:
        # By their names alone: the folder's tells a blind coder the participant.
        self.notices.add(text.replace(f"{self.session.path}{os.sep}", ""))

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Let go of the session."""
        if self._pane is not None:
            self._pane.closing()
        self._close_session()
        super().closeEvent(event)
