"""Samples that are in a file twice, as after a copy that went on too early in it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from recordings.disk.file_bytes import PIECE, FileBytes
from recordings.xdf.found import StreamChunks

_STAMP = struct.Struct("<d")


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
    # Amid a whole file somebody may have sent a marker, or a burst of one value, more than once.
    if new.stamp == stream.firsts[-1] and not after_damage and _stands_still(file, new):
        return False
    alike = np.flatnonzero(np.frombuffer(stream.firsts) == new.stamp)
    # Of a stream whose stamps stand still, chunks may be alike and yet none of them a copy.
    if len(alike) != 1 or stream.sizes[alike[0]] != new.size:
        return False
    pieces = (_pieces(file, start, new.size) for start in (stream.starts[alike[0]], new.start))
    return all(before == now for before, now in zip(*pieces, strict=True))


def _stands_still(file: FileBytes, place: Place) -> bool:
    """Say whether all samples have the stamp of the first."""
    stamp = _STAMP.pack(place.stamp)
    pieces = _pieces(file, place.start, place.size, _STAMP.size - 1)
    return place.count == 1 or sum(piece.count(stamp) for piece in pieces) >= place.count


def _pieces(file: FileBytes, start: int, size: int, more: int = 0) -> Iterator[bytes]:
    """Yield so many bytes piece by piece, each with `more` of the next one."""
    end = start + size
    return (file.read(at, min(at + PIECE + more, end)) for at in range(start, end, PIECE))
