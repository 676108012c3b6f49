"""Who starts and stops recordings, one after the other, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from acquire.engine.engine import Engine
from acquire.errors import ControlError
from acquire.lasting_thread import LastingThread
from acquire.processes.messages import Tell, internal
from acquire.server.checking.checks import Checks
from acquire.server.data_lock import gone
from acquire.server.turn import Turn
from acquire.take.folder import Labels
from acquire.take.take import Outcome
from recordings.certificate import Report
from recordings.errors import RunTaken


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


class RecordingOrders:
    """What is asked of the one engine that records: each order waits for its turn."""

    def __init__(
        self,
        data_dir: Path,
        turn: Turn,
        engine: Callable[[], Engine],
        checks: Checks,
        report: Tell,
        *,
        allow_missing: bool,
    ) -> None:
        """Prepare.

        Args:
            data_dir: where sessions go.
            turn: shared with whoever else changes something.
            engine: gives the engine of now.
            checks: get each session after its closing.
            report: hears of faults of this program.
            allow_missing: whether a recording may begin while there is no stream of data.
        """
        self._data_dir, self._turn = data_dir, turn
        self._engine, self._checks = engine, checks
        self._allow_missing = allow_missing
        self.running: Running | None = None
        self.last: Outcome | None = None
        self._closing = threading.Event()
        self._broken = threading.Event()
        self._keeper = LastingThread("keeper", self._keep, self._closing, internal(report))

    # Life.

    def open(self) -> None:
        """Look after recordings that cannot go on."""
        self._keeper.start()

    def fail(self) -> None:
        """Have the recording that runs stopped, as it cannot go on."""
        self._broken.set()

    def cancel(self) -> None:
        """Begin none any more."""
        self._closing.set()
        self._broken.set()

    def join(self) -> None:
        """Wait until nobody stops a recording that could not go on."""
        self._keeper.end()

    def close(self) -> None:
        """Finish the one that runs, if there is one; in a turn of the caller's."""
        if self.running is not None:
            self._stop()

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

    # Orders.

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
            self._refuse_elsewhere()
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
        return self._engine().start(
            self._data_dir, labels, notes, run, allow_missing=self._allow_missing
        )

    def _refuse_elsewhere(self) -> None:
        """Refuse a recording that would be on another disk than everybody thinks."""
        if (problem := gone(self._data_dir)) is not None:
            raise ControlError(problem)

    def _refuse_nothing(self) -> None:
        """Refuse a recording that would be of nothing."""
        if self._engine().streams.selection == frozenset():
            raise ControlError("no stream is selected; select some, or all")
        if not self._allow_missing and not self._engine().streams.has_data:
            raise ControlError(
                "there is no stream of data that could be recorded; start a device or a program "
                "that sends one, or the daemon with --allow-missing"
            )

    def _folder(self) -> Path:
        take = self._engine().takes.running
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
                self._engine().player.tell_of_stop()
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
            self._refuse_elsewhere()
            labels = labels or running.labels
            closing, lsl_split = self._engine().split(self._data_dir, labels, notes)
            after = self.running = Running(self._folder(), labels, lsl_split, started=True)
        # Out of turn: the first is closed while the second records, and may even be stopped.
        outcome = closing.result()
        with self._turn.taken():
            if self.last is None or self.last.take < outcome.take:
                self.last = outcome
        self._checks.closed(outcome.path)
        if not verify:
            return Stopped(outcome, stopped=True), after
        return self._verified(outcome, stopped=True), after

    def _verified(self, outcome: Outcome, *, stopped: bool) -> Stopped:
        # Out of turn: a check takes a while, and the next recording need not wait for it.
        return Stopped(outcome, stopped, *self._checks.report_of(outcome.path))

    def _stop(self) -> None:
        try:
            self.last = self._engine().stop()
        finally:
            self.running = None
        self._checks.closed(self.last.path)
