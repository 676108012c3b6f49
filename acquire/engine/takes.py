"""The takes of an engine: begun, split, stopped, and closed in the background.

It holds those that are not closed, oldest first; the last one may run. A start, a stop and a split
set an interval, under the pump's lock, and give the orders; nothing else knows a current take.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from acquire.engine.apparatus import Apparatus
from acquire.engine.beginnings import BARRIER_S, Beginnings
from acquire.engine.cameras import ARM_FOR_SPLIT_S
from acquire.engine.closings import Closings
from acquire.engine.streams import CONNECTED_S
from acquire.engine.take_watch import TakeWatch
from acquire.errors import ControlError
from acquire.lsl.clock import local_clock
from acquire.processes.messages import Interval
from acquire.take.closing import Complain, guarded
from acquire.take.folder import Labels
from acquire.take.hashing import Hashing
from acquire.take.take import GATED_DRAIN_S, SPLIT_DRAIN_S, STOP_DRAIN_S, Outcome, Take
from recordings.disk import synced
from recordings.errors import RecordingError

STOP_AHEAD_S = 0.01
SHORTEST_S = 1.0
"""How long a take lasts, at least, before it is split."""
MAX_OPEN = 3
"""Takes that may be open at once, one that runs among them: a fourth is refused."""


class Takes:
    """The recordings of one engine that are not closed."""

    def __init__(self, apparatus: Apparatus, on_failure: Callable[[], None]) -> None:
        """Prepare.

        Args:
            apparatus: what they are made with.
            on_failure: called once the take that runs cannot go on, from any thread.
        """
        self._pump, self._cameras = apparatus.pump, apparatus.cameras
        self._devices, self._report = apparatus.devices, apparatus.reporter.report
        self._on_failure = on_failure
        self.open: list[Take] = []  # not closed yet, oldest first; replaced whole
        # Takes are added by whoever starts or splits, and taken out by the threads that close.
        self._lock = threading.Lock()
        self._hashing = Hashing(
            lambda: self.running is not None,
            self._complain_of_hash,
            lambda text: self._report("engine", "warning", "hashing", text),
        )
        self._watch = TakeWatch(apparatus, self.failed, lambda: len(self.open) == 1)
        self._beginnings = Beginnings(
            apparatus, self._watch, self._hold, self._forget, self._complain_of(None)
        )
        self._closings = Closings(
            apparatus, self._watch, self._hashing, self._complain_of, self._forget
        )

    @property
    def running(self) -> Take | None:
        """The take that is recorded now."""
        return next((take for take in reversed(self.open) if take.interval.runs), None)

    # Beginning.

    def start(
        self,
        data_dir: Path,
        labels: Labels,
        notes: str,
        run: int | None,
        *,
        allow_missing: bool,
    ) -> Take:
        """Begin a session; see `Engine.start`."""
        self._refuse_another()
        if not allow_missing:
            self._beginnings.require_nodes()
        self._beginnings.require_space(data_dir)
        folder = self._beginnings.folder(data_dir, labels, notes, run)
        take = self._beginnings.start(folder, folder.xdf, all_of_nodes=not allow_missing)
        name = folder.folder.name
        self._report("engine", "info", "recording-start", f"recording {name}", take.number)
        self._beginnings.hold_codecs_against(data_dir)
        if (text := synced.warning(data_dir)) is not None:
            self._report("engine", "info", "folder-synced", text, take.number)
        return take

    def start_file(self, path: Path, early_s: float = 0.0) -> Take:
        """Begin a bare XDF file, with the samples stamped up to `early_s` before, too.

        Raises:
            ControlError: a recording is running.
            RecordingError: the file exists, or cannot be made.
        """
        self._refuse_another()
        self._beginnings.require_space(path.parent)
        return self._beginnings.start(None, path, early_s)

    def discard(self) -> None:
        """Undo the bare file that an opening has begun; nothing where there is none."""
        if (take := self.running) is not None and take.folder is None:
            self._beginnings.abandon(take, None)
            take.xdf.file.path.unlink(missing_ok=True)

    def _refuse_another(self) -> None:
        if any(take.is_open for take in self.open):
            raise ControlError("cannot start: a recording is running; stop it, or split it")
        self._refuse_a_fourth()

    def _refuse_a_fourth(self) -> None:
        if len(self.open) >= MAX_OPEN:
            raise ControlError(
                f"{len(self.open)} recordings are open, {MAX_OPEN} at most; wait until the "
                "first of them is closed"
            )

    def _hold(self, take: Take) -> None:
        with self._lock:
            self.open = [*self.open, take]

    def _forget(self, take: Take) -> None:
        with self._lock:
            self.open = [other for other in self.open if other is not take]
            if not any(other.is_open for other in self.open):
                self._beginnings.let_sleep()

    def _complain_of(self, take: Take | None) -> Complain:
        number = take.number if take is not None else None
        return lambda code, text: self._report("engine", "error", code, text, number)

    def _complain_of_hash(self, take: Take, text: str) -> None:
        self._report("engine", "error", "not-hashed", f"{take.path.name}: {text}", take.number)

    def failed(self, take: Take, error: RecordingError) -> None:
        """A take cannot go on; if it still runs, somebody has to call `stop`."""
        take.failure = error
        self._report("engine", "error", "recording-failed", str(error), take.number)
        if take.is_open:
            self._on_failure()

    def watch(self) -> None:
        """Look after the take that runs."""
        if (take := self.running) is not None:
            self._watch.look(take)

    def stop(self, lsl_stop: float = 0.0) -> Outcome:
        """End the recording; see `Engine.stop`."""
        take = self.running
        if take is None:
            raise ControlError("cannot stop: no recording is running")
        start = take.interval.start
        lsl_stop = max(lsl_stop, local_clock() + STOP_AHEAD_S, start + STOP_AHEAD_S)
        take.drain_s = GATED_DRAIN_S if take.gated else STOP_DRAIN_S
        with self._pump.held():
            take.interval = Interval(start, lsl_stop)
        self._cameras.stop(take)
        self._report("engine", "info", "recording-stop", "stopping", take.number)
        self._closings.begin(take)
        return take.outcome.result()

    def split(
        self, data_dir: Path, labels: Labels, notes: str = ""
    ) -> tuple[Future[Outcome], float]:
        """Go on in another session; see `Engine.split`."""
        before = self.running
        if before is None or before.folder is None:
            raise ControlError("cannot split: no session is being recorded")
        self._refuse_a_fourth()
        self._beginnings.require_space(data_dir)
        folder = self._beginnings.folder(data_dir, labels, notes)
        name = folder.folder.name
        after = None
        try:
            after = self._beginnings.make(folder, folder.xdf, continues=True)
            self._beginnings.arm(after, ARM_FOR_SPLIT_S)
            folder.change(continues=before.folder.folder.name)
        except BaseException as error:
            self._beginnings.abandon(after, folder)
            if isinstance(error, OSError):
                raise RecordingError(f"{folder.folder}: cannot be begun: {error}") from error
            raise
        lsl_split = max(local_clock() + BARRIER_S, before.interval.start + SHORTEST_S)
        before.drain_s = SPLIT_DRAIN_S
        with self._pump.held():  # both at once: no sample is in none of them
            before.interval = Interval(before.interval.start, math.nextafter(lsl_split, -math.inf))
            before.goes_on = True
            after.interval = Interval(lsl_split)
        # The new one is begun first: a frame between the two orders is then in the older one.
        self._cameras.start(after)
        self._cameras.stop(before)
        self._report("engine", "info", "recording-split", f"goes on in {name}", before.number)
        complain = self._complain_of(None)
        guarded("session.json", lambda: self._beginnings.note(after), complain)
        first = before.folder
        guarded("session.json", lambda: first.change(continued_in=name), complain)
        self._closings.begin(before)
        return before.outcome, lsl_split

    # Cameras come and go.

    def arm_again(self, device: str, *, only_missing: bool = False) -> None:
        """Store the cameras of a device that runs again, once the rows of its frames arrive.

        No frame is stored before: it would have no time. Files are made meanwhile, so that none
        is captured in vain after.

        Args:
            device: its name.
            only_missing: in takes that have begun without it; in the others it has gone on, while
                its node was away.
        """
        link = self._devices[device]
        snapshot = link.snapshot
        if only_missing and not snapshot.runs:
            return
        opened = snapshot.opened
        takes = [take for take in self.open if take.is_open and take.folder is not None]
        if only_missing:
            takes = [take for take in takes if device not in take.videos.devices]
        if opened is None or not takes:
            return
        for take in takes:
            self._cameras.arm_again(device, take)
        # Every device that comes back waits for this one: not for a process that has died again.
        uids = set(opened.uids.values())
        self._pump.wait_connected(uids, CONNECTED_S, lambda: link.snapshot.error is None)
        for take in takes:
            if take.interval.runs:  # one that was ended meanwhile stays as it is
                self._cameras.start_again(device, take)

    def retire(self, device: str) -> None:
        """Close the files of a device that is about to be stopped."""
        if (take := self.running) is not None:
            self._cameras.retire(device, take, local_clock() + STOP_AHEAD_S)

    # Closing.

    def folders_at(self, time: float | None) -> list[Path]:
        """Give the folders of the takes that an LSL time is in; None: of those not stopped yet.

        Of a time that is in none its sample is in no file either.
        """
        takes = [
            take
            for take in self.open
            if (take.is_open if time is None else take.interval.has(time))
        ]
        return [take.folder.folder for take in takes if take.folder is not None]

    def wait_hashed(self, within_s: float) -> bool:
        """Wait until all that was recorded is hashed; False where that takes longer."""
        return self._hashing.wait(within_s)

    def close(self) -> None:
        """Stop what runs, and wait until all is closed and hashed."""
        with contextlib.suppress(ControlError):  # nothing runs
            self.stop()
        self._closings.join()
        self._hashing.close()
