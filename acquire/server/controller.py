"""One engine, many callers: who starts and stops, one after the other, and what came of it.

The HTTP API, RCS and the signals all come through here. What changes something waits for its turn;
what only looks never waits.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from acquire.engine.engine import Engine
from acquire.engine.status import Phase
from acquire.errors import ConfigError, ControlError
from acquire.lsl.clock import local_clock
from acquire.node.transfer.collector import Collector
from acquire.pump.selection import Selection
from acquire.rig.file import Rig, parse_rig
from acquire.server.checking.checks import Checks
from acquire.server.closed_sessions import ClosedSessions
from acquire.server.event_book import EventBook
from acquire.server.recording_orders import RecordingOrders
from acquire.server.turn import Turn
from acquire.text_files import read_written
from recordings.disk.atomic import replace_file
from recordings.manifest import State
from recordings.manifest_entries import Event, Level
from recordings.study.catalogue import Catalogue

WAIT_S = 10.0
"""How long the opening looks for what is not there; it goes on looking ever after."""
HASHED_S = 10.0
"""How long another rig waits for the hashes of what was recorded: a raw video takes minutes."""
NEWEST = 25
"""Rows of sessions that are read before anybody asks: the window shows so many at first."""


class Controller:
    """Serializes what callers want of one engine."""

    def __init__(
        self,
        rig: Rig,
        data_dir: Path,
        config: str | None,
        *,
        allow_missing: bool = False,
        checks: bool = True,
    ) -> None:
        """Prepare.

        Args:
            rig: what is run.
            data_dir: where sessions go.
            config: the text for liblsl.
            allow_missing: whether a recording may begin while there is no stream of data.
            checks: whether each session is checked after its closing.
        """
        self.rig, self.data_dir = rig, data_dir
        self._saved = rig.text  # what the rig file holds, as far as is known here
        self._config = config
        self.catalogue = Catalogue(data_dir)
        self.events = EventBook()
        self.checks = Checks(self.catalogue, self._is_busy, self.report, of_themselves=checks)
        self._turn = Turn()
        self.sessions = ClosedSessions(
            self._turn, self.checks.forget, self._is_any_open, self.report
        )
        self.recording = RecordingOrders(
            data_dir,
            self._turn,
            lambda: self.engine,
            self.checks,
            self.report,
            allow_missing=allow_missing,
        )
        self.engine = self._engine()
        self.collector = self._new_collector()
        self._opening = True
        self._closing = threading.Event()

    def _engine(self) -> Engine:
        alone = not self.rig.devices and not self.rig.expect
        return Engine(
            self.rig,
            Selection(expect=self.rig.expect, everything=alone),
            self._config,
            on_event=self._hear,
            on_failure=self.recording.fail,
            publish_markers=True,
            data_dir=self.data_dir,
        )

    def _new_collector(self) -> Collector:
        return Collector(
            self.rig.nodes,
            self.data_dir,
            self.catalogue,
            self._is_busy,
            self.sessions.change,
            self.report,
            self.checks.closed,
        )

    def _hear(self, event: Event) -> None:
        self.events.add(event)

    # Life.

    def open(self) -> None:
        """Start the rig; what is missing may come later.

        Raises:
            AcquireError: the rig cannot work: two devices have a stream of one name.
        """
        with self._turn.taken():
            try:
                self.engine.open(WAIT_S, allow_missing=True, cancelled=self._closing.is_set)
            finally:
                self._opening = False
        self.recording.open()
        self.collector.start()
        self.checks.start()
        self.catalogue.page(0, NEWEST)  # whoever looks for the first time does not wait for it

    def _is_busy(self) -> bool:
        return self.engine.takes.running is not None

    def _is_any_open(self) -> bool:
        return bool(self.engine.takes.open)

    def cancel(self) -> None:
        """End the opening."""
        self._closing.set()
        self.recording.cancel()

    def close(self) -> None:
        """Finish the recording, if there is one, and end everything."""
        self.cancel()
        self.recording.join()  # it takes a turn itself, and is not waited for in one
        try:
            # First: what is recorded matters most, and the rest waits for nodes.
            with self._turn.awaited():
                self.recording.close()
        finally:
            self.collector.close()
            self.checks.close()
            with self._turn.awaited():
                self.engine.close()

    # Looking.

    @property
    def state(self) -> Phase:
        """What is going on; `failed` = the last recording ended because it could not go on.

        Whoever reads this first and `recording` after has the outcome of what is said to be over.
        """
        phase = self.engine.status.phase
        if self._opening:
            return Phase.OPENING
        if phase is not Phase.IDLE:
            return phase
        if self.recording.running is not None:  # it is closed, and what came of it not yet told
            return Phase.FINISHING
        last = self.recording.last
        failed = last is not None and last.state is State.FAILED
        return Phase.FAILED if failed else phase

    # The rest.

    def mark(self, text: str, code: int | None = None, time: float | None = None) -> float:
        """Publish a marker; gives the LSL time of its stamp."""
        if self._opening or self._closing.is_set():
            raise ControlError("no marker can be set while the daemon is opening or ending")
        return self.engine.streams.mark(text, code, time)

    def select(self, names: Iterable[str] | None) -> None:
        """Choose the streams of the next recording by name; None = all."""
        with self._turn.taken():
            self.engine.streams.select(names)

    def report(self, source: str, level: Level, code: str, text: str) -> None:
        """Tell everybody what happened; it is not a recording's business."""
        self._hear(Event(time=local_clock(), source=source, level=level, code=code, text=text))

    def note(self, text: str, time: float | None = None) -> None:
        """Keep a note among the events, of now or of an LSL time."""
        self.engine.report("operator", "info", "note", text, time=time)

    # The rig.

    def opened(self) -> Engine:
        """Give the engine of now, for orders to devices and the player: another after a new rig.

        Raises:
            ControlError: it is being opened or ended.
        """
        if self._opening or self._closing.is_set():
            raise ControlError("the daemon is opening or ending; see GET /api/status")
        return self.engine

    def change_device(self, name: str, settings: dict[str, Any]) -> None:
        """Start a device anew with other settings; the rig file stays as it is.

        Raises:
            AcquireError: they are not allowed, a recording runs, or the device does not start.
        """
        with self._turn.taken():
            self.opened().change_device(name, settings)
            self.rig = self.engine.rig

    def change_rig(self, text: str, *, save: bool) -> None:
        """Run another rig; `save` writes it to the rig file, whose path stays.

        Raises:
            ConfigError: it is not valid; the rig before goes on.
            ControlError: a recording runs, or the rig file cannot be written.
        """
        with self._turn.taken():
            self.opened()
            if self.recording.running is not None:
                raise ControlError("a recording runs; stop it before the rig is changed")
            rig = parse_rig(text, self.rig.path)
            if rig.table.lsl_session != self.rig.table.lsl_session:
                raise ConfigError("rig.lsl_session: liblsl reads it once; restart the daemon")
            if not self.engine.takes.wait_hashed(HASHED_S):
                # Its engine would be ended, which waits for that, and nothing could be recorded.
                raise ControlError(
                    "what was recorded is still being hashed; try again in some minutes, or record "
                    "on with this rig"
                )
            if save:
                self._save_rig(text)
            self._opening = True
            try:
                self.engine.close()
                self.rig, self.recording.last = rig, None
                self.engine = self._engine()
                self._collect_anew()
                self.engine.open(WAIT_S, allow_missing=True, cancelled=self._closing.is_set)
            finally:
                self._opening = False

    def _collect_anew(self) -> None:
        """Collect from the nodes of another rig; without waiting for a block on its way."""
        self.collector.close()
        self.collector = self._new_collector()
        self.collector.start()

    def _save_rig(self, text: str) -> None:
        if self.rig.path is None:
            raise ControlError("the daemon was started without a rig file; start it with one")
        if self.rig.path.exists() and read_written(self.rig.path, "") not in (self._saved, text):
            raise ControlError(
                f"{self.rig.path}: another program has changed it since it was opened, and that "
                "would be lost; run this without saving, or end the engine and open the rig again"
            )
        try:
            replace_file(self.rig.path, text.encode())
        except OSError as error:
            raise ControlError(
                f"{self.rig.path}: cannot be written ({error.strerror}); check its permissions"
            ) from error
        self._saved = text
