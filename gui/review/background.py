"""What is done beside the window: the pyramids of the signals, then the hashes of the files."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from gui.texts import tr
from recordings.errors import RecordingError
from recordings.review.pyramid_store import PyramidStore, folders_for, forget_old
from recordings.review.session import ReviewSession

TELL_S = 0.25
REST_S = 0.5
"""So long after a key nothing is hashed: the processor belongs to the pictures."""
PAUSE_S = 0.05
"""So long it pauses after each piece of the signals while somebody steps."""


class _Ended(Exception):
    """The window was closed."""


class Background(QObject):
    """One thread that ends with its work, or at the next piece when it is stopped."""

    grown = Signal(float)
    """More of the signals is there: the share of all, 0 to 1."""
    found = Signal(str)
    """Something is wrong with a file."""

    def __init__(self, session: ReviewSession, cache: Path | None) -> None:
        super().__init__()
        self._session, self._cache = session, cache
        self._ended = threading.Event()
        self._told = self._touched = 0.0
        self._thread = threading.Thread(target=self._work, name="review background", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def rest(self) -> None:
        """Learn that somebody moves: leave the processor to them for a moment."""
        self._touched = time.monotonic()

    def stop(self) -> None:
        """End it, and wait: the session's files are closed next."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join()

    def _work(self) -> None:
        try:
            store = self._store()
            for signal in self._session.signals:
                signal.prepare(store, self._ended, self._after_piece)
            self._tell(last=True)
            for text in self._session.changed_files(self._wait_for_quiet):
                self.found.emit(text)
        except _Ended:
            return
        except (RecordingError, OSError, ValueError, MemoryError) as error:
            self.found.emit(tr("the signals cannot all be shown from afar: {}").format(error))

    def _store(self) -> PyramidStore | None:
        """Say where pyramids are kept: nowhere, of a session that still grows."""
        if self._session.is_recording:
            return None
        if self._cache is not None:
            forget_old(self._cache)
        folders = folders_for(self._session.path, self._cache)
        return PyramidStore(self._session.session.recording.path, folders)

    def _after_piece(self) -> None:
        self._tell()
        if time.monotonic() - self._touched < REST_S:
            self._ended.wait(PAUSE_S)

    def _wait_for_quiet(self) -> None:
        while (left := self._touched + REST_S - time.monotonic()) > 0:
            if self._ended.wait(left):
                break
        if self._ended.is_set():
            raise _Ended

    def _tell(self, last: bool = False) -> None:
        now = time.monotonic()
        if not last and now - self._told < TELL_S:
            return
        self._told = now
        signals = self._session.signals
        total = sum(len(s.stream) for s in signals) or 1
        self.grown.emit(sum(s.pyramid.done for s in signals) / total if signals else 1.0)
