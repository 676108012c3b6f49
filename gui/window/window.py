"""The recorder window: what it shows of the engine, and what it asks the engine to do."""

from __future__ import annotations

from functools import partial

import pylsl
from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QWidget

from acquire.engine.status import Phase
from acquire.lsl.config import configuration, configure
from acquire.lsl.streams import FoundStream
from acquire.server.api.device_models import RigInfo
from acquire.server.api.models import StatusInfo
from acquire.serving.problem import Problem
from gui.cameras.camera_panel import CameraPanel
from gui.client import code_words
from gui.client.client import EngineClient, words
from gui.client.engine_clock import EngineClock
from gui.client.engine_link import EngineLink
from gui.events.alarm_bar import Alarm, AlarmBar
from gui.events.event_list import EventList
from gui.events.news import News
from gui.plots.spectrum import SpectrumView
from gui.protocol.handed_keys import HandedKeys
from gui.protocol.protocol_panel import ProtocolPanel
from gui.rig.control import RigControl
from gui.rig.panel import RigPanel
from gui.sessions.saved_card import SavedCard
from gui.sessions.session_list import SessionList
from gui.texts import tr
from gui.viewer.bar import SignalView
from gui.viewer.channel_list import ChannelList
from gui.viewer.signal_watch import SignalWatch
from gui.viewer.viewer import Viewer
from gui.widgets.chosen import remembered_data_dir
from gui.widgets.first_size import open_at
from gui.widgets.focus_heir import FocusHeir
from gui.window import parts
from gui.window.camera_room import CameraRoom
from gui.window.first_page import FirstPage
from gui.window.gate_panel import GatePanel
from gui.window.impedance_panel import ImpedancePanel
from gui.window.label_proposals import LabelProposals
from gui.window.layout_memory import RigMemory
from gui.window.leaving import Leaving
from gui.window.marker_line import MarkerLine
from gui.window.marker_orders import MarkerOrders
from gui.window.record_control import RecordControl
from gui.window.top_bar import TopBar
from gui.window.window_menu import WindowMenu

_GONE = "engine gone"


class RecorderWindow(QMainWindow):
    """A client of one engine; closing it leaves a recording alone."""

    def __init__(self, client: EngineClient, link: EngineLink) -> None:
        super().__init__()
        self.client, self.link = client, link
        self.status: StatusInfo | None = None
        self.rig: RigInfo | None = None
        self._live = False
        self._uids: frozenset[str] = frozenset()
        self.engine_clock = EngineClock()
        self.bar, self.alarm, self.gate = TopBar(), AlarmBar(), GatePanel()
        self.saved, self.sessions = SavedCard(), SessionList(client)
        self.panel, self.events = RigPanel(), EventList()
        self.news = News(self.events, self.alarm)
        self.cameras = CameraPanel(client)
        self.markers = MarkerLine(self._now)
        self.orders = MarkerOrders(client, self.markers, self.show_problem)
        self.viewer = Viewer(self._is_recorded)
        self.signals, self.channels = SignalView(self.viewer), ChannelList(self.viewer)
        self.spectra, self.impedances = SpectrumView(), ImpedancePanel(client)
        self.watch = SignalWatch(self.viewer, self.spectra)
        self.protocol = ProtocolPanel(client)
        self.room = CameraRoom(self, self.cameras, lambda: self.protocol.plays)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.signals)
        self.proposals = LabelProposals(client, self.bar)
        self.recording = RecordControl(client, self.bar, self.gate, self.markers.text)
        self.rigs = RigControl(
            client,
            show_form=partial(parts.show_form, self, self.room),
            take_rig=self.take_rig,
            say=self.say,
            rig=lambda: self.rig,
            status=lambda: self.status,
            data_dir=remembered_data_dir,
            parent=self,
        )
        self.memory = RigMemory(self, self.bar, self.signals.bar)
        self._leaving = Leaving(
            self.alarm, lambda: self.status, self.protocol, self.rigs, link, parent=self
        )
        self._records = False  # when the engine was heard last; one that hangs may still do so
        self.handed_keys = HandedKeys(self, self._now, self._hand_on)
        self.menu_button = WindowMenu(
            self,
            self.rigs,
            link,
            save=self.viewer.save,
            status=lambda: self.status,
            is_here=lambda: self.engine_clock.same_computer,
            say=self.say,
        ).button
        self._lay_out()
        self._wire()
        self.setWindowTitle("Unisono")
        open_at(self, 1280, 800)
        self.bar.participant.setFocus()

    def _lay_out(self) -> None:
        # In this order: Tab goes from widget to widget as they came into the window.
        self.setCentralWidget(parts.stack((self.pages, self.markers), stretch=1))
        self.setMenuWidget(parts.stack((self.bar, self.alarm, self.gate, self.saved)))
        self.bar.add_menu(self.menu_button)
        docks: dict[str, QWidget] = {
            "rig": self.panel,
            "events": self.events,
            "sessions": self.sessions,
            "cameras": self.room.column,
            "spectrum": self.spectra,
            "impedances": self.impedances,
            "protocol": self.protocol,
            "channels": self.channels,
        }
        parts.add_docks(self, docks)
        self.room.lend(parts.dock_of(self.channels))

    def _wire(self) -> None:
        self.client.status_came.connect(self._on_status)
        self.client.event_came.connect(self.news.hear)
        self.news.sessions_changed.connect(self.sessions.refresh)
        self.news.session_changed.connect(self.sessions.read_anew)
        # A part that comes from behind another one's tab is not shown anew: Qt called it visible.
        parts.dock_of(self.sessions).visibilityChanged.connect(self.sessions.refresh)
        parts.dock_of(self.spectra).visibilityChanged.connect(self.watch.see_spectra)
        self.client.connected.connect(self.sessions.refresh)
        self.client.connected.connect(self._on_connected)
        self.bar.labels_changed.connect(self.proposals.ask)
        self.client.failed.connect(self.show_problem)
        self.link.ended.connect(self._on_gone)
        self.signals.bar.channels_wanted.connect(self._show_channels)
        for said in (self.viewer.said, self.spectra.said, self.impedances.map.said):
            said.connect(self.say)
        for refused in (self.bar.refused, self.recording.refused, self.saved.refused):
            refused.connect(self.say)
        self.protocol.record_wanted.connect(self.recording.start)
        self.protocol.playing_changed.connect(self.room.want)
        self.saved.next_wanted.connect(self.recording.start)
        self.gate.shown.connect(partial(self.saved.give_way, "gate"))
        for strip, heir in (
            (self.gate, self.bar.participant),
            (self.saved, self.markers.text),
            (self.alarm, self.markers.text),
        ):
            FocusHeir(strip, heir)
        self.protocol.playing_changed.connect(
            lambda: self.saved.give_way("protocol", self.protocol.plays)
        )
        self.alarm.acted.connect(self._on_action)
        self.panel.device_wanted.connect(self.rigs.order)
        self.panel.selection_wanted.connect(self.rigs.select)

    def show_first(self, page: FirstPage) -> None:
        """Show ways to a rig, until one is open."""
        self.pages.addWidget(page)
        self.bar.show_gone(tr("no rig yet"))
        page.refused.connect(lambda text: self.alarm.add(Alarm("error", text)))
        page.opened.connect(lambda: self._show_page(self.signals, alone=False))
        page.opened.connect(self.bar.participant.setFocus)  # what is typed first
        self._show_page(page, alone=True)

    def _show_page(self, page: QWidget, *, alone: bool) -> None:
        self.pages.setCurrentWidget(page)
        self.markers.setVisible(not alone)  # there is nothing yet that would record them
        parts.show_docks(self, not alone)

    def _show_channels(self) -> None:
        self.room.bring(parts.dock_of(self.channels))
        self.channels.tree.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def say(self, text: str) -> None:
        """Say something that needs no answer."""
        self.markers.show_message(text)

    # What comes from the engine.

    def _on_connected(self) -> None:
        self.alarm.drop(_GONE)
        self.engine_clock.meet(self.client.url)
        self.menu_button.show_engine(True)
        self.client.get("rig", self.take_rig)
        self.recording.ask_runs()
        self.proposals.ask()

    def take_rig(self, found: object) -> None:
        """Show the rig that the engine runs."""
        self.rig = RigInfo.model_validate(found)
        if another := self.link.runs_another(self.rig.path, self.rig.text):
            self.alarm.add(Alarm("error", another))
        if not self._live:
            # Not before the session is known: liblsl reads its configuration once.
            configure(configuration(self.rig.parsed["rig"]["lsl_session"]))
            self.viewer.live.start()
            self.watch.start(float(self.rig.parsed["rig"]["powerline_hz"] or 50))
            self._live = True
        if not self.memory.is_open:
            self.room.is_arranged = self.memory.open(self.rig.path or self.client.url)
            self.room.give()
        self.markers.name_keys(self.rig.parsed["rig"]["marker_keys"])
        self.setWindowTitle(f"{self.rig.parsed['rig']['name']} – Unisono")

    def _on_status(self, status: StatusInfo) -> None:
        self._say_opening(status)
        self.status = status
        self._records = status.state in (Phase.RECORDING, Phase.FINISHING)
        self._uids = frozenset(s.uid for s in status.streams)
        if self._live:
            self.engine_clock.hear(status.clock, pylsl.local_clock())
        self.sessions.same_computer = self.engine_clock.same_computer
        self.news.show_status(status)
        self.bar.show_status(status, self.viewer.live.sync_s)
        self.panel.show_status(status, self.viewer.live.others)
        self.cameras.show_status(status.devices, status.streams)
        self.impedances.show_status(status)
        self.protocol.show_status(
            status,
            self.bar.participant.text(),
            same_computer=self.engine_clock.same_computer,
        )
        self.bar.show_playing(self.protocol.plays)
        self.handed_keys.watch(status.listening)
        self.saved.show_status(status, same_computer=self.engine_clock.same_computer)
        self.recording.show_status(status)
        self.sessions.show_status(status)
        self._leaving.look_again()

    def _say_opening(self, status: StatusInfo) -> None:
        """Say what the opening waits for: it takes up to 10 s."""
        was_opening = self.status is not None and self.status.state is Phase.OPENING
        if status.state is Phase.OPENING and status.missing:
            text = tr("Opening; looked for, up to 10 s: {}")
            self.say(text.format("; ".join(code_words.missing(status).values())))
        elif was_opening and status.state is not Phase.OPENING:
            self.say("")

    def _on_gone(self, text: str) -> None:
        self.status = None
        self.handed_keys.watch(False)
        self.news.show_gone()
        self.recording.show_gone()
        self.bar.show_gone()
        self.panel.show_gone()
        self.saved.show_gone()
        self.protocol.show_gone()
        action = tr("Start the engine") if self.link.can_start else ""
        self.alarm.add(Alarm("error", text, action=action, key=_GONE))

    # What the user wants.

    def show_problem(self, problem: Problem) -> None:
        """Say what was not done and what to do about it."""
        text = words(problem)
        self.alarm.add(Alarm("error", text, key=text))  # a second try is refused as the first was

    def _hand_on(self, name: str, text: str, stamp: float | None) -> None:
        self.client.post("protocol/key", {"name": name, "text": text, "time": stamp})

    def _now(self) -> float | None:
        return self.engine_clock.to_engine(pylsl.local_clock()) if self._live else None

    def _is_recorded(self, found: FoundStream) -> bool:
        # Another engine may run the same rig: its streams are called as ours.
        return found.uid in self._uids

    def _on_action(self, key: str) -> None:
        if key == _GONE:
            self.alarm.drop(_GONE)
            self.link.start()

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: N802 - Qt's names
        """Go on by Tab, and past what nobody sees."""
        first = self.focusWidget()
        moved = super().focusNextPrevChild(next)
        while moved and self.focusWidget() is not first and parts.is_behind(self.focusWidget()):
            moved = super().focusNextPrevChild(next)
        return moved

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802
        """Leave: what goes on or is lost by it is said first; an idle engine of ours ends."""
        if not self._leaving.is_clear():
            event.ignore()
            return
        self.memory.save()
        self.link.close(end_engine=not self._records)
        event.accept()

    def release(self) -> None:
        """Let go of cameras and streams, once it is closed: that may take a moment."""
        self.sessions.job.job.close()
        self.cameras.end()
        self.watch.close()
        self.viewer.live.close()
