"""The bar on top: what the session is called, record and stop, and the numbers that matter."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
)

from acquire.engine.status import Phase
from acquire.server.api.models import Labels, StatusInfo
from acquire.server.api.session_models import RunsInfo
from gui.client.status_text import disk_text, duration, frames, lost_before, samples_lost
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.hold_button import HoldButton
from gui.widgets.label_field import MOST, LabelField
from gui.widgets.plain_label import PlainLabel, plain
from gui.widgets.short_label import ShortLabel

_IN_STUDY = "_-"
_SETTLE_MS = 200
HINT_MS = 3000
"""How long it is said that Stop wants to be held."""


class TopBar(QFrame):
    """Shows the session and its state; says what the user wants."""

    record_wanted = Signal()
    stop_wanted = Signal()
    labels_changed = Signal()
    refused = Signal(str)
    """Something was typed that a label cannot have: it was left out, and that is said."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("topbar")
        self.study = _field("study", tr("Study"), 96, _IN_STUDY)
        self.participant = _field("", tr("Participant: a pseudonym, without sub-"), 72)
        self.session = _field("01", tr("Session, without ses-"), 56)
        self.task = _field("test", tr("Task, without task-"), 112)
        self.run = QToolButton()
        self.run.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.run.setMenu(QMenu(self.run))
        self.state = ShortLabel(tr("Waiting for the engine…"))  # in a narrow window it gives way
        self.state.setObjectName("state")
        self.clock = PlainLabel("00:00:00")
        self.clock.setObjectName("clock")
        self.record = QPushButton(tr("Record"))
        self.record.setObjectName("record")
        self.record.setEnabled(False)  # until an engine is heard
        self.stop = HoldButton(tr("Stop"))
        self.stop.setObjectName("stop")
        self.disk, self.frames, self.signals = PlainLabel(), PlainLabel(), PlainLabel()
        self.sync, self.time = PlainLabel(), PlainLabel(muted=True)
        self.meaning = PlainLabel(tr("The protocol goes on and is not recorded: Abort ends it"))
        self.meaning.setStyleSheet("font-weight: 600;")
        self.meaning.hide()
        self._name_all()
        self._lay_out()
        self._settle = QTimer(self, singleShot=True, interval=_SETTLE_MS)
        self._settle.timeout.connect(self.labels_changed)
        for field in self.fields:
            field.textChanged.connect(self._settle.start)
            field.returnPressed.connect(self.record.setFocus)
            field.left_out.connect(self._on_left_out)
        self.record.clicked.connect(self.record_wanted)
        self.stop.held.connect(self.stop_wanted)
        self.stop.too_short.connect(self._show_hint)
        self._playing = False
        self._hint = QTimer(self, singleShot=True, interval=HINT_MS)
        self._hint.timeout.connect(lambda: self._show_meaning(False))
        for keys, obey in (("Ctrl+R", self.record.click), ("Ctrl+.", self._stop_by_key)):
            shortcut = QShortcut(QKeySequence(keys), self)
            # Whatever is in front, as the list of shortcuts.
            shortcut.setContext(Qt.ShortcutContext.ApplicationShortcut)
            shortcut.setAutoRepeat(False)  # a key that is held is one order
            shortcut.activated.connect(obey)
        self._second = QTimer(self, interval=1000)
        self._second.timeout.connect(self._tick)
        self._second.start()
        self._tick()

    @property
    def fields(self) -> tuple[LabelField, ...]:
        """The four labels."""
        return self.study, self.participant, self.session, self.task

    @property
    def labels(self) -> Labels:
        """What the next session is called; what is empty takes its default."""
        return Labels(
            study=self.study.text() or "study",
            participant=self.participant.text() or "test",
            session=self.session.text() or "01",
            task=self.task.text() or "test",
        )

    def set_labels(self, labels: Labels) -> None:
        """Show what the session is called that runs."""
        texts = (labels.study, labels.participant, labels.session, labels.task)
        for field, text in zip(self.fields, texts, strict=True):
            if field.text() != text:
                field.setText(text)

    def add_menu(self, button: QToolButton) -> None:
        """Put the menu at the left."""
        self._top.insertWidget(0, button)

    def show_runs(self, found: RunsInfo) -> None:
        """Show the next run, and those that exist."""
        self.run.setText(tr("run {}").format(f"{found.next:03}"))
        menu = self.run.menu()
        menu.clear()
        if not found.existing:
            menu.addAction(tr("No run of these labels exists yet")).setEnabled(False)
        for run in found.existing:
            menu.addAction(tr("run {} exists").format(f"{run:03}")).setEnabled(False)

    def show_status(self, status: StatusInfo, sync_s: float | None) -> None:
        """Show what is going on."""
        recording = status.state is Phase.RECORDING
        theme.mark(self, "recording", recording)
        theme.mark(self.state, "failed", status.state is Phase.FAILED)
        if not (recording and self._hint.isActive()):
            self.state.setText(_STATES[status.state]())
        since = status.clock - status.first_sample if status.first_sample is not None else 0.0
        if recording or status.state is Phase.IDLE:
            self.clock.setText(duration(since))
        self.record.setVisible(not recording)
        self.stop.setVisible(recording)
        self.record.setEnabled(status.state in (Phase.IDLE, Phase.FAILED))
        for field in (*self.fields, self.run):
            field.setEnabled(not recording)
        if recording and status.labels is not None:
            self.set_labels(status.labels)
            if status.session is not None:
                self.run.setText(tr("run {}").format(status.session.rpartition("run-")[2].zfill(3)))
        self._show_numbers(status, sync_s)

    def _show_numbers(self, status: StatusInfo, sync_s: float | None) -> None:
        self.disk.setText(disk_text(status))
        _judge(self.disk, not status.disk.gone)
        counted = frames(status.devices)
        self.frames.setVisible(counted is not None)
        if counted is not None:
            stored, lost = f"{counted.stored:,}", f"{counted.lost:,}"
            self.frames.setText(tr("frames {} stored, {} lost").format(stored, lost))
            _judge(self.frames, counted.lost == 0)
        lost_samples = samples_lost(status)
        # Beside the card after Stop it would be taken for the loss of what was recorded.
        of_recording = status.state in (Phase.RECORDING, Phase.FINISHING) or not lost_samples
        text = tr("signals {} lost") if of_recording else tr("signals {} lost since opening")
        self.signals.setText(text.format(f"{lost_samples:,}"))
        _judge(self.signals, lost_samples == 0)
        tips = (tr("Samples that should be there and are not"), lost_before(status))
        self.signals.setToolTip(plain("\n".join(filter(None, tips))))
        self.sync.setText(
            tr("sync ± {} ms").format("–" if sync_s is None else f"{sync_s * 1e3:.2f}")
        )

    def show_gone(self, why: str = "") -> None:
        """Show that no engine answers, and why where that is no failure."""
        theme.mark(self, "recording", False)
        theme.mark(self.state, "failed", not why)
        self.state.setText(why or tr("✖ NO ENGINE"))
        self.record.setEnabled(False)
        self.record.setVisible(True)
        self.stop.setVisible(False)
        # Nobody knows them any more: none may go on being read as of now.
        self.disk.setText(tr("disk {} free").format("–"))
        self.frames.setText(tr("frames {} stored, {} lost").format("–", "–"))
        self.signals.setText(tr("signals {} lost").format("–"))
        self.sync.setText(tr("sync ± {} ms").format("–"))
        for label in (self.disk, self.frames, self.signals):
            _judge(label, True)

    def show_playing(self, playing: bool) -> None:
        """Say what Stop means while a protocol plays: that goes on, and nobody keeps it."""
        tip = tr("Hold to stop, or press Ctrl+.")
        if playing:
            tip = f"{tip}\n{tr('The protocol goes on and is not recorded: Abort ends it')}"
        if self.stop.toolTip() != tip:
            self.stop.setToolTip(tip)
        self._playing = playing

    def _show_hint(self) -> None:
        self.state.setText(tr("hold, or Ctrl+."))  # no longer than what stands there else
        self._show_meaning(self._playing)
        self._hint.start()

    def _show_meaning(self, on: bool) -> None:
        """Say below, in the place of what is needed least, that a protocol would go on."""
        self.meaning.setVisible(on)
        self.sync.setVisible(not on)

    def _on_left_out(self, letters: str) -> None:
        text = tr("A label has only letters A to Z and digits, at most {}; left out: {}")
        self.refused.emit(text.format(MOST, letters))

    def _stop_by_key(self) -> None:
        if self.stop.isVisible():
            self.stop_wanted.emit()

    def _tick(self) -> None:
        self.time.setText(f"{datetime.now():%H:%M:%S}")

    def _name_all(self) -> None:
        self.run.setAccessibleName(tr("Run"))
        self.run.setText(tr("run {}").format("001"))
        self.run.setToolTip(tr("The next run, and the runs that exist"))
        self.record.setToolTip(tr("Start recording (Ctrl+R)"))
        self.stop.setToolTip(tr("Hold to stop, or press Ctrl+."))
        self.stop.hide()
        self.state.setAccessibleName(tr("State"))
        self.clock.setAccessibleName(tr("Recorded for"))
        self.disk.setToolTip(tr("How long the disk lasts at what is written now"))
        self.frames.setToolTip(tr("Frames of all cameras in the files, and those missing"))
        self.signals.setToolTip(tr("Samples that should be there and are not"))
        self.time.setAccessibleName(tr("Time of day"))
        self.sync.setToolTip(
            tr("Half the round trip of the worst stream's clock offset, measured by this window")
        )

    def _lay_out(self) -> None:
        top = self._top = QHBoxLayout()
        top.setSpacing(theme.SPACE)
        names = (tr("study"), tr("sub"), tr("ses"), tr("task"))
        for name, field in zip(names, self.fields, strict=True):
            label = PlainLabel(name, muted=True)
            label.setBuddy(field)
            top.addWidget(label)
            top.addWidget(field)
            top.addSpacing(theme.SPACE)
        top.addWidget(self.run)
        top.addStretch(1)
        for widget in (self.state, self.clock):
            top.addWidget(widget)
            top.addSpacing(2 * theme.SPACE)
        top.addWidget(self.record)
        top.addWidget(self.stop)
        numbers = QHBoxLayout()
        numbers.setSpacing(6 * theme.SPACE)
        for label in (self.disk, self.frames, self.signals, self.sync, self.meaning):
            numbers.addWidget(label)
        numbers.addStretch(1)
        numbers.addWidget(self.time)
        grid = QGridLayout(self)
        grid.setContentsMargins(12, 8, 12, 8)
        grid.setVerticalSpacing(theme.SPACE)
        grid.addLayout(top, 0, 0)
        grid.addLayout(numbers, 1, 0)
        self.clock.setMinimumWidth(self.clock.fontMetrics().horizontalAdvance("00:00:00") * 2)
        self.clock.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)


_STATES = {
    Phase.IDLE: lambda: tr("READY"),
    Phase.OPENING: lambda: tr("OPENING"),
    Phase.RECORDING: lambda: tr("● RECORDING"),
    Phase.FINISHING: lambda: tr("FINISHING"),
    Phase.FAILED: lambda: tr("✖ LAST RUN FAILED"),
}


def _judge(label: PlainLabel, good: bool) -> None:
    colour = "" if good else f"color: {theme.tokens()['failed']}; font-weight: 600;"
    if label.styleSheet() != colour:
        label.setStyleSheet(colour)


def _field(text: str, name: str, width: int, more: str = "") -> LabelField:
    field = LabelField(text, more)
    field.setAccessibleName(name)
    field.setToolTip(name)
    field.setFixedWidth(width)
    return field
