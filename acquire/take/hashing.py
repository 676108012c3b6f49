"""The hashes of closed recordings: one thread for all of them, oldest first, and never in the way.

It rests while anything records: a raw video of an hour is a terabyte, and reading it would take
from the disk what the cameras need.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping

from acquire.processes.idle import be_idle
from acquire.take.take import Take
from recordings.errors import RecordingError, why

REST_S = 0.2
"""How often it is looked whether the recording has ended."""


class Left(Exception):
    """Somebody is to end, and leaves what is not hashed to the next one."""


class Hashing:
    """Hashes the files of takes, one after the other."""

    def __init__(
        self, is_recording: Callable[[], bool], complain: Callable[[Take, str], None]
    ) -> None:
        self._is_recording = is_recording
        self._complain = complain
        # Unbounded, but never longer than there were recordings since the start.
        self._waiting: queue.SimpleQueue[tuple[Take, Mapping[str, str]] | None] = (
            queue.SimpleQueue()
        )
        self._leaving = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, take: Take, known: Mapping[str, str]) -> None:
        """Hash the files of a closed take; `known` has the hashes computed while writing."""
        self._waiting.put((take, known))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hashing", daemon=True)
            self._thread.start()

    def close(self, *, leave: bool = False) -> None:
        """Wait until all is hashed; `leave`: give up at once, what is left is found again."""
        if leave:
            self._leaving.set()
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        be_idle()
        while (order := self._waiting.get()) is not None:
            take, known = order
            try:
                assert take.folder is not None
                take.folder.hash_files(known, self._between)
            except Left:
                return
            except (OSError, RecordingError) as error:
                self._complain(take, f"the hashes are not in session.json ({why(error)})")
            except Exception as error:  # the next recordings are hashed all the same
                self._complain(take, f"{type(error).__name__}: {error}; please report this")
            finally:
                take.hashed.set()

    def _between(self) -> None:
        while self._is_recording() and not self._leaving.is_set():
            self._leaving.wait(REST_S)
        if self._leaving.is_set():
            raise Left
