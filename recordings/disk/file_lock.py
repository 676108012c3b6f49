"""A lock on an open file that ends with the process that holds it."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_WAIT_S: Final = 0.02
_PATIENCE_S: Final = 60.0
_BYTE: Final = 1 << 20
"""The byte that is locked: on Windows nobody could read the file if it lay in the text."""


def lock_record(file: int) -> None:
    """Lock an open file as SQLite does, which not every network share can.

    Raises:
        OSError: it cannot be locked so.
    """
    if sys.platform == "win32":
        lock_file(file)
    else:
        import fcntl

        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def lock_file(file: int) -> None:
    """Lock an open file for this process.

    Raises:
        OSError: another process has it.
    """
    if sys.platform == "win32":
        import msvcrt

        os.lseek(file, _BYTE, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        os.lseek(file, 0, os.SEEK_SET)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def in_turn(path: Path) -> Iterator[None]:
    """Do what is inside while no other program does, told by a lock on a file that is made.

    At once where nothing can be locked, as on some network shares; and after `_PATIENCE_S`: whoever
    holds it may have been stopped.

    Raises:
        OSError: the file cannot be made.
    """
    until = time.monotonic() + _PATIENCE_S
    with path.open("ab") as file:
        while time.monotonic() < until:
            try:
                lock_file(file.fileno())
            except (BlockingIOError, PermissionError):  # another has it
                time.sleep(_WAIT_S)
                continue
            except OSError:
                pass
            break
        yield
