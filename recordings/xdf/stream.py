"""One stream of an XDF file: its stamps and values, decoded when they are asked for.

Stamps come as they were recorded: `recordings.clock_offsets` corrects them.
"""

from __future__ import annotations

import mmap
import sys
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.xdf import samples
from recordings.xdf.header import Footer
from recordings.xdf.scan import Buffer, StreamChunks

_RELEASE: Final = 64 << 20
"""After so many bytes the pages of the file that were read are given back."""


class XdfStream:
    """One stream of a file; `len` is its number of samples."""

    def __init__(self, buffer: Buffer, chunks: StreamChunks) -> None:
        self._buffer = buffer
        self._chunks = chunks
        self._ends = np.cumsum(np.frombuffer(chunks.counts, np.uint64), dtype=np.int64)
        self.id = chunks.id
        self.info = chunks.info
        self.footer: Footer | None = chunks.footer

    def __len__(self) -> int:
        return int(self._ends[-1]) if len(self._ends) else 0

    def __repr__(self) -> str:
        return f"<XdfStream {self.id} {self.name!r}: {len(self)} × {self.info.channel_count}>"

    @property
    def name(self) -> str:
        """The stream's name."""
        return self.info.name

    @property
    def is_text(self) -> bool:
        """Whether the samples are strings: then `strings` has them, and `data` raises."""
        return self.info.dtype is None

    @cached_property
    def offset_times(self) -> F64Array:
        """When the clock offsets were measured, seconds on the sender's clock, shape (k,)."""
        return np.array(self._chunks.offset_times, np.float64)

    @cached_property
    def offset_values(self) -> F64Array:
        """Seconds to add to a stamp, shape (k,); may hold garbage that the recorder wrote."""
        return np.array(self._chunks.offset_values, np.float64)

    @cached_property
    def stamps(self) -> F64Array:
        """The raw stamps, seconds on the sender's clock, shape (n,), kept once read.

        A stamp that the file leaves out is one nominal period after the one before it.
        """
        return self._text[0] if self.is_text else self._numeric_stamps(0, len(self))

    def stamps_of(self, start: int, stop: int) -> F64Array:
        """Return the raw stamps of samples `start` to `stop`, reading no more than is needed."""
        if self.is_text or "stamps" in self.__dict__ or not self._all_stamped(start):
            return self.stamps[start:stop].copy()
        return self._numeric_stamps(start, stop)

    @property
    def chunk_ends(self) -> npt.NDArray[np.int64]:
        """How many samples there are up to the end of each chunk, shape (chunks,)."""
        return self._ends

    def chunk_stamps(self) -> F64Array | None:
        """Return the raw stamp of each chunk's first sample; None where a chunk leaves it out."""
        if self.is_text or not self._is_dense:
            return None
        return np.array(self._chunks.firsts, np.float64)

    def _all_stamped(self, start: int) -> bool:
        """Whether the chunk of a sample begins with a stamp: then none before it is needed."""
        number = int(np.searchsorted(self._ends, start, "right"))
        starts = self._chunks.starts
        first_of_chunk = number < len(starts) and bool(self._buffer[starts[number]])
        return first_of_chunk and self._is_dense

    @cached_property
    def _is_dense(self) -> bool:
        """Whether every sample has its stamp, by the sizes of the chunks."""
        sizes = np.frombuffer(self._chunks.sizes, np.uint64)
        counts = np.frombuffer(self._chunks.counts, np.uint64)
        return bool(np.all(sizes == counts * np.uint64(9 + self.info.sample_bytes)))

    def _numeric_stamps(self, start: int, stop: int) -> F64Array:
        out = np.empty(max(stop - start, 0), np.float64)
        period = 1.0 / self.info.rate_hz if self.info.rate_hz else 0.0
        at, last = 0, 0.0
        for stamps, values in self._numeric_runs(start, stop):
            count = len(values)
            # Period after period, not k periods at once: then every bit is as in pyxdf.
            out[at : at + count] = (
                np.cumsum(np.r_[last, np.full(count, period)])[1:] if stamps is None else stamps
            )
            at += count
            last = float(out[at - 1])
        return out

    @cached_property
    def data(self) -> npt.NDArray[Any]:
        """All values, shape (n, channels), kept once read; `read` gives a part.

        Raises:
            RecordingError: the samples are strings.
        """
        return self.read()

    @property
    def strings(self) -> list[list[str]]:
        """All samples of a string stream, one str a channel.

        Raises:
            RecordingError: the samples are numbers.
        """
        if not self.is_text:
            raise RecordingError(f"stream {self.name!r} holds numbers, not strings")
        return self._text[1]

    def read(
        self, start: int = 0, stop: int | None = None, channels: Sequence[int] | None = None
    ) -> npt.NDArray[Any]:
        """Return samples `start` to `stop` of the given channels, shape (n, channels), as a copy.

        Raises:
            RecordingError: the samples are strings.
        """
        if self.info.dtype is None:
            raise RecordingError(f"stream {self.name!r} holds strings, not numbers")
        start, stop, _ = slice(start, stop).indices(len(self))
        width = self.info.channel_count if channels is None else len(channels)
        out = np.empty((max(stop - start, 0), width), self.info.dtype.newbyteorder("="))
        picked = slice(None) if channels is None else list(channels)
        stamps = self._stamps_to_keep(start, stop)
        at = 0
        for times, values in self._numeric_runs(start, stop):
            after = at + len(values)
            out[at:after] = values[:, picked]
            if stamps is not None and times is not None:
                stamps[at:after] = times
            at = after
        if stamps is not None:
            self.__dict__["stamps"] = stamps
        return out

    def _stamps_to_keep(self, start: int, stop: int) -> F64Array | None:
        """Return room for the stamps where all samples are read: the file is not read twice."""
        whole = (start, stop) == (0, len(self))
        if not whole or "stamps" in self.__dict__ or not self._is_dense:
            return None
        return np.empty(len(self), np.float64)

    def _numeric_runs(
        self, start: int, stop: int
    ) -> Iterator[tuple[F64Array | None, npt.NDArray[Any]]]:
        """Yield views of (stamps, values) that together are the samples `start` to `stop`."""
        chunks = self._chunks
        number = int(np.searchsorted(self._ends, start, "right"))
        released = chunks.starts[number] if number < len(chunks.starts) else 0
        at = int(self._ends[number - 1]) if number else 0
        while at < stop and number < len(chunks.starts):
            where = chunks.starts[number], chunks.sizes[number], chunks.counts[number]
            for stamps, values in samples.numeric(self._buffer, *where, self.info):
                cut = slice(max(start - at, 0), max(stop - at, 0))
                if len(values[cut]):
                    yield (None if stamps is None else stamps[cut]), values[cut]
                at += len(values)
            if where[0] - released > _RELEASE:
                _release(self._buffer, released, where[0])
                released = where[0]
            number += 1

    @cached_property
    def _text(self) -> tuple[F64Array, list[list[str]]]:
        period = 1.0 / self.info.rate_hz if self.info.rate_hz else 0.0
        stamps = np.empty(len(self), np.float64)
        rows: list[list[str]] = []
        last = 0.0
        for start, size, count in self._where():
            for stamp, row in samples.strings(
                self._buffer, start, size, count, self.info.channel_count
            ):
                last = last + period if stamp is None else stamp
                stamps[len(rows)] = last
                rows.append(row)
        return stamps, rows

    def _where(self) -> Iterator[tuple[int, int, int]]:
        chunks = self._chunks
        return zip(chunks.starts, chunks.sizes, chunks.counts, strict=True)


def _release(buffer: Buffer, start: int, end: int) -> None:
    """Let go of pages of a mapped file, where the system can: they stay in its cache."""
    if sys.platform != "win32" and isinstance(buffer, mmap.mmap):
        start += -start % mmap.PAGESIZE
        if end > start:
            buffer.madvise(mmap.MADV_DONTNEED, start, end - start)
