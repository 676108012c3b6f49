"""Samples that are in a file twice, as after a copy that went on too early in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from recordings.disk.file_bytes import PIECE, FileBytes
from recordings.xdf.found import StreamChunks


@dataclass(frozen=True, slots=True)
class Place:
    """Where the samples of a chunk lie, how many, and the stamp of the first; 0 = it has none."""

    start: int
    size: int
    count: int
    stamp: float


def is_doubled(file: FileBytes, stream: StreamChunks, new: Place, after_damage: bool) -> bool:
    """Say whether an earlier chunk of the stream has the same samples, byte for byte.

    `after_damage` says that no new samples have come since some.
    """
    if not stream.firsts or not 0 < new.stamp <= stream.firsts[-1]:
        return False
    # Amid a whole file somebody may have sent one marker twice.
    if new.count == 1 and new.stamp == stream.firsts[-1] and not after_damage:
        return False
    alike = np.flatnonzero(np.frombuffer(stream.firsts) == new.stamp)
    # Of a stream whose stamps stand still, chunks may be alike and yet none of them a copy.
    if len(alike) != 1 or stream.sizes[alike[0]] != new.size:
        return False
    return all(
        file.read(stream.starts[alike[0]] + at, stream.starts[alike[0]] + min(at + PIECE, new.size))
        == file.read(new.start + at, new.start + min(at + PIECE, new.size))
        for at in range(0, new.size, PIECE)
    )
