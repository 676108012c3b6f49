"""A file for hundreds of megabytes a second that stays out of the page cache.

`DirectFile` gathers what is written into aligned blocks. A thread of its own writes them with
O_DIRECT, so that encoding and writing overlap, and lets no byte wait longer than `FLUSH_S`: a
block that is not full goes out padded, the file is cut to its true length at once, and the tail is
written again when the block has grown. So a process killed with -9 loses less than half a second;
killed between a write and its cut, it leaves less than a sector of zeros at the end.

Where O_DIRECT does not exist the same blocks go through the page cache, paced by fdatasync, because
dirty pages that pile up stall a writer for half a second when they go out. Windows and macOS take
this way; it was not tried there.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from pathlib import Path
from typing import Final

from recordings.disk.blocks import Block, Hasher
from recordings.disk.direct_io import ALIGN, Mode
from recordings.disk.sectors import Sectors
from recordings.errors import DiskFull, RecordingError, is_full

FLUSH_S: Final = 0.4
_HASH_PATIENCE_S: Final = 0.05

Data = bytes | bytearray | memoryview


class DirectFile:
    """A new file, written in order (rewriting a few bytes is possible), bypassing the page cache.

    A file object as far as PyAV needs one: write, seek, tell, flush, close. `blocks` blocks of
    `block_bytes` are all the memory it takes; when they are all waiting for the disk, `write`
    waits.

    Raises:
        RecordingError: the file exists already or cannot be made; a write failed.
        DiskFull: from `write`, `flush` or `close`, once the file is cut to what is in it.
    """

    def __init__(
        self,
        path: Path,
        *,
        block_bytes: int = 4 << 20,
        blocks: int = 4,
        checksum: bool = True,
        direct: bool = True,
    ) -> None:
        if block_bytes % ALIGN or blocks < 2:
            raise ValueError(f"{block_bytes=} must be a multiple of {ALIGN}, {blocks=} at least 2")
        self.path = path
        self._sectors = Sectors(path, direct=direct)
        # Guards the blocks that go from the user to the writing thread, and back to be used again.
        self._cond = threading.Condition()
        self._spare = deque(Block(block_bytes) for _ in range(blocks - 1))
        self._block = Block(block_bytes)
        self._queue: deque[Block] = deque()
        self._busy = self._closing = self._closed = self._deaf = False
        self._error: RecordingError | None = None
        self._position = 0
        self._hasher = Hasher(f"hash {path.name}", self._free) if checksum else None
        if self._hasher:
            self._hasher.start()
        self._writer = threading.Thread(target=self._run, name=f"write {path.name}", daemon=True)
        self._writer.start()

    # -- the file as its user sees it -----------------------------------------------------------

    @property
    def size(self) -> int:
        """Bytes written by the user."""
        return self._block.base + self._block.fill

    @property
    def written(self) -> int:
        """Bytes from the start of the file that are in the file: what a kill -9 leaves."""
        return self._sectors.written

    @property
    def mode(self) -> Mode:
        """How it is written: past the page cache, or through it."""
        return self._sectors.mode

    @property
    def sha256(self) -> str | None:
        """After `close`: the hash, or None if it was not asked for or not worth waiting for."""
        ready = self._hasher if self._closed and self._error is None and not self._deaf else None
        return ready.hexdigest() if ready else None

    def write(self, data: Data) -> int:
        """Take bytes at the current position; wait only while every block waits for the disk."""
        if self._deaf:
            return len(data)
        self._raise()
        view = memoryview(data).cast("B")
        behind = min(len(view), self.size - self._position)
        if behind > 0:
            self._rewrite(view[:behind])
        self._append(view[max(behind, 0) :])
        self._position += len(view)
        return len(view)

    def write_aligned(self, data: memoryview, address: int) -> None:
        """Append `data`, whose memory begins at `address`; without a copy where everything aligns.

        That is: data, file and length in whole sectors, O_DIRECT, and no hash to be computed.
        """
        whole = not (address % ALIGN or len(data) % ALIGN or self.size % ALIGN)
        if not whole or self.mode != "direct" or self._hasher or self._deaf:
            self.write(data)
            return
        self._position = self.size
        if self._block.fill:
            self.flush()
        with self._cond:
            self._raise()
            self._block.restart(self._position)
        try:
            self._sectors.store(data, self._position, len(data))
            self._block.restart(self._position + len(data))
            self._sectors.sync_when_due()
        except OSError as error:
            self._fail(error)
        self._raise()
        self._position = self.size

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move to a place inside the file, or to its end."""
        start = (0, self._position, self.size)[whence]
        if not 0 <= start + offset <= self.size and not self._deaf:
            raise ValueError(f"seek to {start + offset} in a file of {self.size} bytes")
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        """Return the current position."""
        return self._position

    def seekable(self) -> bool:
        """Say yes: a muxer may come back to complete its header."""
        return True

    def flush(self) -> None:
        """Return once everything is in the file."""
        with self._cond:
            self._block.since = 0.0 if self._block.fill > self._block.flushed else None
            self._cond.notify_all()
            self._cond.wait_for(lambda: self._error or self._idle())
        self._raise()

    def drop_hash(self) -> None:
        """Stop hashing: the processor is needed for more urgent work."""
        if self._hasher:
            self._hasher.valid = False

    def abandon(self, valid_bytes: int | None = None) -> None:
        """After an error: take and drop what still comes, cut the file to `valid_bytes`."""
        self._deaf = True
        if valid_bytes is not None:
            with contextlib.suppress(OSError):
                self._sectors.cut(valid_bytes)

    def close(self) -> None:
        """Write the rest, cut to the true length, sync. Idempotent; raises what a write raised."""
        if self._closed:
            return
        self._closed = True
        with self._cond:
            self._closing = True
            self._cond.notify_all()
        self._writer.join()  # first: only then is it known where the file ends
        if self._hasher:
            self._hasher.feed(self._block)
            self._hasher.feed(None)
            self._hasher.join()
        try:
            if self._error is None:
                self._sectors.cut(self.written)
            self._sectors.sync()
        except OSError as error:
            self._fail(error)
        finally:
            self._sectors.close()
        if not self._deaf:
            self._raise()

    # -- filling blocks -------------------------------------------------------------------------

    def _raise(self) -> None:
        if self._error:
            raise self._error

    def _idle(self) -> bool:
        return not self._queue and not self._busy and self._block.fill == self._block.flushed

    def _append(self, view: memoryview) -> None:
        while view:
            block = self._block
            count = min(len(view), len(block.view) - block.fill)
            block.view[block.fill : block.fill + count] = view[:count]
            view = view[count:]
            with self._cond:
                block.fill += count
                if block.since is None:
                    block.since = time.monotonic()
                    self._cond.notify_all()
            if block.fill == len(block.view):
                self._next_block()

    def _next_block(self) -> None:
        full = self._block
        with self._cond:
            self._queue.append(full)
            self._cond.notify_all()
            while not self._spare and not self._error:
                waited = not self._cond.wait(_HASH_PATIENCE_S)
                if waited and self._hasher and not (self._queue or self._busy):
                    self._hasher.valid = False  # it holds all the blocks: recording goes first
            self._raise()
            self._block = self._spare.popleft()
            self._block.restart(full.base + full.fill)

    def _free(self, block: Block) -> None:
        with self._cond:
            self._spare.append(block)
            self._cond.notify_all()

    def _rewrite(self, view: memoryview) -> None:
        """Overwrite bytes before the end: a muxer completes its header."""
        with self._cond:
            self._cond.wait_for(lambda: self._error or not (self._queue or self._busy))
            self._raise()
            block, start = self._block, self._position
            stop = start + len(view)
            if start < block.base:
                if self._hasher:
                    self._hasher.valid = False
                with self.path.open("r+b", buffering=0) as file:
                    file.seek(start)
                    file.write(view[: block.base - start])
            if stop > block.base:
                into = max(start, block.base)
                block.view[into - block.base : stop - block.base] = view[into - start :]
                block.flushed = min(block.flushed, into - block.base)
                block.since = block.since or time.monotonic()

    # -- the writer thread ----------------------------------------------------------------------

    def _run(self) -> None:
        while (job := self._next_job()) is not None:
            block, end, full = job
            try:
                if not self._error:
                    self._sectors.put(block, end)
                self._sectors.sync_when_due()
            except OSError as error:
                self._fail(error)
            if full and self._hasher and not self._error:
                self._hasher.feed(block)
            elif full:
                self._free(block)
            with self._cond:
                self._busy = False
                self._cond.notify_all()

    def _next_job(self) -> tuple[Block, int, bool] | None:
        """Wait for a full block, a tail that has waited long enough, or the end (None)."""
        with self._cond:
            while True:
                block, now = self._block, time.monotonic()
                due = block.since + FLUSH_S - now if block.since is not None else None
                if self._queue:
                    self._busy = True
                    full = self._queue.popleft()
                    return full, full.fill, True
                if self._error and self._closing:
                    return None
                if due is not None and not self._error and (due <= 0 or self._closing):
                    self._busy, block.since = True, None
                    return block, block.fill, False
                if self._closing:
                    return None
                # After an error nothing is due any more: there is only the end to wait for.
                self._cond.wait(None if self._error else due)

    def _fail(self, error: OSError) -> None:
        if self._error:
            return
        with contextlib.suppress(OSError):
            self._sectors.cut_to_written()
        valid = f"{self.written} bytes of it are valid"
        if is_full(error):
            failure: RecordingError = DiskFull(
                f"{self.path}: no space left on its disk; {valid}: free space or record elsewhere"
            )
        else:
            failure = RecordingError(f"{self.path}: write failed ({error}); {valid}")
        failure.__cause__ = error
        self._error = failure
