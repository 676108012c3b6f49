"""Bytes of a file, read where they are wanted: what cannot be read is an error that names the file.

Nothing is mapped into memory. Of a mapped file that is cut off while it is read, or whose network
drive fails, the system tells the reader by SIGBUS, which ends the whole process.
"""

from __future__ import annotations

import os
import sys
import threading
import weakref
from pathlib import Path
from typing import Final, Self

from recordings.disk import direct_io
from recordings.disk.regular import open_file
from recordings.errors import RecordingError, why

PIECE: Final = 1 << 20
"""Bytes that are read at once of what is longer."""
_LEAST: Final = 4 << 10
_AHEAD: Final = 256 << 10
SPARE: Final = 64


class FileBytes:
    """A file of `size` bytes, open until nobody has it any more, or closed; for all threads."""

    def __init__(self, path: Path) -> None:
        """Open it.

        Raises:
            OSError: it cannot be read, or is no file.
        """
        self.path = path
        self._file = open_file(path).detach()
        self.close = weakref.finalize(self, self._file.close)
        self.size = os.fstat(self._file.fileno()).st_size
        self._lock = threading.Lock()
        self._room: bytearray | None = None

    def expect_leaps(self) -> None:
        """Keep the system from reading ahead: what is wanted lies apart."""
        direct_io.expect_leaps(self._file.fileno())

    def read(self, start: int, end: int) -> bytes:
        """Return bytes `start` to before `end`, which are in the file.

        Raises:
            RecordingError: it was cut off since it was opened, or cannot be read any more.
        """
        data, count = b"", end - start
        try:
            while len(data) < count and (more := self._some(start + len(data), count - len(data))):
                data += more
            if len(data) < count:
                raise self._cut_off()
        except OSError as error:
            raise self._failed(error) from error
        return data

    def read_into(self, room: memoryview, start: int) -> None:
        """Fill `room` with the bytes of the file from `start` on.

        Raises:
            RecordingError: as `read`.
        """
        got = 0
        try:
            while got < len(room) and (count := self._some_into(room[got:], start + got)):
                got += count
            if got < len(room):
                raise self._cut_off()
        except OSError as error:
            raise self._failed(error) from error

    # The place in an open file belongs to all threads, and to all processes that were forked with
    # it open, as those of a data loader: it is not used where the system can read without.

    def _some(self, start: int, count: int) -> bytes:
        if sys.platform == "linux":
            return os.pread(self._file.fileno(), count, start)
        with self._lock:
            self._file.seek(start)
            return self._file.read(count)

    def _some_into(self, room: memoryview, start: int) -> int:
        if sys.platform == "linux":
            return os.preadv(self._file.fileno(), (room,), start)
        with self._lock:
            self._file.seek(start)
            return self._file.readinto(room)

    def _failed(self, error: OSError) -> RecordingError:
        return RecordingError(
            f"{self.path}: cannot be read any more ({why(error)}); see that its disk or network "
            "drive is there, then open it again"
        )

    def _cut_off(self) -> RecordingError:
        left = os.fstat(self._file.fileno()).st_size
        return RecordingError(
            f"{self.path}: was cut off while it was read: it had {self.size:,} bytes, and has "
            f"{left:,} now; copy it again from where it was recorded"
        )

    def take_room(self) -> bytearray:
        """Give a room that nobody reads into, to be given back by `leave_room`."""
        with self._lock:
            room, self._room = self._room, None
        return bytearray(_LEAST + SPARE) if room is None else room

    def leave_room(self, room: bytearray) -> None:
        """Keep a room for the next reader: fresh memory costs more than what is read into it."""
        self._room = room


class Window:
    """The stretch of a file that one reader holds: little after a leap, more where it reads on."""

    def __init__(self, file: FileBytes) -> None:
        self._file = file
        self._room = file.take_room()
        self._base = self._held = 0

    def hold(self, start: int, end: int) -> tuple[bytearray, int]:
        """Give what holds bytes `start` to `end`, as far as the file goes, and where they begin.

        It is overwritten by the next call; behind it are `SPARE` bytes of anything.

        Raises:
            RecordingError: they cannot be read.
        """
        place = start - self._base
        if place >= 0 and end - self._base <= self._held:
            return self._room, place
        ahead = min(2 * self._held, _AHEAD) if 0 <= place <= self._held else _LEAST
        count = min(max(end - start, ahead, _LEAST), self._file.size - start)
        if count + SPARE > len(self._room):
            self._room = bytearray(count + SPARE)
        self._held = 0  # should it fail
        self._file.read_into(memoryview(self._room)[:count], start)
        self._base, self._held = start, count
        return self._room, 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.leave_room(self._room)
