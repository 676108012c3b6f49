"""A lock on an open file that ends with the process that holds it."""

from __future__ import annotations

import os
import sys
from typing import Final

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
