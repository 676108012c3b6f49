"""One engine, many callers: who starts and stops, one after the other, and what came of it.

The HTTP API, RCS and the signals all come through here. What changes something waits for its turn;
what only looks never waits.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from acquire.engine.engine import Engine
from acquire.engine.status import Phase
from acquire.errors import ConfigError, ControlError
from acquire.lasting_thread import LastingThread
from acquire.lsl.clock import local_clock
from acquire.node.collector import Collector
from acquire.player.link import refuse_stand_in
from acquire.player.messages import PlayOrder
from acquire.processes.messages import Preview, TakePreview
from acquire.pump.discovery import Selection
from acquire.rig.file import Rig, parse_rig
from acquire.server.checking import Checking, unchecked
from acquire.server.contents_check import ContentsCheck
from acquire.server.event_book import EventBook
from acquire.take.folder import Labels
from acquire.take.take import Outcome
from recordings.certificate import Report
from recordings.disk.atomic import replace_file
from recordings.errors import RecordingError, RunTaken
from recordings.manifest import MANIFEST_NAME, Event, Level, Manifest, State
from recordings.privacy.erase import Erased, Plan, erase, plan
from recordings.study.catalogue import Catalogue

log = logging.getLogger(__name__)

WAIT_S = 10.0
"""How long the opening looks for what is not there; it goes on looking ever after."""
TURN_S = 60.0
"""How long a caller waits for its turn: more than the longest stop takes."""


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
        self.engine = self._engine()
        self.collector = self._new_collector()
        self.running: Running | None = None
        self.last: Outcome | None = None
        # One order at a time, in the order of their coming: an engine is not asked to start and to
        # stop at once. Never held while a check runs or a split's first take is closed.
        self._turn = threading.Lock()
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
            self.change_manifest,
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
        with self._my_turn():
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
        with self._turn:
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
            with self._turn:
                if self.running is not None:
                    self._stop()

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=TURN_S):
            raise ControlError(f"busy for {TURN_S:g} s with what others asked for; try again")
        try:
            yield
        finally:
            self._turn.release()

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
        with self._my_turn():
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
        with self._my_turn():
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
        with self._my_turn():
            if (running := self.running) is None:
                raise ControlError("nothing is being recorded; start a recording")
            labels = labels or running.labels
            closing, lsl_split = self.engine.split(self.data_dir, labels, notes)
            after = self.running = Running(self._folder(), labels, lsl_split, started=True)
        # Out of turn: the first is closed while the second records, and may even be stopped.
        outcome = closing.result()
        with self._my_turn():
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

    def mark_unusable(self, folder: Path, reason: str) -> None:
        """Write into a session's manifest why it is not to be used; an empty reason takes it back.

        Raises:
            ControlError: the recording is not closed, or its files are still being hashed: their
                writer would write over this.
            RecordingError: its manifest cannot be read.
        """
        reason = " ".join(reason.split())
        self.change_manifest(folder, lambda m: m.model_copy(update={"unusable": reason or None}))
        told = f"marked as not usable: {reason}" if reason else "is usable again"
        self.report(
            "operator", "info", "usable" if not reason else "unusable", f"{folder.name} {told}"
        )

    def change_manifest(self, folder: Path, change: Callable[[Manifest], Manifest]) -> None:
        """Change the manifest of a closed session; whatever else changes one waits for its turn.

        Raises:
            ControlError: the recording is not closed, or its files are still being hashed: their
                writer would write over this.
            RecordingError: its manifest cannot be read.
        """
        with self._my_turn():
            manifest = Manifest.load(folder)
            if manifest.hashing or manifest.state in (State.ARMED, State.RECORDING):
                raise ControlError(
                    f"{folder.name}: is not closed yet; try again in a moment, when nothing records"
                )
            path = folder / MANIFEST_NAME
            before = path.stat()
            change(manifest).save(folder)
            # Lists go by this time: a session keeps its place.
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    def withdrawal(self, folder: Path) -> Plan:
        """Find everything of the participant of a session, in its study, exports included.

        Raises:
            RecordingError: one of the sessions is being recorded, or the label is none.
        """
        return plan(*_study_and_participant(folder))

    def withdraw(self, folder: Path, pseudonym: str) -> Erased:
        """Delete everything of a participant who has withdrawn.

        Args:
            folder: one of the sessions.
            pseudonym: the participant once more, so that nothing is deleted by a slip.

        Raises:
            ControlError: something records or is checked, or it is another pseudonym.
            RecordingError: it cannot be logged.
        """
        with self._my_turn():
            if self.engine.takes.open:
                raise ControlError("a recording runs or is being closed; withdraw after it")
            planned = self.withdrawal(folder)
            if pseudonym != planned.participant:
                raise ControlError(
                    f"{pseudonym!r} is not the participant of this session; type the pseudonym "
                    "exactly"
                )
            if any(_is_hashing(session) for session in planned.sessions):
                raise ControlError("a session is still being closed; try again in a minute")
            self.checking.forget(planned.sessions)
            self.contents.forget(planned.sessions)
            done = erase(_study_and_participant(folder)[0], planned)
        level: Level = "warning" if done.left else "info"
        left = f"; not deleted: {', '.join(done.left)}" if done.left else ""
        text = f"a participant was withdrawn: {done.files} files deleted{left}"
        self.report("operator", level, "withdrawn", text)
        return done

    # The rest.

    def mark(self, text: str, code: int | None = None, time: float | None = None) -> float:
        """Publish a marker; gives the LSL time of its stamp."""
        if self._opening or self._closing.is_set():
            raise ControlError("no marker can be set while the daemon is opening or ending")
        return self.engine.mark(text, code, time)

    def select(self, names: Iterable[str] | None) -> None:
        """Choose the streams of the next recording by name; None = all."""
        with self._my_turn():
            self.engine.select(names)

    def report(self, source: str, level: Level, code: str, text: str) -> None:
        """Tell everybody what happened; it is not a recording's business."""
        self._hear(Event(time=local_clock(), source=source, level=level, code=code, text=text))

    def note(self, text: str, time: float | None = None) -> None:
        """Keep a note among the events, of now or of an LSL time."""
        self.engine.report("operator", "info", "note", text, time=time)

    # Devices and the rig.

    def start_device(self, name: str) -> bool:
        """Start a device; False = it runs already. Does not wait for others' recordings.

        Raises:
            AcquireError: there is none of that name, or it does not start.
        """
        self._must_be_open()
        return self.engine.devices.start(name)

    def stop_device(self, name: str) -> bool:
        """Stop a device, also while it is being recorded; False = it does not run.

        Raises:
            AcquireError: there is none of that name.
        """
        self._must_be_open()
        return self.engine.devices.stop(name)

    def _must_be_open(self) -> None:
        if self._opening or self._closing.is_set():
            raise ControlError("the daemon is opening or ending; see GET /api/status")

    def change_device(self, name: str, settings: dict[str, Any]) -> None:
        """Start a device anew with other settings; the rig file stays as it is.

        Raises:
            AcquireError: they are not allowed, a recording runs, or the device does not start.
        """
        with self._my_turn():
            self._must_be_open()
            self.engine.change_device(name, settings)
            self.rig = self.engine.rig

    def change_rig(self, text: str, *, save: bool) -> None:
        """Run another rig; `save` writes it to the rig file, whose path stays.

        Raises:
            ConfigError: it is not valid; the rig before goes on.
            ControlError: a recording runs, or the rig file cannot be written.
        """
        with self._my_turn():
            self._must_be_open()
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

    def load_protocol(self, order: PlayOrder) -> None:
        """Start a stimulus player with a protocol.

        Raises:
            AcquireError: it cannot be played, or another one is, or a preview would be recorded.
        """
        self._must_be_open()
        refuse_stand_in(self.rig)
        if order.only_trial is not None and self.engine.takes.running is not None:
            raise ControlError(
                "a recording runs, and a preview's markers would be in it; stop the recording first"
            )
        self.engine.player.load(order)

    def order_player(self, name: str) -> None:
        """Have the player start, pause, resume, skip, repeat or abort; waits for no recording.

        Raises:
            ControlError: nothing is loaded, or it cannot be done now.
        """
        self._must_be_open()
        self.engine.player.command(name)

    def hand_on_key(self, name: str, text: str, time: float | None, via: str) -> None:
        """Hand a key to the player; of no account where no page listens.

        Raises:
            ControlError: nothing is loaded, or the player died.
        """
        self._must_be_open()
        args = {"name": name, "text": text, "time": time, "via": via}
        self.engine.player.command("key", args)

    def command(self, device: str, name: str, args: dict[str, Any]) -> dict[str, Any]:
        """Pass a command to a driver; gives its answer."""
        return self.engine.devices[device].command(name, args)

    def preview(self, device: str, stream: str | None) -> Preview:
        """Make a preview of a camera's next frame.

        Raises:
            AcquireError: it is no camera, or no frame comes.
        """
        process = self.engine.devices[device]
        names = [video.name for video in process.snapshot.videos]
        if not names:
            raise ControlError(f"{device}: is not a camera that runs")
        if stream is not None and stream not in names:
            raise ControlError(f"{device}: has no video {stream!r}; there are: {', '.join(names)}")
        found: Preview | None = process.request(TakePreview(stream or names[0]))
        if found is None:
            raise ControlError(f"{device}: no frame came; see its state")
        return found


def _study_and_participant(folder: Path) -> tuple[Path, str]:
    return folder.parents[2], folder.parents[1].name.removeprefix("sub-")


def _is_hashing(folder: Path) -> bool:
    try:
        return Manifest.load(folder).hashing
    except RecordingError:  # damaged: nobody hashes it
        return False
