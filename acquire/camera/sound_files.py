"""The sound files of one microphone: one a take, written by a thread of their own.

Sound is a thousandth of what a camera delivers: it needs no encoder process and no shared ring. It
has a thread because a write may wait for the disk, and a block must not.
"""

from __future__ import annotations

import queue
import threading
from collections import deque
from concurrent.futures import Future
from pathlib import Path
from typing import Final

import numpy as np

from acquire.camera.encoder_link import NOT_STORED, EncodedFile
from acquire.camera.video_files import ALARM_FILL, CLOSE_S, FileEvent
from acquire.camera.video_take import VideoTake
from devices.arrays import Array
from devices.base import SoundSpec
from recordings.errors import DiskFull
from recordings.sound.writer import CODEC, SoundWriter, sound_path
from recordings.stream_kinds import Fate

WAITING_S: Final = 20.0
"""So much sound may wait for the disk; what comes next is counted as `ring_full`."""


class _File:
    """A file that is being written; the writer's thread alone touches `writer`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.put = 0  # blocks handed over
        self.writer: SoundWriter | None = None
        self.error: str | None = None
        self.disk_full = False
        self.done: Future[EncodedFile] = Future()


class SoundFiles:
    """Hands blocks to the thread that writes and knows which file they are in, as `VideoFiles`."""

    def __init__(self, spec: SoundSpec) -> None:
        self._spec = spec
        self.take: VideoTake | None = None
        self._file: _File | None = None
        self._held: deque[Array] = deque()
        self._limit = max(1, round(WAITING_S * spec.rate_hz))
        # Bounded by `hold`: an order to close a file always has room.
        self._orders: queue.SimpleQueue[tuple[_File, Array | None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="sound", daemon=True)
        self._thread.start()

    def path_of(self, take: VideoTake) -> Path:
        """Name the file of a take."""
        return sound_path(take.stem).absolute()

    def begin(self, take: VideoTake) -> None:
        """Send the blocks that follow to the file of a take."""
        self.take, self._file = take, _File(self.path_of(take))
        take.files.append(self._file.done)
        self._orders.put((self._file, _NOTHING))

    def end(self) -> None:
        """Close the take's file once the blocks committed so far are in it; returns at once."""
        take, file, self.take, self._file = self.take, self._file, None, None
        if take is not None and file is not None:
            self._orders.put((file, None))
            take.close(self._spec.name)

    def hold(self, image: Array) -> bool:
        """Keep a block; False = not stored, see `why_not`."""
        if self._file is None or self._file.error is not None or self.ring_fill() >= 1.0:
            return False
        self._held.append(image.copy())
        return True

    def why_not(self) -> Fate:
        """Say why `hold` refused."""
        failed = self._file is None or self._file.error is not None
        return Fate.ENCODER_ERROR if failed else Fate.RING_FULL

    def commit(self) -> int:
        """Have the oldest block held written; its index in the file."""
        if self._file is None:
            return NOT_STORED
        self._orders.put((self._file, self._held.popleft()))
        self._file.put += 1
        return self._file.put - 1

    def skip(self) -> None:
        """Drop the oldest block held."""
        self._held.popleft()

    def ring_fill(self) -> float:
        """How much of what may wait for the disk does, 0…1."""
        return min(1.0, self._orders.qsize() / self._limit)

    def new_events(self) -> list[FileEvent]:
        """Give what has happened to the file since the last call."""
        take, file, name = self.take, self._file, self._spec.name
        events: list[FileEvent] = []
        if take is None or file is None:
            return events
        if file.error is not None and take.failure is None:
            take.failure = file.error
            code = "disk-full" if file.disk_full else "write-failed"
            text = f"{name}: sound is not stored any more: {file.error}"
            events.append(("error", code, text, take.number))
        if not take.alarmed and self.ring_fill() > ALARM_FILL:
            take.alarmed = True
            text = f"{name}: {self._orders.qsize()} blocks of sound wait for the disk"
            events.append(("info", "ring-filling", text, take.number))
        return events

    def close(self) -> None:
        """Finish the file and end the thread."""
        self.end()
        self._orders.put(None)
        self._thread.join(CLOSE_S)  # a disk that hangs must not keep the device process

    # The thread that writes.

    def _write(self) -> None:
        while (order := self._orders.get()) is not None:
            file, block = order
            if block is None:
                file.done.set_result(self._finished(file))
            elif file.error is None:
                self._guarded(file, block)

    def _guarded(self, file: _File, block: Array) -> None:
        try:
            if file.writer is None:
                spec = self._spec
                file.writer = SoundWriter(
                    file.path, spec.sample_rate_hz, spec.channel_count, spec.block
                )
            if block is not _NOTHING:
                file.writer.write(block)
        except Exception as error:  # whatever it is: the thread must live to close the file
            file.error = str(error) or type(error).__name__
            file.disk_full = isinstance(error, DiskFull)

    def _finished(self, file: _File) -> EncodedFile:
        frames = size = 0
        if file.writer is not None:
            try:
                file.writer.close()
            except Exception as error:  # likewise: a stop waits for this
                file.error = file.error or str(error) or type(error).__name__
                file.disk_full |= isinstance(error, DiskFull)
            frames, size = file.writer.kept, file.writer.bytes
        return EncodedFile(
            file.path,
            frames=frames,
            bytes=size,
            codec=CODEC,
            tiling="",
            lost=file.put - frames,
            error=file.error,
            disk_full=file.disk_full,
        )


_NOTHING: Final[Array] = np.zeros((0, 1), np.int16)
"""Opens a file and puts nothing into it."""
