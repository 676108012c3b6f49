"""The file of a recording's XDF chunks: no buffer of ours, an orderly end on a full disk.

What one `write` call is given is in the file as a whole or not at all. While the recording runs,
`reserve_bytes` of the disk beyond its end belong to it, so that the footers still fit when the disk
is full: nobody can take what has always been this file's, as a video that is written beside it
would. What the footers leave is kept until `release`: the manifest needs it. Where a file cannot
own more than its length, a nameless one keeps the space back, and hands it over.
"""

from __future__ import annotations

import errno
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, Self

from recordings.disk import direct_io
from recordings.errors import DiskFull, RecordingError, is_full
from recordings.xdf.chunks import MAGIC, file_header

# The kernel takes at most IOV_MAX parts a call: 1024 on Linux and macOS.
_MAX_PARTS: Final = 1024
# Larger ones leave the processor's cache before they are copied.
_PIECE: Final = 1 << 16

Part = bytes | bytearray | memoryview


def _drop_cached(fd: int, size: int) -> None:
    """Give back the memory that caches the first `size` bytes, where the system can be told.

    Nobody reads them soon. The next pages then come from the same memory: measured, a fresh page
    costs twice as much to write; and a session of an hour does not push others out of the cache.
    """
    if sys.platform == "linux":
        os.posix_fadvise(fd, 0, size, os.POSIX_FADV_DONTNEED)


def _write_joined(fd: int, parts: Sequence[Part]) -> int:
    """Stand in for `os.writev` on Windows, at the price of one copy."""
    return os.write(fd, b"".join(parts))


_writev: Callable[[int, Sequence[Part]], int] = getattr(os, "writev", _write_joined)


class XdfFile:
    """A new XDF file with its FileHeader; `write` appends whole chunks.

    One thread writes; `sync` may run in another one, as long as `close` waits for it.

    Raises:
        RecordingError: the file exists, or cannot be created.
        DiskFull: there is no room for the header and the reserve.
    """

    def __init__(self, path: Path, reserve_bytes: int = 1 << 20) -> None:
        self.path = path
        self.position = 0  # bytes in the file: the end of the last complete write
        self._reserve: IO[bytes] | None = None
        self._reserve_bytes = reserve_bytes
        self._owned = 0  # bytes of the disk that are this file's, beyond its end too; 0 = not known
        self._was_full = False
        self._fd = self._create()
        try:
            self._keep_back()
            self.write(MAGIC, file_header())
        except BaseException:
            self._abandon()
            raise

    def _create(self) -> int:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        try:
            return os.open(self.path, flags, 0o666)
        except FileExistsError:
            raise RecordingError(
                f"{self.path}: exists already, and no file is ever overwritten; "
                "name another one or move it away"
            ) from None
        except OSError as error:
            raise self._failure(error, "cannot be created") from error

    def _keep_back(self) -> None:
        size = self._reserve_bytes
        if not size:
            return
        try:
            if direct_io.allocate(self._fd, 0, size):
                self._owned = size
                return
            # Nameless from its first moment on: even a kill leaves nothing behind.
            self._reserve = tempfile.TemporaryFile(dir=self.path.parent, buffering=0)  # noqa: SIM115
            _allocate(self._reserve, size)
        except OSError as error:
            raise self._failure(error, f"no {size} bytes can be kept back beside it") from error

    def _abandon(self) -> None:
        self._free_reserve()
        os.close(self._fd)
        self._fd = -1
        self.path.unlink(missing_ok=True)

    def write(self, *parts: Part) -> None:
        """Append the parts (one or more whole chunks).

        Raises:
            DiskFull: there is no space left (or the quota or file size limit is reached); the
                file ends with the last complete `write` and gets the reserve, so that
                another, small `write` can still succeed.
            RecordingError: the disk failed in another way, or somebody has cut the file.
        """
        rest = [memoryview(part).cast("B") for part in parts if len(part)]
        total = sum(map(len, rest))
        try:
            direct_io.refuse_cut(os.fstat(self._fd).st_size, self.position)
        except OSError as error:
            raise RecordingError(f"{self.path}: {error.strerror}") from error
        try:
            self._own(self.position + total + self._reserve_bytes)
            while rest:
                rest = _after(rest, _writev(self._fd, _piece(rest)))
        except OSError as error:
            self._take_back()
            raise self._failure(error, f"cannot be written at byte {self.position}") from error
        self.position += total

    def _own(self, end: int) -> None:
        """Keep the reserve ahead of what is about to be written; once full, live on it."""
        if not self._owned or self._was_full or end <= self._owned:
            return
        ahead = end + self._reserve_bytes  # for many writes at once, as each call costs
        try:
            direct_io.allocate(self._fd, self._owned, ahead - self._owned)
        except OSError:  # the last of the disk is taken as it is needed
            ahead = end
            direct_io.allocate(self._fd, self._owned, ahead - self._owned)
        self._owned = ahead

    def _take_back(self) -> None:
        """Cut off what an unfinished write left, and take over the reserve."""
        self._was_full = True
        with suppress(OSError):  # a torn tail is harmless beside what went wrong already
            if os.fstat(self._fd).st_size > self.position:  # a cut gives back what lies beyond
                os.ftruncate(self._fd, self.position)
                self._owned = 0
            os.lseek(self._fd, self.position, os.SEEK_SET)
        if self._free_reserve() or not self._owned:
            with suppress(OSError):  # somebody was faster
                direct_io.allocate(self._fd, self.position, self._reserve_bytes)

    def _free_reserve(self) -> bool:
        if self._reserve is None:
            return False
        self._reserve.close()
        self._reserve = None
        return True

    def release(self) -> None:
        """Give back what is left of the reserve, after `close`."""
        if self._was_full:
            self._was_full = False
            with suppress(OSError):
                os.truncate(self.path, self.path.stat().st_size)

    def sync(self) -> None:
        """Wait until everything written is on the disk (see `direct_io.sync`).

        Raises:
            DiskFull: the disk found out only now that it has no space.
            RecordingError: the disk failed.
        """
        written = self.position
        try:
            direct_io.sync(self._fd)
        except OSError as error:
            raise self._failure(error, "cannot be synced to the disk") from error
        _drop_cached(self._fd, written)

    def close(self) -> None:
        """Sync and close the file and free the reserve; the second call does nothing.

        Raises:
            DiskFull, RecordingError: as `sync`; the file is closed all the same.
        """
        if self._fd < 0:
            return
        fd, self._fd = self._fd, -1
        self._free_reserve()
        if self._owned and not self._was_full:
            with suppress(OSError):
                os.ftruncate(fd, os.fstat(fd).st_size)  # as long as it is: somebody may cut it
        try:
            direct_io.sync_file(fd)
        except OSError as error:
            raise self._failure(error, "cannot be synced to the disk") from error
        finally:
            os.close(fd)

    def _failure(self, error: OSError, what: str) -> RecordingError:
        if is_full(error) or error.errno == errno.EFBIG:  # the largest file that is allowed
            return DiskFull(
                f"{self.path}: {what}: the disk of {self.path.parent} is full ({error.strerror}); "
                "free space or record to another disk"
            )
        return RecordingError(
            f"{self.path}: {what} ({error.strerror}); check the folder's permissions and the disk"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def _piece(parts: list[memoryview]) -> list[memoryview]:
    """Return what to write next: as many parts as fit, or the beginning of the first one."""
    size = 0
    for count, part in enumerate(parts[:_MAX_PARTS]):
        size += len(part)
        if size > _PIECE:
            return parts[:count] or [parts[0][:_PIECE]]
    return parts[:_MAX_PARTS]


def _after(parts: list[memoryview], written: int) -> list[memoryview]:
    """Return what is left of `parts` once `written` bytes are gone."""
    for index, part in enumerate(parts):
        if written < len(part):
            return [part[written:], *parts[index + 1 :]]
        written -= len(part)
    return []


def _allocate(file: IO[bytes], size: int) -> None:
    """Make the disk really give `size` bytes: a sparse file would keep nothing back."""
    fallocate: Any = getattr(os, "posix_fallocate", None)
    if fallocate is not None:
        try:
            fallocate(file.fileno(), 0, size)
            return
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS):
                raise
    view = memoryview(bytes(size))
    while view:
        view = view[file.write(view) :]
