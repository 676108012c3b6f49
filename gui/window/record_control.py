"""Start and stop of a recording, through the gate where something would be missing."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from urllib.parse import urlencode

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from acquire.engine.status import Phase
from acquire.server.api.models import Labels, Started, StatusInfo
from acquire.server.api.session_models import RunsInfo
from gui.client.client import EngineClient
from gui.texts import tr
from gui.window.gate_panel import GatePanel
from gui.window.start_gate import findings
from gui.window.top_bar import TopBar

_BUSY = (Phase.RECORDING, Phase.FINISHING)


class RecordControl(QObject):
    """Turns what the bar and the gate want into orders to the engine."""

    refused = Signal(str)
    """A start was wanted that cannot even be asked for: why."""

    def __init__(self, client: EngineClient, bar: TopBar, gate: GatePanel, beside: QWidget) -> None:
        """Prepare; `beside` is where the keyboard goes once a button was pressed."""
        super().__init__(bar)
        self._client, self._bar, self._gate, self._beside = client, bar, gate, beside
        self._status: StatusInfo | None = None
        bar.record_wanted.connect(self.start)
        bar.stop_wanted.connect(self.stop)
        bar.labels_changed.connect(self.ask_runs)
        gate.record_anyway.connect(self._start)

    def show_status(self, status: StatusInfo) -> None:
        """Keep gate and runs up to date."""
        before, self._status = self._status, status
        if self._gate.isVisible():
            self._refresh_gate(status)
        if status.state is Phase.RECORDING and (before is None or before.state is not status.state):
            self._leave_bar()  # after the gate, which hands on what it had
        if before is not None and before.state in _BUSY and status.state not in _BUSY:
            self.ask_runs()

    def _leave_bar(self) -> None:
        """Take the keyboard from the labels: Qt gives it to Stop as they go dim.

        So it does where a recording begins elsewhere, and where a window opens on one that runs.
        """
        focused: QWidget | None = self._bar.window().focusWidget()
        if focused is not None and self._bar.isAncestorOf(focused):
            self._beside.setFocus()

    def show_gone(self) -> None:
        """Know that no engine answers."""
        self._status = None

    def start(self) -> None:
        """Start recording, or say first what would be missing."""
        status = self._status
        if status is None:
            self.refused.emit(tr("Nothing is recorded: there is no engine"))
            return
        if findings(status, self._bar.participant.text()):
            self._refresh_gate(status)
        else:
            self._start()

    def _refresh_gate(self, status: StatusInfo) -> None:
        if status.state is Phase.RECORDING:
            self._gate.hide()
        else:
            self._gate.ask(findings(status, self._bar.participant.text()))

    def _start(self) -> None:
        self._gate.hide()
        self._beside.setFocus()  # else Qt gives the focus of the button to the menu
        self._bar.record.setEnabled(False)
        labels = self._bar.labels
        self._client.post("recording/start", labels.model_dump(), partial(self._on_started, labels))

    def _on_started(self, wanted: Labels, found: object) -> None:
        answer = Started.model_validate(found)
        if answer.labels != wanted:  # somebody else was first, at another window or the web page
            running = Path(answer.session).name
            self.refused.emit(tr("Nothing was begun: {} is being recorded").format(running))

    def stop(self) -> None:
        """End the recording."""
        if self._bar.window().focusWidget() is self._bar.stop:
            self._beside.setFocus()
        self._client.post("recording/stop")

    def ask_runs(self) -> None:
        """Ask which run is next with the labels of the bar."""
        if self._client.is_connected:
            labels = urlencode(self._bar.labels.model_dump())
            self._client.get(f"runs?{labels}", self._on_runs)

    def _on_runs(self, found: object) -> None:
        if self._status is None or self._status.state is not Phase.RECORDING:
            self._bar.show_runs(RunsInfo.model_validate(found))
