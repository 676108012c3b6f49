"""One file from a node, block by block: each is verified and on the disk before the next is asked.

Whoever is killed goes on where it was: beside `NAME.part` a list says which blocks are whole, and
a line is written there once its block is on the disk. So no byte is fetched twice, but for those of
the block that was on its way.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from acquire.errors import AcquireError
from acquire.node.wire.models import NodeFile
from recordings.disk.atomic import put_in_place, sync_folder
from recordings.disk.direct_io import sync_file
from recordings.disk.file_lock import lock_file
from recordings.disk.hashing import sha256_of
from recordings.errors import DiskFull
from recordings.layout import free_bytes

TRIES: Final = 3
"""How often a block is asked for that does not have its hash."""
SPARE_BYTES: Final = 64 << 20
"""What is left free on the disk: manifests and reports are written there, too."""
PART: Final = ".part"
LIST: Final = ".part.blocks"

Read = Callable[[int, memoryview], int]
"""Fills a view with the bytes of the file from a place on; gives how many came, maybe fewer."""


class TransferError(AcquireError):
    """A file cannot be fetched as it was recorded."""


def fetch(
    file: NodeFile, folder: Path, read: Read, between: Callable[[], None] = lambda: None
) -> Path:
    """Fetch a file into a folder, or go on with it; gives its path, and its hash is as promised.

    Args:
        file: its size and hashes.
        folder: where it goes; there is no such file yet.
        read: asks for a part of it.
        between: called while hashing; may rest, or raise to leave the rest.

    Raises:
        TransferError: what comes does not have its hash.
        AcquireError: another program fetches it.
        DiskFull: it does not fit.
        OSError: the disk fails.
    """
    target = folder / file.name
    part = folder / (file.name + PART)
    missing = file.bytes - (part.stat().st_size if part.exists() else 0)
    if free_bytes(folder) < missing + SPARE_BYTES:
        raise DiskFull(
            f"{target}: needs {missing / 1e6:,.1f} MB beside the {SPARE_BYTES / 1e6:,.0f} MB that "
            f"stay free, and {free_bytes(folder) / 1e6:,.1f} MB are; free space, and collect again"
        )
    with _opened(part) as handle, _Blocks(folder / (file.name + LIST), file) as blocks:
        room = memoryview(bytearray(min(file.block_bytes, file.bytes)))
        for number in range(len(file.blocks)):
            if number not in blocks.whole:
                _put(handle, number * file.block_bytes, _block(file, number, read, room))
                blocks.add(number)
        os.ftruncate(handle, file.bytes)
        sync_file(handle)
        if sha256_of(part, between=between) != file.sha256:
            blocks.forget()
            raise TransferError(
                f"{target}: is not what the node has recorded, although each of its blocks was; "
                "see this disk, and collect again"
            )
    put_in_place(part, target)
    blocks.path.unlink(missing_ok=True)
    sync_folder(folder)
    return target


def _block(file: NodeFile, number: int, read: Read, room: memoryview) -> memoryview:
    start = number * file.block_bytes
    data = room[: file.bytes - start]
    for _ in range(TRIES):
        _fill(read, start, data)
        if hashlib.sha256(data).hexdigest() == file.blocks[number]:
            return data
    raise TransferError(
        f"{file.name}: block {number} does not have its hash, {TRIES} times; see the node's disk"
    )


def _fill(read: Read, start: int, view: memoryview) -> None:
    place, stop = start, start + len(view)
    while place < stop:
        count = read(place, view[place - start :])
        if not count:
            raise TransferError(f"ends at byte {place}, and {stop} were announced")
        place += count


def _put(handle: int, place: int, data: memoryview) -> None:
    os.lseek(handle, place, os.SEEK_SET)
    while data:
        data = data[os.write(handle, data) :]
    sync_file(handle)


@contextlib.contextmanager
def _opened(part: Path) -> Iterator[int]:
    """Open what is there of a file, for this process alone."""
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(part, flags, 0o644)
    try:
        try:
            lock_file(handle)
        except OSError as error:
            # No `TransferError`: of its session nothing is brought beside that program, which
            # changes the manifest as well.
            raise AcquireError(
                f"{part.name}: another program collects it; wait for that one"
            ) from error
        yield handle
    finally:
        os.close(handle)


class _Blocks:
    """The list of blocks that are whole on the disk; its first line says of which file."""

    def __init__(self, path: Path, file: NodeFile) -> None:
        self.path = path
        self._title = f"{file.sha256} {file.block_bytes}"
        self.whole = self._read(len(file.blocks))

    def _read(self, count: int) -> set[int]:
        try:
            title, *lines = self.path.read_text("ascii", "replace").split("\n")
        except FileNotFoundError:
            return set()
        if title != self._title:  # of another file: nothing of it counts
            self.path.unlink()
            return set()
        # The last line may be torn: it counts with its end only, which the split makes empty.
        return {int(line) for line in lines[:-1] if line.isdecimal() and int(line) < count}

    def __enter__(self) -> _Blocks:
        is_new = not self.path.exists()
        self._file = self.path.open("a+b", buffering=0)
        if is_new:
            self._write(self._title)
        else:
            self._mend()
        return self

    def __exit__(self, *exc: object) -> None:
        self._file.close()

    def _mend(self) -> None:
        """End a torn line, so that the next one is whole."""
        data = self.path.read_bytes()
        if not data.endswith(b"\n"):
            self._file.truncate(data.rfind(b"\n") + 1)
            if not data.count(b"\n"):
                self._write(self._title)

    def _write(self, line: str) -> None:
        # Not synced: what a power cut takes of it are blocks that are fetched once more.
        self._file.write(f"{line}\n".encode("ascii"))

    def add(self, number: int) -> None:
        """Note that a block is on the disk."""
        self._write(str(number))
        self.whole.add(number)

    def forget(self) -> None:
        """Begin anew next time."""
        self._file.truncate(0)
        self._write(self._title)
        self.whole.clear()
