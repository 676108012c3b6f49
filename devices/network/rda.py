"""Remote data access of BrainVision Recorder, as bytes: the client's side.

All little-endian. A message is 24 bytes of header (16 of a GUID, u32 size of the whole, u32 type)
and a body. Facts: the vendor's LSL connector, FieldTrip's independent server, BCI2000's client.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from zlib import crc32

import numpy as np

from devices.base import Channel
from devices.channel_kinds import kind_of
from devices.network.client import (
    AmplifierClient,
    Description,
    Mark,
    Message,
    Restarted,
    Samples,
    Stopped,
    Warned,
)
from devices.network.framing import Framer, WireError
from devices.network.labels import text_of, unique_labels
from devices.network.sample_count import COUNT_ANEW, REMEMBERED

GUID: Final = bytes.fromhex("8e45584396c9864caf4a98bbf6c91450")
HEADER: Final = struct.Struct("<16sII")
START, INT16, STOP, FLOAT32 = 1, 2, 3, 4
MOST_CHANNELS: Final = 4096
WRAPS: Final = 1 << 32
_DTYPES: Final[dict[int, np.dtype[Any]]] = {INT16: np.dtype("<i2"), FLOAT32: np.dtype("<f4")}
_BLOCK: Final = struct.Struct("<III")
_MARK: Final = struct.Struct("<IIIi")


def body_bytes(header: bytes) -> int:
    """Return how long the body behind a header is.

    Raises:
        WireError: it is no header of this protocol.
    """
    guid, size, _ = HEADER.unpack(header)
    if guid != GUID:
        raise WireError("what comes is not BrainVision's remote data access")
    if size < HEADER.size:
        raise WireError(f"a message says that it has {size} bytes")
    return int(size) - HEADER.size


@dataclass(frozen=True, slots=True)
class Layout:
    """What the start message says: how the following data are to be read."""

    labels: tuple[str, ...]
    rate_hz: float
    microvolts: tuple[float, ...]  # of one unit of each channel, as it is said


def layout_of(body: bytes) -> Layout:
    """Read a start message.

    Raises:
        WireError: it is shorter than it says.
    """
    try:
        count, interval_us = struct.unpack_from("<Id", body)
        if not 0 < count <= MOST_CHANNELS or not interval_us > 0:
            raise WireError(f"it announces {count} channels every {interval_us:g} µs")
        resolutions = struct.unpack_from(f"<{count}d", body, 12)
    except struct.error as error:
        raise WireError("its start message is cut off") from error
    names = body[12 + 8 * count :].split(b"\0")
    labels = tuple(text_of(name) for name in names[:count])
    if len(names) <= count:
        raise WireError("its start message names too few channels")
    return Layout(labels, 1e6 / interval_us, resolutions)


def _without_resolution(channels: tuple[Channel, ...], layout: Layout) -> Warned:
    """Say which channels have a resolution that scales nothing: of 0 it would leave zeros."""
    pairs = zip(channels, layout.microvolts, strict=True)
    named = [f"{channel.label} ({said:g} µV)" for channel, said in pairs if not channel.unit]
    more = f" and {len(named) - 5} more" if len(named) > 5 else ""
    return Warned(
        "no-resolution",
        f"Recorder says a resolution that cannot be one of {', '.join(named[:5])}{more}: they are "
        "recorded unscaled and without a unit; set it in Recorder's amplifier settings",
    )


class BlockCount:
    """From the numbers of blocks, whatever their sizes, to those of samples; it may outlive a
    connection. What a missing block held is as much as the one before it.
    """

    def __init__(self) -> None:
        self._last: int | None = None
        self._points = self._next = 0
        # Of the newest blocks, by number and sum: a repeated one is known again.
        self._firsts: dict[tuple[int, int], int] = {}

    def renew(self) -> None:
        """Learn that the amplifier was started: blocks of the same numbers are others."""
        self._firsts.clear()

    def place(self, block: int, points: int, raw: bytes) -> tuple[int, bool]:
        """Give the number of a block's first sample, and whether the blocks count anew.

        `raw`: all of the block: where it comes again with other bytes, it is another.
        """
        key = block, crc32(raw)
        if (known := self._firsts.get(key)) is not None:
            return known, False
        ahead = (block - self._last - 1) % WRAPS if self._last is not None else WRAPS
        anew = ahead >= WRAPS // 2
        first = (block * points if anew else self._next + ahead * self._points) % WRAPS
        self._last, self._next = block, first + points
        self._points = points or self._points
        self._firsts[key] = first
        if len(self._firsts) > REMEMBERED:
            del self._firsts[next(iter(self._firsts))]
        return first, anew


class RdaClient(AmplifierClient):
    """Listens: the server begins with a start message, then sends block by block."""

    wraps = WRAPS

    def __init__(self, blocks: BlockCount | None = None) -> None:
        super().__init__()
        self._framer = Framer(HEADER.size, body_bytes)
        self._layout: Layout | None = None
        self._scale = np.empty(0, np.float32)
        self._blocks = blocks or BlockCount()
        self._starts = True  # no block has come since it was started

    def receive(self, data: bytes) -> Iterator[Message]:
        """Yield what these bytes complete."""
        for header, body in self._framer.feed(data):
            self.speaks = True
            kind = HEADER.unpack(header)[2]
            if kind == START:
                yield from self._start(layout_of(body))
            elif kind == STOP:
                yield Stopped()
            elif kind in _DTYPES and self._layout is not None:
                yield from self._block(body, _DTYPES[kind], self._layout)

    def _start(self, layout: Layout) -> Iterator[Message]:
        again = self._layout is not None
        self._layout = layout
        with np.errstate(over="ignore", under="ignore"):
            told = np.asarray(layout.microvolts, np.float32)
        known = np.isfinite(told) & (told > 0)
        self._scale = np.where(known, told, np.float32(1))
        self._blocks.renew()
        self._starts = True
        channels = tuple(
            Channel(label, "microvolts" if is_known else "", kind_of(label, "EEG"))
            for label, is_known in zip(unique_labels(layout.labels), known, strict=True)
        )
        if not known.all():
            yield _without_resolution(channels, layout)
        yield Description(channels, layout.rate_hz, "BrainVision Recorder (remote data access)")
        if again:
            yield Restarted()

    def _block(self, body: bytes, dtype: np.dtype[Any], layout: Layout) -> Iterator[Message]:
        try:
            block, points, markers = _BLOCK.unpack_from(body)
        except struct.error as error:
            raise WireError("a block of data is cut off") from error
        count = points * len(layout.labels)
        stop = _BLOCK.size + count * dtype.itemsize
        if len(body) < stop:
            raise WireError(f"a block of {points} points has {len(body)} bytes only")
        first, anew = self._blocks.place(block, points, body)
        if anew:
            if not self._starts:
                yield Warned(*COUNT_ANEW)
            yield Restarted()
        self._starts = False
        if points:
            raw = np.frombuffer(body, dtype, count, _BLOCK.size).reshape(points, -1)
            with np.errstate(all="ignore"):  # what is no number stays none: the check counts it
                rows = raw.astype(np.float32) * self._scale
            yield Samples(rows, first)
        yield from _marks(body, stop, markers, first)


def _marks(body: bytes, at: int, count: int, first: int) -> Iterator[Mark]:
    """Read the markers of a block, which begin at byte `at`."""
    for _ in range(count):
        if at + _MARK.size > len(body):
            raise WireError("a marker is cut off")
        size, position, _, _ = _MARK.unpack_from(body, at)
        if size < _MARK.size or at + size > len(body):
            raise WireError(f"a marker says that it has {size} bytes")
        # Type and description; FieldTrip's server writes one text, `type:value`.
        texts = [text_of(t) for t in body[at + _MARK.size : at + size].split(b"\0") if t]
        yield Mark((texts[1] if len(texts) > 1 else "".join(texts)).strip(), first + position)
        at += size
