"""The aligned blocks of a `DirectFile` and the hash over them."""

from __future__ import annotations

import contextlib
import hashlib
import mmap
import os
import sys
import threading
from collections import deque
from collections.abc import Callable


class Block:
    """A piece of the file in aligned memory. `flushed` of its `fill` bytes are in the file."""

    def __init__(self, size: int) -> None:
        self.map = mmap.mmap(-1, size)
        self.view = memoryview(self.map)
        self.base = self.fill = self.flushed = 0
        self.since: float | None = None  # monotonic time of the oldest byte not yet in the file

    def restart(self, base: int) -> None:
        """Stand for the piece of the file that begins at `base`."""
        self.base, self.fill, self.flushed, self.since = base, 0, 0, None


class Hasher(threading.Thread):
    """The running SHA-256 over finished blocks. Once `valid` is False it only hands blocks back."""

    def __init__(self, name: str, done: Callable[[Block], None]) -> None:
        super().__init__(name=name, daemon=True)
        self._done = done
        self._blocks: deque[Block | None] = deque()
        # Counts the blocks: the thread sleeps without one, and who feeds never waits.
        self._ready = threading.Semaphore(0)
        self._sha = hashlib.sha256()
        self.valid = True

    def feed(self, block: Block | None) -> None:
        """Take the next block, or None for the end."""
        self._blocks.append(block)
        self._ready.release()

    def run(self) -> None:
        """Hash until the end comes."""
        if sys.platform == "linux":  # a thread has its own niceness there; encoding goes first
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)
        while True:
            self._ready.acquire()
            block = self._blocks.popleft()
            if block is None:
                return
            if self.valid:
                self._sha.update(block.view[: block.fill])
            self._done(block)

    def hexdigest(self) -> str | None:
        """After the end: the hash of all blocks, or None where it gave up."""
        return self._sha.hexdigest() if self.valid else None
