"""The operator's side of the stimulus player: what is on, and the participant's screen."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from acquire.engine.status import Phase
from acquire.server.api.models import StatusInfo
from acquire.server.api.protocol_models import ProtocolInfo
from acquire.serving.problem import Problem
from gui.client.client import EngineClient, words
from gui.client.status_text import duration
from gui.plots.picture import PictureView
from gui.protocol.begin_ask import BeginAsk
from gui.protocol.order_buttons import BUSY, OrderButtons, can_begin
from gui.protocol.protocol_loader import ProtocolLoader
from gui.texts import tr
from gui.widgets import theme
from gui.widgets.plain_label import PlainLabel
from gui.widgets.scroll_column import ScrollColumn

ASK_MS, MIRROR_MS = 500, 1000
TOLD_LEAST = 24
"""Pixels of what scrolls that are seen at least: a line of it."""
HIGHEST = 0.5625
"""The height of the mirror, of its width: a square or upright screen would not be seen whole."""


class ProtocolPanel(QWidget):
    """Loads, starts, pauses and ends a protocol; asks the engine twice a second while visible."""

    record_wanted = Signal()
    """A recording is to be started, as by the button of the bar."""
    playing_changed = Signal()
    """It plays and shows the participant's screen, or no longer."""

    def __init__(self, client: EngineClient) -> None:
        super().__init__()
        self._client = client
        self._participant = "test"
        self._recording = False
        self._same_computer = True
        self._loads = False  # until it is answered: a double click would load what is begun
        self.loader, self.begin = ProtocolLoader(client), BeginAsk()
        self._refused = ""  # why the last order was not obeyed; until the next one
        self.info = ProtocolInfo(state="none")
        self.title, self.now, self.following = PlainLabel(), PlainLabel(), PlainLabel()
        self.rest, self.problem = PlainLabel(), PlainLabel()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("Trials done"))
        self.orders = OrderButtons(self.loader.choice)
        self.mirror = PictureView(tr("The participant's screen is not shown"), highest=HIGHEST)
        self.mirror.setAccessibleName(tr("The participant's screen"))
        self._wire()
        self._lay_out()
        self.show_info(self.info)

    def _wire(self) -> None:
        self.loader.load_wanted.connect(partial(self._load, self._take))
        self.loader.preview_wanted.connect(partial(self._load, self._begin_preview))
        self.orders.ordered.connect(self._order)
        self.begin.begin_wanted.connect(partial(self._send, "start"))
        self.begin.record_wanted.connect(self.record_wanted)
        self._ask = QTimer(self, interval=ASK_MS)
        self._ask.timeout.connect(self._on_ask)
        self._ask.start()
        self._look = QTimer(self, interval=MIRROR_MS)
        self._look.timeout.connect(self._on_look)
        self._look.start()

    def _lay_out(self) -> None:
        self.title.setStyleSheet("font-weight: 600;")
        for label in (self.title, self.now, self.following, self.rest, self.problem):
            label.setWordWrap(True)
        for label in (self.following, self.rest):
            theme.mark(label, "muted", True)
        # Room for two lines: the picture below does not move as the counts grow longer.
        self.rest.setMinimumHeight(2 * self.rest.fontMetrics().lineSpacing())
        self.rest.setAlignment(Qt.AlignmentFlag.AlignTop)
        told = QWidget()
        column = QVBoxLayout(told)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.loader)
        for label in (self.title, self.now, self.problem, self.following):
            column.addWidget(label)
        for widget in (self.progress, self.rest):
            column.addWidget(widget)
        column.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 4, 8, 4)
        # Below what scrolls: however small the window is, and whatever comes above, they stay
        # where they are and can be pressed.
        self._told = ScrollColumn(told, least=TOLD_LEAST)
        layout.addWidget(self._told, 1)
        layout.addWidget(self.mirror)  # whole in what room there is: it does not scroll
        layout.addWidget(self.begin)
        layout.addWidget(self.orders)

    @property
    def plays(self) -> bool:
        """Whether a protocol is under way."""
        return self.info.state in BUSY

    def show_status(self, status: StatusInfo, participant: str, *, same_computer: bool) -> None:
        """Know who takes part, and whether anything records."""
        self._recording = status.state is Phase.RECORDING
        self.begin.show_recording(self._recording)
        self._same_computer = same_computer
        self._show_loader()
        self._participant = status.labels.participant if status.labels else participant or "test"

    def show_gone(self) -> None:
        """Know that no engine answers, and its player went with it: nothing can be ordered."""
        self._recording = False
        self._refused = ""  # by an engine that is no more
        self.show_info(ProtocolInfo(state="none"))

    def show_info(self, info: ProtocolInfo) -> None:
        """Show what the player does."""
        if info.state in ("loaded", *BUSY) and _what(info) != _what(self.info):
            self._refused = ""  # another order was obeyed since, from elsewhere maybe
        played, self.info = self.plays, info
        if not can_begin(info):
            self.begin.dismiss()
        self.orders.show_possible(info)
        self._show_loader()
        title = info.title or info.protocol or tr("Protocol")
        if info.only_trial is not None:
            title = tr("{}: preview of trial {}").format(title, info.only_trial)
        self.title.setText(title)
        self.now.setText(_now(info))
        following = info.following if info.only_trial is None else None
        self.following.setVisible(following is not None and info.state in ("loaded", *BUSY))
        if following is not None:
            what = " · ".join(filter(None, (following.condition, following.stimulus)))
            self.following.setText(tr("next: {}").format(what or following.block))
        self.mirror.setVisible(info.state in BUSY)
        self.progress.setMaximum(max(1, info.trials))
        self.progress.setValue(_trials_done(info))
        left = "" if info.remaining_s is None else tr("{} left").format(duration(info.remaining_s))
        frames = tr("{} frames, {} late, {} dropped").format(info.frames, info.late, info.dropped)
        self.rest.setText(" · ".join(filter(None, (left, frames if info.frames else ""))))
        self._show_problem(self._refused or info.error)
        if played != self.plays:
            self.playing_changed.emit()

    def _show_problem(self, problem: str | None) -> None:
        is_news = bool(problem) and self.problem.text() != f"✖ {problem}"
        self.problem.setVisible(bool(problem))
        self.problem.setText(f"✖ {problem}" if problem else "")
        if is_news:  # once it has its place
            QTimer.singleShot(0, self, partial(self._told.ensureWidgetVisible, self.problem))

    def _show_loader(self) -> None:
        """Hide while it plays what cannot be done then: the participant's screen needs the room."""
        focused: QWidget | None = self.window().focusWidget()
        if self.plays and focused is not None and self.loader.isAncestorOf(focused):
            self.orders.buttons["pause"].setFocus()
        self.loader.setVisible(not self.plays)
        self.loader.show_possible(
            can_load=self.info.state not in (*BUSY, "loading"),
            recording=self._recording,
            same_computer=self._same_computer,
        )

    # Asking.

    def _on_ask(self) -> None:
        if self._client.is_connected and not self.visibleRegion().isEmpty():
            self._client.get("protocol", self._take, lambda problem: None)

    def _take(self, found: Any) -> None:
        self.show_info(ProtocolInfo.model_validate(found))

    def _on_look(self) -> None:
        # Of the panel: a picture covers the mirror that holds it, which then counts as hidden.
        if not self.plays or self.visibleRegion().isEmpty():
            return

        def take(data: bytes, headers: dict[str, str]) -> None:
            image = QImage.fromData(data)
            if image.isNull():
                return
            is_first = self.mirror.image is None
            self.mirror.show_picture(image)
            if is_first:  # what it needs is known now, and so is what is written above it
                self.playing_changed.emit()

        self._client.picture("protocol/mirror.jpg", take, lambda problem: None)

    def _load(self, then: Callable[[Any], None], body: dict[str, object]) -> None:
        if self._loads:
            return

        def done(found: Any) -> None:
            self._loads = False
            then(found)

        def failed(problem: Problem) -> None:
            self._loads = False
            self._on_problem(problem)

        self._loads, self._refused = True, ""
        self.show_info(self.info)
        body = {**body, "participant": self._participant}
        self._client.post("protocol/load", body, done, failed)

    def _begin_preview(self, found: Any) -> None:
        self._take(found)
        self._send("start")

    def _order(self, name: str) -> None:
        if name == "start" and not self._recording:
            self.begin.ask()
        else:
            self._send(name)

    def _send(self, name: str) -> None:
        self._refused = ""
        self._client.post(f"protocol/{name}", {}, self._take, self._on_problem)

    def _on_problem(self, problem: Problem) -> None:
        self._refused = words(problem)
        self.show_info(self.info)


def _what(info: ProtocolInfo) -> tuple[str, str | None]:
    return info.state, info.protocol


def _now(info: ProtocolInfo) -> str:
    """Say what the player does, and in which trial."""
    states = {
        "none": tr("No protocol is loaded"),
        "loading": tr("loading…"),
        "loaded": tr("loaded: press Begin"),
        "running": tr("running"),
        "paused": tr("▌▌ paused"),
        "ended": tr("ended"),
        "aborted": tr("aborted"),
        "crashed": tr("✖ the player crashed: Go on continues with the next trial"),
    }
    state = states[info.state]
    if info.state == "loaded" and info.only_trial is None and (info.trial or 1) > 1:
        return f"{state}\n" + tr("begins with trial {} of {}").format(info.trial, info.trials)
    if info.state not in BUSY or info.trial is None:
        return state
    if info.waits:
        state = tr("▌▌ waits for you: press Go on")
    elif not info.has_keyboard:
        state = tr("▲ click the participant's screen: it has not got the keyboard")
    if info.only_trial is None:  # else which one it is stands above
        state = tr("{}: trial {} of {}").format(state, info.trial, info.trials)
    what = " · ".join(filter(None, (info.condition, info.stimulus, info.step)))
    return f"{state}\n{what}"


def _trials_done(info: ProtocolInfo) -> int:
    if info.state == "ended":
        return info.trials
    begun = info.state in (*BUSY, "aborted", "crashed")
    return max(0, (info.trial or 0) - 1) if begun else 0
