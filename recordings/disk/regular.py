"""Files that somebody else may have laid there, read only if they are files.

To open a named pipe for reading waits for whoever writes to it, for ever if nobody does; what is
read of a device may have no end, and to open one may move it. Whoever walks through folders opens
what is in them by one of these.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import stat
from pathlib import Path
from typing import Final

MOST: Final = 256 << 20
"""Bytes of a file that is read as a whole: far more than any manifest or certificate has."""
_KINDS: Final = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


class NotAFile(OSError):
    """Something else than a file has the file's name."""

    def __init__(self, path: str | Path, mode: int) -> None:
        found = _KINDS.get(stat.S_IFMT(mode), "something else")
        super().__init__(errno.EINVAL, f"it is {found}, not a file", str(path))


def check_regular(path: str | Path) -> None:
    """See that this is a file, without opening it.

    Raises:
        OSError: there is nothing, or it is none.
    """
    mode = os.stat(path).st_mode  # noqa: PTH116 - a str where it is called by `open`
    if not stat.S_ISREG(mode):
        raise NotAFile(path, mode)


def version_of(path: Path) -> str:
    """Return what changes whenever a file's size or date does, or which files a folder has.

    "" where there is neither. It is written into what is shared, and so tells no date.
    """
    try:
        if path.is_dir():
            said = "/".join(sorted(inside.name for inside in path.iterdir()))
        else:
            check_regular(path)
            status = path.stat()
            said = f"{status.st_size} {status.st_mtime_ns}"
    except OSError:
        return ""
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def open_descriptor(path: str, flags: int) -> int:
    """Open a file, and nothing but a file: an opener for `open`.

    Raises:
        OSError: it cannot be opened, or is none.
    """
    if not flags & os.O_CREAT or os.path.lexists(path):
        check_regular(path)
    # What is there may be another thing by now.
    handle = os.open(path, flags | getattr(os, "O_NONBLOCK", 0), 0o666)
    try:
        mode = os.fstat(handle).st_mode
        if not stat.S_ISREG(mode):
            raise NotAFile(path, mode)
    except BaseException:
        os.close(handle)
        raise
    return handle


def open_file(path: Path) -> io.BufferedReader:
    """Open a file for reading bytes.

    Raises:
        OSError: it cannot be read, or is no file.
    """
    return open(path, "rb", opener=open_descriptor)


def read_bytes(path: Path) -> bytes:
    """Read a whole file.

    Raises:
        OSError: it cannot be read, is no file, or has more than `MOST` bytes.
    """
    with open_file(path) as file:
        if os.fstat(file.fileno()).st_size > MOST:
            raise OSError(errno.EFBIG, f"it has more than {MOST:,} bytes", str(path))
        return file.read()


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """Read a whole file as text, its line ends as they are in Python.

    Raises:
        OSError: as `read_bytes`.
        UnicodeDecodeError: it is no such text.
    """
    with io.TextIOWrapper(io.BytesIO(read_bytes(path)), encoding=encoding) as text:
        return text.read()
