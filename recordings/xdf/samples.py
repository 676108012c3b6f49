"""The inside of Samples chunks: does it fit, and what are its stamps and values.

A sample is a byte that says whether a stamp follows, the stamp, and the values. Our files stamp
every sample; LabRecorder leaves out a stamp that is exactly one period after the one before, also
across chunks. Any byte but 0 is taken for "a stamp follows", as pyxdf does.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from mmap import mmap
from typing import Any

import numpy as np
import numpy.typing as npt

from recordings.arrays import F64Array
from recordings.marker_codes import text_of
from recordings.xdf.chunks import record_dtype
from recordings.xdf.header import StreamInfo

Buffer = bytes | mmap

_STAMP = struct.Struct("<d")
_VARLEN = {1: struct.Struct("<B"), 4: struct.Struct("<I"), 8: struct.Struct("<Q")}


def samples_fit(
    buffer: Buffer, start: int, end: int, count: int, info: StreamInfo, *, strict: bool = False
) -> bool:
    """Say whether bytes `start` to `end` hold exactly `count` samples of the stream.

    Where the size says that every sample has a stamp, that is believed unless `strict`.
    """
    if info.dtype is None:
        return _strings_end(buffer, start, end, count, info.channel_count) == end
    shortest = count * (1 + info.sample_bytes)
    stamped, odd = divmod(end - start - shortest, 8)
    if odd or not 0 <= stamped <= count:
        return False
    if stamped == count:
        if not strict or not count:
            return True
        flags = np.frombuffer(buffer, np.uint8, end - start, start)[:: 9 + info.sample_bytes]
        return bool(flags.all())
    return sum(n for _, n, has in _runs(buffer, start, end, count, info) if has) == stamped


def _runs(
    buffer: Buffer, start: int, end: int, count: int, info: StreamInfo
) -> Iterator[tuple[int, int, bool]]:
    """Yield (first byte, samples, stamped) for each run of samples alike; stop at nonsense."""
    sizes = (1 + info.sample_bytes, 9 + info.sample_bytes)
    window = 16
    while count:
        stamped = start < end and buffer[start] != 0
        size = sizes[stamped]
        look = min(count, window, (end - start) // size)
        if look < 1:
            return
        flags = np.frombuffer(buffer, np.uint8, (look - 1) * size + 1, start)[::size] != 0
        changed = np.flatnonzero(flags != stamped)
        run = int(changed[0]) if changed.size else look
        # A longer look where runs are long, a shorter one where stamps come and go.
        window = min(window * 4, 1 << 16) if run == look else 16
        yield start, run, stamped
        start += run * size
        count -= run


def numeric(
    buffer: Buffer, start: int, size: int, count: int, info: StreamInfo
) -> Iterator[tuple[F64Array | None, npt.NDArray[Any]]]:
    """Yield (stamps or None, values of shape (n, channels)) for each run of a chunk that fits.

    The arrays are views into the buffer.
    """
    assert info.dtype is not None
    stamped_record = record_dtype(info.dtype, info.channel_count)
    if size == count * stamped_record.itemsize:
        record = np.frombuffer(buffer, stamped_record, count, start)
        yield record["stamp"], record["values"]
        return
    bare_record = np.dtype([("length", "u1"), ("values", stamped_record["values"])])
    for first, run, stamped in _runs(buffer, start, start + size, count, info):
        if stamped:
            record = np.frombuffer(buffer, stamped_record, run, first)
            yield record["stamp"], record["values"]
        else:
            yield None, np.frombuffer(buffer, bare_record, run, first)["values"]


def _strings_end(buffer: Buffer, at: int, end: int, count: int, channels: int) -> int:
    """Return where `count` samples end that start at `at`; -1 where they leave the chunk."""
    if count * (1 + 2 * channels) > end - at:  # an empty string takes 2 bytes
        return -1
    for _ in range(count):
        if at >= end:
            return -1
        at += 9 if buffer[at] else 1
        for _ in range(channels):
            length, at = _varlen(buffer, at, end)
            at += length
            if length < 0 or at > end:
                return -1
    return at


def _varlen(buffer: Buffer, at: int, end: int) -> tuple[int, int]:
    """Return an integer and the byte after it; -1 as the integer where there is none."""
    width = buffer[at] if at < end else 0
    if width not in _VARLEN or at + 1 + width > end:
        return -1, at
    return _VARLEN[width].unpack_from(buffer, at + 1)[0], at + 1 + width


def strings(
    buffer: Buffer, start: int, size: int, count: int, channels: int
) -> Iterator[tuple[float | None, list[str]]]:
    """Yield (stamp or None, one str a channel) for each sample of a chunk that fits."""
    at, end = start, start + size
    for _ in range(count):
        stamp = _STAMP.unpack_from(buffer, at + 1)[0] if buffer[at] else None
        at += 9 if buffer[at] else 1
        row = []
        for _ in range(channels):
            length, at = _varlen(buffer, at, end)
            row.append(text_of(buffer[at : at + length]))
            at += length
        yield stamp, row
