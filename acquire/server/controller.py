"""One engine, many callers: who starts and stops, one after the other, and what came of it.

The HTTP API, RCS and the signals all come through here. What changes something waits for its turn;
what only looks never waits.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acquire.engine.engine import Engine
from acquire.engine.status import Phase
from acquire.errors import ConfigError, ControlError
from acquire.lasting_thread import LastingThread
from acquire.lsl.clock import local_clock
from acquire.node.transfer.collector import Collector
from acquire.pump.discovery import Selection
from acquire.rig.file import Rig, parse_rig
from acquire.server.checking import Checking, unchecked
from acquire.server.closed_sessions import ClosedSessions
from acquire.server.contents_check import ContentsCheck
from acquire.server.event_book import EventBook
from acquire.server.orders import DeviceOrders, PlayerOrders
from acquire.server.turn import Turn
from acquire.take.folder import Labels
from acquire.take.take import Outcome
from recordings.certificate import Report
from recordings.disk.atomic import replace_file
from recordings.errors import RecordingError, RunTaken
from recordings.manifest import Event, Level, State
from recordings.study.catalogue import Catalogue

log = logging.getLogger(__name__)

WAIT_S = 10.0
"""How long the opening looks for what is not there; it goes on looking ever after."""


@dataclass(frozen=True, slots=True)
class Running:
    """The recording that is being made."""

    folder: Path
    labels: Labels
    lsl_start: float
    started: bool  # False: it was running already


@dataclass(frozen=True, slots=True)
class Stopped:
    """What a stop found: the recording that it ended, or the one before that."""

    outcome: Outcome | None  # None: nothing has been recorded yet
    stopped: bool  # False: nothing was being recorded
    report: Report | None = None
    problem: str | None = None  # why there is no report, where one was asked for


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
        self._allow_missing = allow_missing
        self._config = config
        self.catalogue = Catalogue(data_dir)
        self.events = EventBook()
        self.checking = Checking(self._is_busy, self.report)
        self.contents = ContentsCheck(
            data_dir if checks else None, self._goes_first, self.checking.learn, self._complain
        )
        self._checks = checks
        self._turn = Turn()
        self.sessions = ClosedSessions(
            self._turn,
            self.checking,
            self.contents,
            self._is_any_open,
            self.report,
        )
        self.devices = DeviceOrders(self._opened)
        self.player = PlayerOrders(self._opened)
        self.engine = self._engine()
        self.collector = self._new_collector()
        self.running: Running | None = None
        self.last: Outcome | None = None
        self._opening = True
        self._closing = threading.Event()
        self._broken = threading.Event()
        self._keeper = LastingThread("keeper", self._keep, self._closing, self._complain)

    def _engine(self) -> Engine:
        alone = not self.rig.devices and not self.rig.expect
        return Engine(
            self.rig,
            Selection(expect=self.rig.expect, everything=alone),
            self._config,
            on_event=self._hear,
            on_failure=self._on_failure,
            publish_markers=True,
            data_dir=self.data_dir,
        )

    def _new_collector(self) -> Collector:
        return Collector(
            self.rig.nodes,
            self.data_dir,
            self._is_busy,
            self.sessions.change,
            self.report,
            self._recheck,
        )

    def _recheck(self, folder: Path) -> None:
        if self._checks:
            self.checking.add([folder])

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
        self._keeper.start()
        self.collector.start()
        self.checking.start()
        self.contents.start()
        if self._checks:
            self.checking.add(unchecked(self.data_dir))

    def _is_busy(self) -> bool:
        return self.engine.takes.running is not None

    def _is_any_open(self) -> bool:
        return bool(self.engine.takes.open)

    def _goes_first(self) -> bool:
        return self._is_busy() or self.checking.is_busy

    def cancel(self) -> None:
        """End the opening."""
        self._closing.set()
        self._broken.set()

    def close(self) -> None:
        """Finish the recording, if there is one, and end everything."""
        self.cancel()
        if self._keeper.ident is not None:
            self._keeper.join()
        self.collector.close()
        self.checking.close()
        self.contents.close()
        with self._turn.awaited():
            try:
                if self.running is not None:
                    self._stop()
            finally:
                self.engine.close()

    def _on_failure(self) -> None:
        self._broken.set()

    def _complain(self, text: str) -> None:
        self.report("engine", "error", "internal", text)

    def _keep(self) -> None:
        """Stop a recording that cannot go on: the engine leaves that to whoever started it."""
        while True:
            self._broken.wait()
            if self._closing.is_set():
                return
            self._broken.clear()
            with self._turn.awaited():
                if self.running is not None:
                    self._stop()

    # Looking.

    @property
    def state(self) -> Phase:
        """What is going on; `failed` = the last recording ended because it could not go on."""
        phase = self.engine.status.phase
        if self._opening:
            return Phase.OPENING
        last = self.last
        failed = phase is Phase.IDLE and last is not None and last.state is State.FAILED
        return Phase.FAILED if failed else phase

    # Recording.

    def start(
        self, labels: Labels, notes: str = "", run: int | None = None, *, next_run: bool = False
    ) -> Running:
        """Begin a recording; while there is one already, give that.

        Args:
            labels: what the session is called.
            notes: free text for the manifest.
            run: its number; None = the next one.
            next_run: whether a number that is taken gives the next one, instead of an error.

        Raises:
            AcquireError, RecordingError: it cannot be begun.
        """
        with self._turn.taken():
            if self._closing.is_set():
                raise ControlError("the daemon is ending; start it again")
            if (running := self.running) is not None:
                return Running(running.folder, running.labels, running.lsl_start, started=False)
            self._refuse_nothing()
            self._broken.clear()
            try:
                lsl_start = self._begin(labels, notes, run)
            except RunTaken:
                if not next_run:
                    raise
                lsl_start = self._begin(labels, notes, None)
            self.running = Running(self._folder(), labels, lsl_start, started=True)
            return self.running

    def _begin(self, labels: Labels, notes: str, run: int | None) -> float:
        return self.engine.start(
            self.data_dir, labels, notes, run, allow_missing=self._allow_missing
        )

    def _refuse_nothing(self) -> None:
        """Refuse a recording that would be of nothing."""
        if self.engine.selection == frozenset():
            raise ControlError("no stream is selected; select some, or all")
        if not self._allow_missing and not self.engine.has_data:
            raise ControlError(
                "there is no stream of data that could be recorded; start a device or a program "
                "that sends one, or the daemon with --allow-missing"
            )

    def _folder(self) -> Path:
        take = self.engine.takes.running
        assert take is not None
        return take.path

    def stop(self, *, verify: bool = False) -> Stopped:
        """End the recording; when there is none, give the last one.

        A stop that comes during a start waits until it has begun, and ends it then.

        Raises:
            AcquireError: others keep the engine busy.
        """
        with self._turn.taken():
            found = self.running is not None
            if found:
                self._stop()
            last = self.last
        if not verify or last is None:
            return Stopped(last, found)
        return self._verified(last, stopped=found)

    def split(
        self, labels: Labels | None = None, notes: str = "", *, verify: bool = False
    ) -> tuple[Stopped, Running]:
        """Go on in another session, the next run unless `labels` differ; no sample is lost.

        Raises:
            AcquireError, RecordingError: nothing runs, or the next session cannot be begun; what
                runs goes on.
        """
        with self._turn.taken():
            if (running := self.running) is None:
                raise ControlError("nothing is being recorded; start a recording")
            labels = labels or running.labels
            closing, lsl_split = self.engine.split(self.data_dir, labels, notes)
            after = self.running = Running(self._folder(), labels, lsl_split, started=True)
        # Out of turn: the first is closed while the second records, and may even be stopped.
        outcome = closing.result()
        with self._turn.taken():
            if self.last is None or self.last.take < outcome.take:
                self.last = outcome
        self._check(outcome)
        if not verify:
            return Stopped(outcome, stopped=True), after
        return self._verified(outcome, stopped=True), after

    def _verified(self, outcome: Outcome, *, stopped: bool) -> Stopped:
        # Out of turn: a check takes a while, and the next recording need not wait for it.
        try:
            if self.checking.of(outcome.path) is None:
                self.checking.add([outcome.path])
            return Stopped(outcome, stopped, report=self.checking.wait_for(outcome.path))
        except RecordingError as error:
            return Stopped(outcome, stopped, problem=str(error))

    def _stop(self) -> None:
        try:
            self.last = self.engine.stop()
        finally:
            self.running = None
        self._check(self.last)

    def _check(self, outcome: Outcome) -> None:
        if self._checks:
            self.checking.add([outcome.path])

    # The rest.

    def mark(self, text: str, code: int | None = None, time: float | None = None) -> float:
        """Publish a marker; gives the LSL time of its stamp."""
        if self._opening or self._closing.is_set():
            raise ControlError("no marker can be set while the daemon is opening or ending")
        return self.engine.mark(text, code, time)

    def select(self, names: Iterable[str] | None) -> None:
        """Choose the streams of the next recording by name; None = all."""
        with self._turn.taken():
            self.engine.select(names)

    def report(self, source: str, level: Level, code: str, text: str) -> None:
        """Tell everybody what happened; it is not a recording's business."""
        self._hear(Event(time=local_clock(), source=source, level=level, code=code, text=text))

    def note(self, text: str, time: float | None = None) -> None:
        """Keep a note among the events, of now or of an LSL time."""
        self.engine.report("operator", "info", "note", text, time=time)

    # The rig.

    def _opened(self) -> Engine:
        if self._opening or self._closing.is_set():
            raise ControlError("the daemon is opening or ending; see GET /api/status")
        return self.engine

    def change_device(self, name: str, settings: dict[str, Any]) -> None:
        """Start a device anew with other settings; the rig file stays as it is.

        Raises:
            AcquireError: they are not allowed, a recording runs, or the device does not start.
        """
        with self._turn.taken():
            self._opened().change_device(name, settings)
            self.rig = self.engine.rig

    def change_rig(self, text: str, *, save: bool) -> None:
        """Run another rig; `save` writes it to the rig file, whose path stays.

        Raises:
            ConfigError: it is not valid; the rig before goes on.
            ControlError: a recording runs, or the rig file cannot be written.
        """
        with self._turn.taken():
            self._opened()
            if self.running is not None:
                raise ControlError("a recording runs; stop it before the rig is changed")
            rig = parse_rig(text, self.rig.path)
            if rig.table.lsl_session != self.rig.table.lsl_session:
                raise ConfigError("rig.lsl_session: liblsl reads it once; restart the daemon")
            if save:
                self._save_rig(text)
            self._opening = True
            self.engine.close()
            self.rig, self.last = rig, None
            self.engine = self._engine()
            self._collect_anew()
            try:
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
        try:
            replace_file(self.rig.path, text.encode())
        except OSError as error:
            raise ControlError(
                f"{self.rig.path}: cannot be written ({error.strerror}); check its permissions"
            ) from error
