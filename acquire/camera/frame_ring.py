"""A ring of frames in memory that two processes share: one puts, one takes, neither waits.

Policy when full: `try_put` says no, and the caller counts the frame as `ring_full`. Who takes is
told of each frame over a pipe (`encoder_host`), so nobody polls, and a dead peer is a closed
pipe. That pipe also orders memory between processors: the frame is in the ring before its byte is.

The memory has no name by the time anybody could die: memfd on Linux, a segment unlinked at once on
macOS, so a kill -9 leaves nothing behind. Windows frees its tagged memory with the last handle.
Neither of the last two was tried.
"""

from __future__ import annotations

import mmap
import os
import sys
import uuid
from typing import Any, Final

import numpy as np

from recordings.arrays import U8Array
from recordings.errors import RecordingError

MAX_SLOTS: Final = 16_384  # a byte each in a pipe of 64 KiB: telling of a frame never blocks
_PAGE: Final = 4096
_HEAD, _TAIL = 0, 8  # places in the control page, a cache line each
_INDEX = 1  # place of a frame's index in its slot's header, behind the sequence number


class FrameRing:
    """`slots` frames of `frame_bytes` bytes. One process makes it, the other attaches to `handle`.

    Raises:
        RecordingError: there is no memory for it, or the number of slots is out of range.
    """

    def __init__(self, slots: int, frame_bytes: int, handle: str | None = None) -> None:
        if not 2 <= slots <= MAX_SLOTS:
            raise RecordingError(f"ring of {slots} frames: between 2 and {MAX_SLOTS} are possible")
        self.slots = slots
        self.high_water = 0  # most frames waiting so far; the side that puts counts it
        stride = -(-frame_bytes // _PAGE) * _PAGE
        start = -(-(_PAGE + slots * 16) // _PAGE) * _PAGE
        size = start + slots * stride
        try:
            self._memory, self.fd, self.handle = _map(size, handle)
        except (OSError, ValueError) as error:
            raise RecordingError(
                f"ring of {slots} frames: no {size / 1e6:.0f} MB of memory ({error}); "
                "take a smaller ring_s"
            ) from error
        buffer = self._memory
        self._control: Any = np.ndarray(_PAGE // 8, np.uint64, buffer)
        self._headers: Any = np.ndarray((slots, 2), np.int64, buffer, _PAGE)
        self._frames: Any = np.ndarray((slots, frame_bytes), np.uint8, buffer, start, (stride, 1))
        self._head, self._tail = int(self._control[_HEAD]), int(self._control[_TAIL])

    @property
    def fill(self) -> int:
        """Frames waiting; none once it is closed."""
        if self._control is None:
            return 0
        return int(self._control[_HEAD]) - int(self._control[_TAIL])

    def set_index(self, age: int, index: int) -> None:
        """Give a frame its index in the file, now that it has one; `age` frames came after it."""
        self._headers[(self._head - 1 - age) % self.slots][_INDEX] = index

    def try_put(self, frame: U8Array) -> bool:
        """Copy a frame in; False = full, nothing was stored."""
        waiting = self._head - int(self._control[_TAIL])
        if waiting >= self.slots:
            return False
        slot = self._head % self.slots
        self._frames[slot] = frame
        self._head += 1
        self._headers[slot] = (self._head, -1)
        self._control[_HEAD] = self._head
        self.high_water = max(self.high_water, waiting + 1)
        return True

    def peek(self) -> tuple[int, U8Array]:
        """The oldest frame's index and bytes; the view is valid until `release`.

        Raises:
            RecordingError: the ring is empty, or was written over.
        """
        slot = self._tail % self.slots
        sequence, index = self._headers[slot].tolist()
        if sequence != self._tail + 1:
            raise RecordingError(f"frame ring: slot {slot} holds {sequence}, not {self._tail + 1}")
        return index, self._frames[slot]

    def release(self) -> None:
        """Give the oldest frame's slot back."""
        self._tail += 1
        self._control[_TAIL] = self._tail

    def close(self) -> None:
        """Let go of the memory; views of frames must be gone by then."""
        self._control = self._headers = self._frames = None
        self._memory.close()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1


def _map(size: int, handle: str | None) -> tuple[mmap.mmap, int, str]:
    """Make shared memory, or attach to it by its handle: a file descriptor, or a tag on Windows."""
    if sys.platform == "win32":
        tag = handle or f"unisono-{uuid.uuid4()}"
        return mmap.mmap(-1, size, tagname=tag), -1, tag
    fd = _unnamed(size) if handle is None else int(handle)
    # All pages at once: a page fault in the middle of a recording costs as much as the copy.
    flags = mmap.MAP_SHARED | getattr(mmap, "MAP_POPULATE", 0)
    try:
        return mmap.mmap(fd, size, flags), fd, str(fd)
    except BaseException:
        os.close(fd)
        raise


def _unnamed(size: int) -> int:
    fd: int
    if sys.platform == "linux":
        fd = os.memfd_create("unisono-frames")
    elif sys.platform != "win32":
        import _posixshmem

        name = f"/unisono-{uuid.uuid4().hex[:16]}"
        fd = _posixshmem.shm_open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode=0o600)
        _posixshmem.shm_unlink(name)
    else:
        raise OSError(f"{sys.platform} maps memory by name")
    try:
        os.ftruncate(fd, size)
    except OSError:
        os.close(fd)
        raise
    return fd
