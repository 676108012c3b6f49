"""Every session is checked after its closing: one at a time, and never while anything records.

This is the first step; the second one, `contents`, reads the contents of the files. The check runs
in a process of its own, idle for processor and disk. A recording that begins ends it; it runs again
afterwards. Which sessions have no report yet, or one of what they were before, is seen on the disk,
so that a crash costs no report.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from acquire.errors import ControlError
from acquire.lasting_thread import LastingThread
from acquire.processes.messages import Tell, internal
from acquire.server.checking.process import FIRST_STEP, CheckProcess
from recordings import layout
from recordings.certificate import Report, Verdict
from recordings.errors import RecordingError
from recordings.manifest import MANIFEST_NAME, State
from recordings.manifest_entries import Level
from recordings.study.catalogue import Catalogue

LOOK_S = 0.05
"""How soon a check is ended once a recording begins."""
REST_S = 0.5
"""How often it is looked whether the recording has ended."""
MAX_KEPT = 100
"""Reports that are remembered; older ones are on the disk."""


class Checking:
    """Checks sessions in the order of their coming, in a thread of its own."""

    def __init__(self, is_recording: Callable[[], bool], report: Tell) -> None:
        self._is_recording = is_recording
        self._report = report
        # Whoever waits for a report is woken when one is done, or when all ends.
        self._changed = threading.Condition()
        self._waiting: deque[Path] = deque()  # as long as there were recordings
        # What is being checked: set under the condition, so that what is forgotten is not begun.
        self._now: Path | None = None
        self._done: dict[Path, Report | str] = {}  # a report, or why there is none
        self._closing = threading.Event()
        self._thread = LastingThread("checking", self._run, self._closing, internal(report))

    def start(self) -> None:
        """Begin to check."""
        self._thread.start()

    def close(self) -> None:
        """Leave what is not checked to the next start."""
        self._closing.set()
        with self._changed:
            self._changed.notify_all()
        self._thread.end()

    def add(self, folders: Iterable[Path]) -> None:
        """Check these sessions, too."""
        with self._changed:
            for folder in folders:
                self._done.pop(folder, None)
                if folder not in self._waiting:
                    self._waiting.append(folder)
            self._changed.notify_all()

    def forget(self, folders: Iterable[Path]) -> None:
        """Do not check these: they are to be deleted.

        Raises:
            ControlError: one of them is being checked now.
        """
        with self._changed:
            found = set(folders)
            if self._now in found:
                raise ControlError(f"{self._now}: is being checked; try again in a minute")
            self._waiting = deque(folder for folder in self._waiting if folder not in found)

    @property
    def is_busy(self) -> bool:
        """Whether a session is being checked, or waits for it."""
        return bool(self._waiting)

    def of(self, folder: Path) -> Report | str | None:
        """Give the report of a session, or why there is none; None = it is not done yet."""
        return self._done.get(folder)

    def wait_for(self, folder: Path) -> Report:
        """Wait for the report of a session that was added.

        Raises:
            RecordingError: it cannot be checked now; the message says why.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: folder in self._done or self._closing.is_set() or self._is_recording()
            )
            done = self._done.get(folder)
        if isinstance(done, Report):
            return done
        raise RecordingError(done or f"{folder.name}: is checked once nothing records any more")

    def _run(self) -> None:
        while not self._closing.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing.is_set())
                folder = self._waiting[0] if self._waiting else None
            if folder is None or self._rests():
                continue
            with self._changed:
                if not self._waiting or self._waiting[0] != folder:
                    continue  # it was forgotten meanwhile
                self._now = folder
            try:
                done: Report | str | None = self._check(folder)
            except OSError as error:
                done = f"{folder}: could not be checked: {error}"
            finally:
                self._now = None
            if done is None:  # a recording has begun, or all ends: it stays the first
                continue
            with self._changed:
                self._waiting.popleft()
            self.learn(folder, done)

    def _rests(self) -> bool:
        """Wait while anything records; whether it did."""
        if not self._is_recording():
            return False
        with self._changed:
            self._changed.notify_all()  # whoever waits for a report learns that it comes later
        self._closing.wait(REST_S)
        return True

    def _check(self, folder: Path) -> Report | str | None:
        """Check one session; None where it was broken off."""
        process = CheckProcess(folder, FIRST_STEP)
        while not process.has_ended(LOOK_S):
            if self._closing.is_set() or self._is_recording():
                process.kill()
                return None
        return process.result()

    def learn(self, folder: Path, done: Report | str) -> None:
        """Keep a session's report, or why there is none, and tell of it."""
        with self._changed:
            self._done[folder] = done
            for old in list(self._done)[:-MAX_KEPT]:
                del self._done[old]
            self._changed.notify_all()
        if isinstance(done, str):
            self._report("engine", "warning", "not-checked", done)
            return
        text = f"{folder.name}: {done.verdict}"
        if worst := next((f for f in done.findings if f.level != "info"), None):
            text += f": {worst.told}"
        level: Level = "info" if done.verdict is Verdict.PASS else "warning"
        self._report("engine", level, "checked", text)


def unchecked(sessions: Catalogue) -> list[Path]:
    """List the closed sessions without a report of what they are now, the oldest first."""
    return [folder for folder in sessions.folders() if _is_unchecked(folder, sessions)]


def _is_unchecked(folder: Path, sessions: Catalogue) -> bool:
    if _is_newer(folder / layout.REPORT_JSON_NAME, folder / MANIFEST_NAME):
        return False  # the two dates spare the reading of thousands
    row = sessions.of(folder)
    return row.state not in (None, State.ARMED, State.RECORDING) and (
        row.verdict is None or row.outdated
    )


def _is_newer(one: Path, other: Path) -> bool:
    try:
        return one.stat().st_mtime_ns >= other.stat().st_mtime_ns
    except OSError:
        return False
