"""Sound as FLAC, block by block, so that a crash costs less than a second.

A block's time is not in here: it stands in the microphone's index stream. Block k of the file is
its samples from k · block on: the packets of FLAC are of another length.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import av
import numpy as np

from recordings.arrays import I16Array
from recordings.disk.direct_io import refuse_cut, sync_file
from recordings.errors import DiskFull, RecordingError, is_full
from recordings.layout import SOUND_SUFFIX

CODEC: Final = "flac"
BLOCK_KEY: Final = "UNISONO_BLOCK"
"""Of the file's own description: how many samples a block has."""
SYNC_S: Final = 1.0
_LAYOUTS: Final = {1: "mono", 2: "stereo"}
CHANNELS: Final = tuple(_LAYOUTS)
"""How many channels a file can have."""


def sound_path(stem: Path) -> Path:
    """Name the file that a `SoundWriter` makes for a path without a suffix."""
    return stem.with_name(stem.name + SOUND_SUFFIX)


class SoundWriter:
    """Writes one new FLAC file of 16-bit samples.

    Args:
        path: the file.
        sample_rate_hz: a whole number, as FLAC has no other.
        channels: one of `CHANNELS`.
        block: samples a block.

    Raises:
        RecordingError: the file exists or cannot be made, or FLAC has no such form.
        DiskFull: for lack of space.
    """

    def __init__(self, path: Path, sample_rate_hz: float, channels: int, block: int) -> None:
        self.path = path
        self.kept = 0  # blocks that the encoder has taken
        self._block, self._rate = block, round(sample_rate_hz)
        self._held = 0  # bytes in the file after the last block
        self._closed = False
        self._sync_due = 0.0
        if channels not in _LAYOUTS or self._rate != sample_rate_hz:
            raise RecordingError(
                f"{path}: {channels} channels at {sample_rate_hz:g} Hz cannot be written; FLAC "
                "takes one or two here, and whole rates"
            )
        self._layout = _LAYOUTS[channels]
        if path.exists():
            raise RecordingError(f"{path}: exists already, and no file is ever overwritten")
        self._guard(self._open)

    def _open(self) -> None:
        # Each packet goes to the file at once: there are ten a second.
        self._container = av.open(
            str(self.path), "w", format="flac", container_options={"flush_packets": "1"}
        )
        self._container.metadata[BLOCK_KEY] = str(self._block)
        self._stream = self._container.add_stream(CODEC, rate=self._rate, layout=self._layout)
        self._stream.codec_context.format = "s16"
        self._container.start_encoding()

    @property
    def bytes(self) -> int:
        """Bytes in the file."""
        return self.path.stat().st_size if self.path.exists() else 0

    def write(self, block: I16Array) -> int:
        """Store a block, shape (block, channels), int16; return its index.

        Raises:
            RecordingError: it has another shape, or the file cannot be written.
            DiskFull: for lack of space.
        """
        if len(block) != self._block:
            raise RecordingError(
                f"{self.path}: a block of {len(block)} samples; all have {self._block}"
            )
        packed = np.ascontiguousarray(block, np.int16).reshape(1, -1)
        frame = av.AudioFrame.from_ndarray(packed, format="s16", layout=self._layout)
        frame.sample_rate, frame.pts = self._rate, self.kept * self._block
        if self.path.exists():  # that it was moved, the engine tells
            self._guard(lambda: refuse_cut(self.bytes, self._held))
        self._guard(lambda: self._container.mux(self._stream.encode(frame)))
        self._held = self.bytes
        self.kept += 1
        if time.monotonic() >= self._sync_due:
            self._sync_due = time.monotonic() + SYNC_S
            self._guard(self._sync)
        return self.kept - 1

    def close(self) -> None:
        """Complete the file.

        Raises:
            RecordingError, DiskFull: the rest could not be written.
        """
        if self._closed:
            return
        self._closed = True
        try:
            self._guard(lambda: self._container.mux(self._stream.encode(None)))
        finally:  # whatever the encoder says, the file is not left open
            self._guard(self._container.close)
        self._guard(self._sync)

    def _sync(self) -> None:
        file = os.open(self.path, os.O_RDWR)
        try:
            sync_file(file)
        finally:
            os.close(file)

    def _guard(self, action: Callable[[], object]) -> None:
        try:
            action()
        except (OSError, ValueError, av.FFmpegError) as error:
            full = isinstance(error, OSError) and is_full(error)
            kind = DiskFull if full else RecordingError
            raise kind(
                f"{self.path}: cannot be written ({getattr(error, 'strerror', None) or error})"
            ) from error
