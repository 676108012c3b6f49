"""A small file is there whole, old or new, whatever happens meanwhile."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Final

from recordings.disk.direct_io import sync_file

TRIES: Final = 10
WAIT_S: Final = 0.05
_HELD: Final = (5, 32)
"""What Windows says of a file that another program has open: access denied, sharing violation."""


def replace_file(path: Path, data: bytes) -> None:
    """Write a file beside `path`, see it on the disk, and put it in its place.

    Raises:
        OSError: it cannot be written; what was there is untouched.
    """
    part = path.with_name(path.name + ".part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        sync_file(file.fileno())
    put_in_place(part, path)


def put_in_place(part: Path, path: Path) -> None:
    """Rename a file or folder over `path`.

    On Windows whoever looks at the old one (an antivirus, an indexer, a preview) keeps it from
    being replaced, for a moment as a rule: it is tried again for half a second. Not tried there.

    Raises:
        OSError: it cannot be; `part` is left.
    """
    for number in range(1, TRIES + 1):
        try:
            part.replace(path)
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in _HELD:
                raise
            if number == TRIES:
                held = (
                    "another program (an antivirus, an indexer, a preview, a cloud's) has held it "
                    f"open for {TRIES * WAIT_S:g} s; close it, or leave the folder out there"
                )
                raise PermissionError(error.errno, held, str(path)) from error
            time.sleep(WAIT_S)


def sync_folder(folder: Path) -> None:
    """See the names in a folder on the disk, where the system can: Windows does it by itself.

    Raises:
        OSError: the disk refuses.
    """
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
