"""A file that is written in whole sectors with O_DIRECT, and cut to its true length at once."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import Final

from recordings.disk import direct_io
from recordings.disk.blocks import Block
from recordings.disk.direct_io import ALIGN, Mode

_SYNC_S: Final = {"direct": 1.0, "nocache": 0.5, "buffered": 0.5}


class Sectors:
    """A new file; `written` bytes from its start are in it. Of one thread at a time.

    Each method raises OSError as the system does.

    Raises:
        RecordingError: the file exists already or cannot be made.
    """

    def __init__(self, path: Path, *, direct: bool) -> None:
        self.mode: Mode
        self._fd, self.mode = direct_io.create(path, direct)
        self.written = 0
        self._synced = time.monotonic()

    def put(self, block: Block, end: int) -> None:
        """Write a block's bytes up to `end`, padded to whole sectors and cut again."""
        if end <= block.flushed:
            return
        start = block.flushed
        padded = end
        if self.mode == "direct":
            start -= start % ALIGN
            padded = -(-end // ALIGN) * ALIGN
        self.store(block.view[start:padded], block.base + start, end - start)
        if padded > end:
            os.ftruncate(self._fd, block.base + end)
        block.flushed = end

    def store(self, data: memoryview, offset: int, valid: int) -> None:
        """Write `data`, of which the first `valid` bytes count."""
        direct_io.refuse_cut(self._length(), self.written)
        done = 0
        while done < len(data):
            done += self._pwrite(data[done:], offset + done)
            self.written = max(self.written, offset + min(done, valid))

    def _pwrite(self, view: memoryview, offset: int) -> int:
        try:
            return direct_io.pwrite(self._fd, view, offset)
        except OSError as error:
            if error.errno != errno.EINVAL or self.mode != "direct" or self.written:
                raise
        direct_io.use_page_cache(self._fd)  # a file system that promises O_DIRECT and has it not
        self.mode = "buffered"
        return direct_io.pwrite(self._fd, view, offset)

    def sync_when_due(self) -> None:
        """Have the disk keep what is written, once in a while."""
        if time.monotonic() - self._synced >= _SYNC_S[self.mode]:
            direct_io.sync(self._fd)
            self._synced = time.monotonic()

    def cut(self, size: int) -> None:
        """Keep `size` bytes of what is written, or less."""
        self.written = min(size, self.written)
        os.ftruncate(self._fd, self.written)

    def cut_to_written(self) -> None:
        """Keep what is written, or as much of it as somebody else has left."""
        self.cut(self._length())

    def _length(self) -> int:
        return os.fstat(self._fd).st_size

    def sync(self) -> None:
        """Have the disk keep all of it, whatever that takes."""
        direct_io.sync_file(self._fd)

    def close(self) -> None:
        """Let go of the file, as it is."""
        os.close(self._fd)
