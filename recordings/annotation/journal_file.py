"""The journal on the disk, and the thread that syncs it, so that nobody who edits waits for it."""

from __future__ import annotations

import errno
import logging
import os
import threading
import time
from pathlib import Path
from typing import Final

from recordings.disk.direct_io import sync_file

_log: Final = logging.getLogger(__name__)
_END_S: Final = 10.0  # a disk that takes longer to sync is told of, and left


class JournalFile:
    """A journal, open for writing. `sync_ms`: what the last write took until the disk had it."""

    def __init__(self, path: Path, whole: int) -> None:
        """Open or make a journal; what follows its first `whole` bytes is cut off.

        Raises:
            OSError: it cannot be written.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        self._file = os.open(path, flags, 0o666)
        if os.fstat(self._file).st_size != whole:  # else its date would change, as of an edit
            os.ftruncate(self._file, whole)  # what was cut off in writing is no entry
        self._path, self._end = path, whole
        self.sync_ms = 0.0
        self._failure: OSError | None = None
        self._oldest: float | None = None  # when the first byte that is not synced was written
        self._closing = False
        # Guards the fields above between the caller and the thread; never held while syncing.
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._sync, name="coding journal", daemon=True)
        self._thread.start()

    @property
    def is_empty(self) -> bool:
        """Whether it has no entry."""
        return self._end == 0

    def write(self, data: bytes) -> None:
        """Append; part of a line that did not fit is taken away again.

        Raises:
            FileNotFoundError: the journal was taken away.
            OSError: the disk refuses, or the last sync has failed.
        """
        with self._changed:
            if self._failure is not None:
                failure, self._failure = self._failure, None
                raise failure
        # The system would go on writing into a file that has no name any more.
        if os.fstat(self._file).st_nlink == 0 or not self._path.exists():
            raise FileNotFoundError(errno.ENOENT, "it was taken away while it was open")
        os.lseek(self._file, self._end, os.SEEK_SET)
        written = 0
        try:
            while written < len(data):
                written += os.write(self._file, data[written:])
        except OSError:
            os.ftruncate(self._file, self._end)
            raise
        with self._changed:
            self._end += len(data)
            self._oldest = self._oldest or time.perf_counter()
            self._changed.notify()

    def _sync(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._oldest is not None or self._closing)
                begun, self._oldest = self._oldest, None
                if begun is None:
                    return
            try:
                sync_file(self._file)
            except OSError as error:
                _log.warning("journal not synced: %s", error)
                with self._changed:
                    self._failure = error
                continue
            self.sync_ms = 1e3 * (time.perf_counter() - begun)

    def clear(self) -> None:
        """Empty the journal.

        Raises:
            OSError: the disk refuses.
        """
        os.ftruncate(self._file, 0)
        self._end = 0
        sync_file(self._file)

    def close(self) -> None:
        """End the thread, once it has synced what there is, and close the file."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(_END_S)
        if self._thread.is_alive():  # closing the file under it could sync somebody else's
            _log.warning("the disk has not synced a journal for %.0f s", _END_S)
            return
        os.close(self._file)
