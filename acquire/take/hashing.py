"""The hashes of closed recordings: one thread for all of them, oldest first, and never in the way.

It rests while anything records: a raw video of an hour is a terabyte, and reading it would take
from the disk what the cameras need.
"""

from __future__ import annotations

import hashlib
import queue
import threading
import time
from collections.abc import Callable, Mapping

from acquire.processes.idle import be_idle
from acquire.take.take import Take
from recordings.errors import RecordingError, why

REST_S = 0.2
"""How often it is looked whether the recording has ended."""
LOOK_S = 0.05
WORTH_TELLING = 2e9
"""Bytes that take seconds: whoever waits for the end is told for what."""
_SPECIMEN = bytes(1 << 24)
Order = tuple[Take, Mapping[str, str]]


class Hashing:
    """Hashes the files of takes, one after the other."""

    def __init__(
        self,
        is_recording: Callable[[], bool],
        complain: Callable[[Take, str], None],
        tell: Callable[[str], None],
    ) -> None:
        """Prepare; nothing is started yet.

        Args:
            is_recording: whether the disk is needed for a recording.
            complain: hears why a take could not be hashed.
            tell: hears for how long `close` waits, where that is long.
        """
        self._is_recording = is_recording
        self._complain, self._tell = complain, tell
        # Unbounded, but never longer than there were recordings since the start.
        self._waiting: queue.SimpleQueue[Order | None] = queue.SimpleQueue()
        self._left: list[Order] = []  # what waits, and what is being hashed
        self._thread: threading.Thread | None = None

    def add(self, take: Take, known: Mapping[str, str]) -> None:
        """Hash the files of a closed take; `known` has the hashes computed while writing."""
        order = take, known
        self._left.append(order)
        self._waiting.put(order)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="hashing", daemon=True)
            self._thread.start()

    def wait(self, within_s: float) -> bool:
        """Wait until all is hashed; False where that takes longer."""
        deadline = time.monotonic() + within_s
        while self._left:
            if time.monotonic() > deadline:
                return False
            time.sleep(LOOK_S)
        return True

    def close(self) -> None:
        """Wait until all is hashed, and say how long that takes where it is long."""
        if self._thread is not None:
            self._waiting.put(None)
            if (size := sum(_unhashed(*order) for order in self._left)) > WORTH_TELLING:
                self._tell(_prospect(size))
            # To the end, however long: who does not want to wait interrupts a second time.
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        be_idle()
        while (order := self._waiting.get()) is not None:
            take, known = order
            try:
                assert take.folder is not None
                take.folder.hash_files(known, self._between)
            except (OSError, RecordingError) as error:
                self._complain(take, f"the hashes are not in session.json ({why(error)})")
            except Exception as error:  # the next recordings are hashed all the same
                self._complain(take, f"{type(error).__name__}: {error}; please report this")
            finally:
                self._left.remove(order)
                take.hashed.set()

    def _between(self) -> None:
        while self._is_recording():
            time.sleep(REST_S)


def _unhashed(take: Take, known: Mapping[str, str]) -> int:
    """Give how many bytes of a take are to be read."""
    assert take.folder is not None
    files = (take.path / f.path for f in take.folder.manifest.files if f.path not in known)
    return sum(path.stat().st_size for path in files if path.exists())


def _prospect(size: float) -> str:
    """Say what is waited for, and how long a disk that is faster than SHA-256 takes for it."""
    start = time.perf_counter()
    hashlib.sha256(_SPECIMEN)
    took_s = (time.perf_counter() - start) * size / len(_SPECIMEN)
    text = f"{took_s / 60:.0f} minutes" if took_s > 90 else f"{took_s:.0f} s"
    return (
        f"{size / 1e9:.0f} GB of what was recorded are hashed before the end: at least {text}; who "
        "interrupts once more leaves that to the next daemon's start, or to `unisono check`"
    )
