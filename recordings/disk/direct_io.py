"""What the operating systems do differently under `DirectFile`.

Linux has all of it. macOS has F_NOCACHE in place of O_DIRECT and no fallocate; Windows has neither,
nor pwrite: there the file goes through the page cache. Neither of the two was tried.
"""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from functools import cache
from pathlib import Path
from typing import Final, Literal

from recordings.errors import RecordingError

ALIGN: Final = 4096  # covers sectors of 512 and of 4096 bytes
_F_NOCACHE: Final = 48  # fcntl of macOS
_FALLOC_FL_KEEP_SIZE: Final = 1

Mode = Literal["direct", "nocache", "buffered"]


def create(path: Path, direct: bool) -> tuple[int, Mode]:
    """Make a new file, bypassing the page cache if `direct` and the system can.

    Raises:
        RecordingError: it exists already or cannot be made.
    """
    try:
        return _create(path, direct)
    except OSError as error:
        raise RecordingError(
            f"{path}: cannot be made ({error.strerror}); "
            "the folder must be writable, and no file is ever overwritten"
        ) from error


def _create(path: Path, direct: bool) -> tuple[int, Mode]:
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    if direct and sys.platform == "linux":
        try:
            return os.open(path, flags | os.O_DIRECT, 0o644), "direct"
        except OSError as error:
            if error.errno != errno.EINVAL:
                raise
            path.unlink(missing_ok=True)  # Linux makes the file before it refuses the flag
    fd = os.open(path, flags, 0o644)
    if direct and sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(fd, _F_NOCACHE, 1)
        return fd, "nocache"
    return fd, "buffered"


def use_page_cache(fd: int) -> None:
    """Take O_DIRECT from an open file."""
    if sys.platform == "linux":
        import fcntl

        fcntl.fcntl(fd, fcntl.F_SETFL, fcntl.fcntl(fd, fcntl.F_GETFL) & ~os.O_DIRECT)


def refuse_cut(size: int, written: int) -> None:
    """Raise OSError where a file holds `size` bytes, fewer than the `written` that it was given.

    Somebody has cut it. The next write would make it as long as it was, with zeros for what is
    gone, and its length would tell nobody any more.
    """
    if size < written:
        raise OSError(
            errno.EIO,
            f"it was cut while it was being recorded: {size:,} bytes, of {written:,} that were "
            "written; find out by whom, and start another recording",
        )


def pwrite(fd: int, data: memoryview, offset: int) -> int:
    """Write at `offset`; return how many bytes went in."""
    if sys.platform == "win32":
        os.lseek(fd, offset, os.SEEK_SET)
        return os.write(fd, data)
    return os.pwrite(fd, data, offset)


def sync(fd: int) -> None:
    """Bring data to the disk; on Linux without the file's times, which cost another write."""
    if sys.platform == "linux":
        os.fdatasync(fd)
    else:
        sync_file(fd)


def sync_file(fd: int) -> None:
    """Bring a file to the disk; macOS's fsync alone would leave it in the disk's own memory."""
    if sys.platform == "darwin":
        import fcntl

        try:
            fcntl.fcntl(fd, fcntl.F_FULLFSYNC)
        except OSError as error:
            if error.errno not in (errno.ENOTSUP, errno.EINVAL):  # a network's file system
                raise
        else:
            return
    os.fsync(fd)


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def allocate(fd: int, offset: int, size: int) -> bool:
    """Reserve room beyond the end without making the file longer; False = the system cannot."""
    if sys.platform != "linux" or size <= 0:
        return False
    start, length = ctypes.c_int64(offset), ctypes.c_int64(size)
    number = errno.EINTR
    while number == errno.EINTR:  # a signal's handler runs first
        if not _libc().fallocate64(fd, _FALLOC_FL_KEEP_SIZE, start, length):
            return True
        number = ctypes.get_errno()
    if number in (errno.EOPNOTSUPP, errno.ENOSYS):
        return False
    raise OSError(number, os.strerror(number))


def expect_leaps(fd: int) -> None:
    """Keep the system from reading ahead: only headers between frames will be read."""
    if sys.platform == "linux":
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_RANDOM)
