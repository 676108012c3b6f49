"""One daemon per data folder: a lock that names its owner and its address, and ends with it."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from acquire.errors import ConfigError
from recordings.disk.file_lock import lock_file
from recordings.disk.regular import read_bytes, read_text

NAME = ".unisono-daemon.lock"


class DataLock:
    """Holds the data folder; a killed owner's lock is gone with it."""

    def __init__(self, data_dir: Path) -> None:
        """Take the lock.

        Raises:
            ConfigError: another daemon has it, or the file cannot be made.
        """
        path = data_dir / NAME
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o644)
        except OSError as error:
            raise ConfigError(f"{path}: no lock can be made ({error.strerror})") from error
        try:
            lock_file(self._file)
        except OSError:
            os.lseek(self._file, 0, os.SEEK_SET)
            pid = os.read(self._file, 20).decode("ascii", "replace").partition("\n")[0].strip()
            os.close(self._file)
            raise ConfigError(
                f"{data_dir}: another daemon (process {pid or 'unknown'}) records into this "
                "folder; stop it, or name another folder with --data-dir"
            ) from None
        self._write("")

    def announce(self, url: str) -> None:
        """Write down where the daemon listens, for windows that look for it."""
        self._write(f"{url}\n")

    def _write(self, more: str) -> None:
        # On a full disk the lock holds without a name: what is kept can still be fetched.
        with contextlib.suppress(OSError):
            os.ftruncate(self._file, 0)
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, f"{os.getpid()}\n{more}".encode())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        # The file stays: removing it could take away the lock of whoever has just opened it.
        os.close(self._file)


@dataclass(frozen=True, slots=True)
class Owner:
    """The daemon that the lock file names; it may have ended since."""

    pid: int
    url: str


def gone(data_dir: Path) -> str | None:
    """Say why this is not the folder any more whose lock this process took; None: it is.

    A disk that was unplugged leaves its mount point: an empty folder, on another disk. What the
    file says counts, as a disk that comes back may have other numbers.
    """
    try:
        words = read_bytes(data_dir / NAME).decode("ascii", "replace").split()
    except (FileNotFoundError, NotADirectoryError):
        words = ["none"]
    except OSError:  # too many open files, say: what is wrong shows where something is written
        return None
    if not words or words[0] == str(os.getpid()):  # without a word: the disk was full
        return None
    return (
        f"{data_dir}: is not the folder any more that this engine began with: its disk was "
        "unplugged, or it was moved; bring it back, or end the engine and start it again"
    )


def owner(data_dir: Path) -> Owner | None:
    """Tell which daemon took the data folder last; None where none did, or says not where."""
    try:
        pid, url = read_text(data_dir / NAME, "ascii").split()
        return Owner(int(pid), url)
    except (OSError, ValueError):
        return None
