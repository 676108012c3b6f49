"""XDF chunks as bytes: pure encoders, no file in sight.

An XDF file is the magic `XDF:` and then chunks, each `[length of length][length][tag][content]`,
little-endian on every host (https://github.com/sccn/xdf/wiki/Specifications). What the format
leaves open is decided here: every sample carries its stamp, strings are UTF-8, and a stamp of
exactly 0.0 is written like any other (LabRecorder drops it and so turns it into "one period after
the sample before").
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from enum import IntEnum
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recordings.arrays import F64Array

MAGIC: Final = b"XDF:"
BOUNDARY_UUID: Final = bytes.fromhex("43A546DCCBF5410FB30ED5467383CBE4")

# The words of XDF for the types of numpy. Strings are the one format that is not here.
CHANNEL_FORMATS: Final = {
    "float32": "float32",
    "float64": "double64",
    "int8": "int8",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
}

# Samples chunk up to its first sample: 4-byte length, tag, stream, 4-byte number of samples.
_SAMPLES_HEAD = struct.Struct("<BIHIBI")
_LONG_SAMPLES_HEAD = struct.Struct("<BQHIBI")
_HEAD_ROOM = _LONG_SAMPLES_HEAD.size


class Tag(IntEnum):
    """What a chunk is."""

    FILE_HEADER = 1
    STREAM_HEADER = 2
    SAMPLES = 3
    CLOCK_OFFSET = 4
    BOUNDARY = 5
    STREAM_FOOTER = 6


def varlen(value: int) -> bytes:
    """Encode an integer in the shortest of the three widths of XDF: 1, 4 or 8 bytes."""
    if value < 1 << 8:
        return struct.pack("<BB", 1, value)
    if value < 1 << 32:
        return struct.pack("<BI", 4, value)
    return struct.pack("<BQ", 8, value)


def chunk(tag: Tag, content: bytes) -> bytes:
    """Wrap `content` (with the stream id in it, where the tag has one) into a chunk."""
    return varlen(2 + len(content)) + struct.pack("<H", tag) + content


def file_header() -> bytes:
    """Return the FileHeader chunk; the file starts with `MAGIC` and then this."""
    xml = '<?xml version="1.0"?><info><version>1.0</version></info>'
    return chunk(Tag.FILE_HEADER, xml.encode())


def stream_header(stream_id: int, xml: str) -> bytes:
    """Return the StreamHeader chunk; `xml` is the full `<info>` document of the stream."""
    return chunk(Tag.STREAM_HEADER, struct.pack("<I", stream_id) + xml.encode("utf-8"))


def clock_offset(stream_id: int, collection_time: float, offset: float) -> bytes:
    """Return a ClockOffset chunk.

    `collection_time` is on the clock of the stream's computer, seconds; adding `offset` seconds
    to a stamp gives the time on the recording computer.
    """
    content = struct.pack("<Idd", stream_id, collection_time, offset)
    return chunk(Tag.CLOCK_OFFSET, content)


def boundary() -> bytes:
    """Return the Boundary chunk from which a reader finds its way after damage."""
    return chunk(Tag.BOUNDARY, BOUNDARY_UUID)


def stream_footer(
    stream_id: int,
    first: float | None,
    last: float | None,
    count: int,
    offsets: Iterable[tuple[float, float]] = (),
    cut: float | None = None,
) -> bytes:
    """Return the StreamFooter chunk.

    `first` and `last` are stamps (None where there is no sample: written as 0, as LabRecorder
    does), `offsets` the (collection time, offset) pairs that are in the file. `cut` is an element
    of ours, in a node's own copy: samples stamped after it do not belong to the recording.
    """
    entries = "".join(
        f"<offset><time>{time!r}</time><value>{value!r}</value></offset>"
        for time, value in ((float(t), float(v)) for t, v in offsets)
    )
    xml = (
        '<?xml version="1.0"?><info>'
        f"<first_timestamp>{float(first or 0.0)!r}</first_timestamp>"
        f"<last_timestamp>{float(last or 0.0)!r}</last_timestamp>"
        f"<sample_count>{int(count)}</sample_count>"
        f"<clock_offsets>{entries}</clock_offsets>"
        + ("" if cut is None else f"<cut>{float(cut)!r}</cut>")
        + "</info>"
    )
    return chunk(Tag.STREAM_FOOTER, struct.pack("<I", stream_id) + xml.encode())


@lru_cache(maxsize=256)  # asked for once a chunk
def record_dtype(dtype: np.dtype[Any], channels: int) -> np.dtype[Any]:
    """Return the record of one stamped sample: stamp length (always 8), stamp, values."""
    values = dtype.newbyteorder("<")
    return np.dtype([("length", "u1"), ("stamp", "<f8"), ("values", values, (channels,))])


class SamplesEncoder:
    """Turns samples of one numeric stream into Samples chunks, at memory speed.

    It owns one buffer that grows to the largest chunk seen: what `encode` returns is valid until
    the next call. The first `capacity` samples cost no allocation.
    """

    def __init__(
        self, stream_id: int, dtype: npt.DTypeLike, channels: int, capacity: int = 1024
    ) -> None:
        self.stream_id = stream_id
        self._dtype = np.dtype(dtype)
        if self._dtype.name not in CHANNEL_FORMATS:
            raise TypeError(f"XDF has no number format {self._dtype.name!r}")
        self._record = record_dtype(self._dtype, channels)
        self._reserve(max(capacity, 1))

    def _reserve(self, capacity: int) -> None:
        self._buffer = bytearray(_HEAD_ROOM + capacity * self._record.itemsize)
        self._records = np.frombuffer(self._buffer, self._record, offset=_HEAD_ROOM)
        self._records["length"] = 8

    def encode(self, stamps: F64Array, data: npt.NDArray[Any]) -> memoryview:
        """Return one Samples chunk; an empty view for no samples.

        `stamps` has shape (n,), seconds; `data` has shape (n, channels) and the encoder's dtype.

        Raises:
            TypeError: `data` would have to be converted with loss.
            ValueError: the shapes do not fit.
        """
        count = len(stamps)
        if data.shape != (count, *self._record["values"].shape):
            raise ValueError(f"data of shape {data.shape} for {count} stamps")
        if data.dtype != self._dtype and not np.can_cast(data.dtype, self._dtype):
            raise TypeError(f"{data.dtype} samples in a stream of {self._dtype}")
        if count == 0:
            return memoryview(b"")
        if count > len(self._records):
            self._reserve(max(count, 2 * len(self._records)))
        self._records["stamp"][:count] = stamps
        self._records["values"][:count] = data
        return self._framed(count)

    def _framed(self, count: int) -> memoryview:
        body = count * self._record.itemsize
        length = 2 + 4 + 5 + body  # tag, stream, number of samples, samples
        head, width = (_SAMPLES_HEAD, 4) if length < 1 << 32 else (_LONG_SAMPLES_HEAD, 8)
        start = _HEAD_ROOM - head.size
        head.pack_into(self._buffer, start, width, length, Tag.SAMPLES, self.stream_id, 4, count)
        return memoryview(self._buffer)[start : _HEAD_ROOM + body]


def samples(stream_id: int, stamps: F64Array, data: npt.NDArray[Any]) -> bytes:
    """Return one Samples chunk of a numeric stream.

    `stamps` has shape (n,), seconds; `data` has shape (n, channels). For many chunks of one
    stream use `SamplesEncoder`, which allocates once.
    """
    encoder = SamplesEncoder(stream_id, data.dtype, data.shape[1], len(stamps))
    return bytes(encoder.encode(stamps, data))


def string_samples(stream_id: int, stamps: F64Array, rows: Sequence[Sequence[str]]) -> bytes:
    """Return one Samples chunk of a string stream; `rows` holds n rows of one str a channel.

    Text that is not valid Unicode (a lone surrogate) is written with `?` in its place.
    """
    if len(stamps) != len(rows):
        raise ValueError(f"{len(rows)} rows for {len(stamps)} stamps")
    if not len(stamps):
        return b""
    parts = [struct.pack("<I", stream_id), varlen(len(stamps))]
    for stamp, row in zip(stamps, rows, strict=True):
        parts.append(struct.pack("<Bd", 8, stamp))
        for text in row:
            raw = text.encode("utf-8", "replace")
            parts += varlen(len(raw)), raw
    return chunk(Tag.SAMPLES, b"".join(parts))
