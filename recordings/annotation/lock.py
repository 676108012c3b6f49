"""Who writes a coder's file: host, process and start time, in a lock that ends with its owner."""

from __future__ import annotations

import errno
import json
import os
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from recordings.disk.file_lock import lock_file
from recordings.owner import lives, this_process
from recordings.said import Said, said

_CANNOT: Final = frozenset(
    getattr(errno, name)
    for name in ("ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL")
    if hasattr(errno, name)
)
"""What a disk says that knows no locks, as some network shares do: nobody has it."""


class Held(Exception):
    """Somebody else writes; `by` says who."""

    def __init__(self, by: str) -> None:
        super().__init__(by)
        self.by = by


class WriterLock:
    """The right to write a coder's file, until `release` or the end of the process.

    `taken_over` says from whom, where the last owner ended without letting go.
    """

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            Held: another process has it.
            OSError: no lock can be made there.
        """
        self.taken_over = ""
        self._path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o666)
        try:
            self._take()
        except BaseException:
            os.close(self._file)
            raise

    def _take(self) -> None:
        is_locked = True
        try:
            lock_file(self._file)
        except OSError as error:
            if error.errno not in _CANNOT:
                raise Held(_words(_read(self._file))) from None
            is_locked = False
        before = _read(self._file)
        # A network file system may grant the lock on two computers, or none at all: what the file
        # says counts, too. Without a lock an owner of whom nobody knows may be alive.
        elsewhere = before.get("name") not in (None, socket.gethostname())
        alive = lives(before) if before else False
        unsure = elsewhere or (alive is None and not is_locked)
        if before and (unsure or alive):
            who = _words(before)
            if unsure:
                raise Held(said("{}; if nobody codes there, delete {}", who, self._path))
            raise Held(who)
        self.taken_over = _words(before) if before else ""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        owner = {"name": socket.gethostname(), **this_process(), "since": now}
        _write(self._file, json.dumps(owner).encode())

    def release(self) -> None:
        """Let go. The file stays: removing it could take away a lock that was just taken."""
        try:
            _write(self._file, b"")
        finally:
            os.close(self._file)


def _read(file: int) -> dict[str, str]:
    os.lseek(file, 0, os.SEEK_SET)
    try:
        said = json.loads(os.read(file, 4096) or b"{}")
        return {str(key): str(value) for key, value in said.items()}
    except (OSError, ValueError, AttributeError):  # written half when its owner was killed
        return {"name": socket.gethostname()}


def _write(file: int, text: bytes) -> None:
    os.ftruncate(file, 0)
    os.lseek(file, 0, os.SEEK_SET)
    os.write(file, text)
    os.fsync(file)


def _words(owner: dict[str, str]) -> Said:
    where = said("process {} on {}", owner.get("pid", "?"), owner.get("name", "?"))
    try:
        since = datetime.fromisoformat(owner.get("since", "")).astimezone()
    except (ValueError, OverflowError):
        return where
    return said("{}, since {}", where, f"{since:%Y-%m-%d %H:%M}")
