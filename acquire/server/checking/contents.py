"""The second step of a check: the contents of the files against their SHA-256.

It is done on order, and of itself when nothing has recorded for ten minutes. A recording that
begins has it rest within 0.2 s, in the midst of a file, and it goes on afterwards; after a restart
it goes on with the file at which it was. Nobody waits for it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from acquire.errors import ControlError
from acquire.lasting_thread import LastingThread
from acquire.processes.steering import Progress
from acquire.server.checking.process import CheckProcess
from recordings.certificate import Report
from recordings.errors import RecordingError
from recordings.manifest import Manifest
from recordings.study.catalogue import Catalogue

LOOK_S = 0.05
"""How soon it rests once a recording begins."""
REST_S = 0.5
"""How often it is looked whether it may go on, and whether it was idle for long enough."""
IDLE_S = 600.0
"""After so long without recording it begins of itself."""
END_S = 5.0
"""How long it takes to end at most."""


@dataclass(frozen=True, slots=True)
class ContentsState:
    """The session whose contents are being read."""

    folder: Path
    progress: Progress | None  # None: its process only starts, or measures what was read
    rests: bool


class ContentsCheck:
    """Reads the contents of one session after the other, in a thread of its own.

    Args:
        sessions: where those without this step are looked for; None = only on order.
        is_busy: whether something records, or is checked without its contents: both go first.
        done: hears the new report, or why there is none; in this thread.
        complain: hears what should not happen.
        idle_s: how long nothing must be busy before it begins of itself.
    """

    def __init__(
        self,
        sessions: Catalogue | None,
        is_busy: Callable[[], bool],
        done: Callable[[Path, Report | str], None],
        complain: Callable[[str], None],
        idle_s: float = IDLE_S,
    ) -> None:
        self._sessions, self._idle_s = sessions, idle_s
        self._is_busy, self._done = is_busy, done
        # Guards what waits, and wakes whoever waits for an end; never held while anything is read.
        self._changed = threading.Condition()
        self._waiting: deque[Path] = deque()  # as long as there are sessions
        self._now: ContentsState | None = None
        self._dropped = False  # what is being read is to be let go of
        self._busy_at = time.monotonic()
        self._looked = False  # what waits was looked for since something was busy
        self._closing = threading.Event()
        self._thread = LastingThread("contents check", self._run, self._closing, complain)

    def start(self) -> None:
        """Begin to wait for orders."""
        self._thread.start()

    def close(self) -> None:
        """Leave what is not read to the next start."""
        self._thread.end()

    @property
    def state(self) -> ContentsState | None:
        """What is being read now."""
        return self._now

    def add(self, folder: Path) -> None:
        """Read the contents of this session next.

        Raises:
            ControlError: it is not closed yet, or its hashes are not there yet.
            RecordingError: its manifest cannot be read.
        """
        if not _has_hashes(folder):
            raise ControlError(f"{folder.name}: is still being closed; try again in a minute")
        with self._changed:
            now = self._now
            if folder not in self._waiting and (now is None or now.folder != folder):
                self._waiting.append(folder)

    def forget(self, folders: Iterable[Path]) -> None:
        """Do not read these: they are to be deleted. Waits until nothing of them is open.

        Raises:
            ControlError: the process that reads one of them does not end.
        """
        gone = set(folders)
        with self._changed:
            self._waiting = deque(folder for folder in self._waiting if folder not in gone)
            if self._now is None or self._now.folder not in gone:
                return
            self._dropped = True
            if not self._changed.wait_for(lambda: self._now is None, END_S):
                raise ControlError("the contents of a session are being read; try again")

    def _run(self) -> None:
        while not self._closing.is_set():
            folder = self._next()
            if folder is None:
                self._closing.wait(REST_S)
                continue
            try:
                done = self._check(folder)
            except OSError as error:
                done = f"{folder}: its contents could not be read: {error}"
            finally:
                with self._changed:
                    self._now, self._dropped = None, False
                    self._changed.notify_all()
            if done is not None:
                self._done(folder, done)

    def _next(self) -> Path | None:
        """Take the session that is next; None = there is none, or something else goes first."""
        if self._is_busy():
            self._busy_at, self._looked = time.monotonic(), False
            return None
        if not self._looked and time.monotonic() - self._busy_at >= self._idle_s:
            self._looked = True
            found = list(self._unread())
            with self._changed:
                self._waiting.extend(folder for folder in found if folder not in self._waiting)
        with self._changed:
            if not self._waiting:
                return None
            folder = self._waiting.popleft()
            self._now = ContentsState(folder, None, rests=False)
            return folder

    def _unread(self) -> Iterator[Path]:
        """Find the sessions whose report says that their contents were not read."""
        if self._sessions is None:
            return
        for folder in reversed(self._sessions.folders()):
            if self._closing.is_set() or self._is_busy():
                return
            row = self._sessions.of(folder)
            if row.contents_read is False and not row.problem and _has_hashes(folder):
                yield folder

    def _check(self, folder: Path) -> Report | str | None:
        """Read one session; None where it was broken off."""
        process = CheckProcess(folder)
        while not process.has_ended(LOOK_S):
            busy = self._is_busy()
            if self._closing.is_set() or self._dropped:
                process.kill()
                return None
            if busy and not process.can_rest:
                process.kill()
                with self._changed:
                    self._waiting.appendleft(folder)
                return None
            process.rest(busy)
            self._now = ContentsState(folder, process.progress, busy)
        return process.result()


def _has_hashes(folder: Path) -> bool:
    try:
        return Manifest.load(folder).is_closed
    except RecordingError:
        return False
