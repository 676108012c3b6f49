"""The inside of Samples chunks: does it fit, and what are its stamps and values.

A sample is a byte that says whether a stamp follows, the stamp, and the values. Our files stamp
every sample; LabRecorder leaves out a stamp that is exactly one period after the one before, also
across chunks. Any byte but 0 is taken for "a stamp follows", as pyxdf does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from recordings.arrays import F64Array
from recordings.disk.file_bytes import PIECE, Window
from recordings.marker_codes import text_of
from recordings.xdf.chunks import record_dtype
from recordings.xdf.header import StreamInfo

_STAMP = struct.Struct("<d")
_VARLEN = {1: struct.Struct("<B"), 4: struct.Struct("<I"), 8: struct.Struct("<Q")}


def samples_fit(
    window: Window, start: int, end: int, count: int, info: StreamInfo, *, strict: bool = False
) -> bool:
    """Say whether bytes `start` to `end` hold exactly `count` samples of the stream.

    Where the size says that every sample has a stamp, that is believed unless `strict`.
    """
    if info.dtype is None:
        return _strings_end(window, start, end, count, info.channel_count) == end
    shortest = count * (1 + info.sample_bytes)
    stamped, odd = divmod(end - start - shortest, 8)
    if odd or not 0 <= stamped <= count:
        return False
    if stamped == count:
        return not strict or _all_stamped(window, start, count, 9 + info.sample_bytes)
    return sum(n for _, n, has in _runs(window, start, end, count, info) if has) == stamped


def _all_stamped(window: Window, start: int, count: int, size: int) -> bool:
    """Say whether each sample begins as the first: else a byte was lost or came amid them."""
    most, first = max(1, PIECE // size), 0
    for n in range(0, count, most):
        run = min(most, count - n)
        held, at = window.hold(start + n * size, start + (n + run) * size)
        first = first or held[at]
        if not first or (np.frombuffer(held, np.uint8, run * size, at)[::size] != first).any():
            return False
    return True


def _runs(
    window: Window, start: int, end: int, count: int, info: StreamInfo
) -> Iterator[tuple[int, int, bool]]:
    """Yield (first byte, samples, stamped) for each run of samples alike; stop at nonsense.

    The window holds them.
    """
    sizes = (1 + info.sample_bytes, 9 + info.sample_bytes)
    most, stop = 16, start  # of what is held
    while count and start < end:
        if start + sizes[1] > stop < end:
            stop = min(end, start + max(PIECE, sizes[1]))
        held, at = window.hold(start, stop)
        stamped = held[at] != 0
        size = sizes[stamped]
        look = min(count, most, (stop - start) // size)
        if look < 1:
            return
        flags = np.frombuffer(held, np.uint8, (look - 1) * size + 1, at)[::size] != 0
        changed = np.flatnonzero(flags != stamped)
        run = int(changed[0]) if changed.size else look
        # A longer look where runs are long, a shorter one where stamps come and go.
        most = min(most * 4, 1 << 16) if run == look else 16
        yield start, run, stamped
        start += run * size
        count -= run


def numeric(
    window: Window, chunks: Iterable[tuple[int, int, int]], info: StreamInfo, first: int, after: int
) -> Iterator[tuple[F64Array | None, npt.NDArray[Any]]]:
    """Yield (stamps or None, values of shape (n, channels)) of samples `first` to before `after`.

    `chunks` are (first byte, bytes, samples) of chunks that fit. The pieces are views into what the
    window holds: each has to be used before the next.
    """
    assert info.dtype is not None
    for start, size, count in chunks:
        # Not before a chunk fits: a header may tell of any number of channels.
        record = record_dtype(info.dtype, info.channel_count)
        width = record.itemsize
        low, high = max(first, 0), min(after, count)
        if size == count * width:
            while low < high:
                run = min(PIECE // width or 1, high - low)
                held, at = window.hold(start + low * width, start + (low + run) * width)
                piece = np.frombuffer(held, record, run, at)
                yield piece["stamp"], piece["values"]
                low += run
        else:
            yield from _mixed(window, start, start + size, count, info, low, high)
        first, after = first - count, after - count


def _mixed(
    window: Window, start: int, end: int, count: int, info: StreamInfo, first: int, after: int
) -> Iterator[tuple[F64Array | None, npt.NDArray[Any]]]:
    """Yield what `numeric` does of one chunk in which stamps are left out."""
    assert info.dtype is not None
    record = record_dtype(info.dtype, info.channel_count)
    bare = np.dtype([("length", "u1"), ("values", record["values"])])
    n = 0
    for place, run, stamped in _runs(window, start, end, count, info):
        low, high = max(first - n, 0), min(after - n, run)
        n += run
        if low < high:
            kind = record if stamped else bare
            held, at = window.hold(place + low * kind.itemsize, place + high * kind.itemsize)
            piece = np.frombuffer(held, kind, high - low, at)
            yield (piece["stamp"] if stamped else None), piece["values"]


def _strings_end(window: Window, at: int, end: int, count: int, channels: int) -> int:
    """Return where `count` samples end that start at `at`; -1 where they leave the chunk."""
    if count * (1 + 2 * channels) > end - at:  # an empty string takes 2 bytes
        return -1
    for _ in range(count):
        if at >= end:
            return -1
        held, place = window.hold(at, at + 1)
        at += 9 if held[place] else 1
        for _ in range(channels):
            length, at = _varlen(window, at, end)
            at += length
            if length < 0 or at > end:
                return -1
    return at


def _varlen(window: Window, at: int, end: int) -> tuple[int, int]:
    """Return an integer and the byte after it; -1 as the integer where there is none."""
    held, place = window.hold(at, min(at + 9, end))
    width = held[place] if at < end else 0
    if width not in _VARLEN or at + 1 + width > end:
        return -1, at
    return _VARLEN[width].unpack_from(held, place + 1)[0], at + 1 + width


def strings(
    window: Window, start: int, size: int, count: int, channels: int
) -> Iterator[tuple[float | None, list[str]]]:
    """Yield (stamp or None, one str a channel) for each sample of a chunk that fits."""
    at, end = start, start + size
    for _ in range(count):
        held, place = window.hold(at, min(at + 9, end))
        stamp = _STAMP.unpack_from(held, place + 1)[0] if held[place] else None
        at += 1 if stamp is None else 9
        row = []
        for _ in range(channels):
            length, at = _varlen(window, at, end)
            held, place = window.hold(at, at + length)
            row.append(text_of(bytes(held[place : place + length])))
            at += length
        yield stamp, row
