"""One stream of an XDF file: its stamps and values, decoded when they are asked for.

Stamps come as they were recorded: `recordings.stamps.clock_offsets` corrects them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from recordings.arrays import F64Array
from recordings.disk.file_bytes import FileBytes, Window
from recordings.errors import RecordingError
from recordings.xdf import samples
from recordings.xdf.found import StreamChunks
from recordings.xdf.header import Footer


class XdfStream:
    """One stream of a file; `len` is its number of samples."""

    def __init__(self, file: FileBytes, chunks: StreamChunks) -> None:
        self._file = file
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
        if self.is_text or "stamps" in self.__dict__ or not self._is_dense:
            return self.stamps[start:stop].copy()
        return self._numeric_stamps(start, min(stop, len(self)))

    @property
    def chunk_ends(self) -> npt.NDArray[np.int64]:
        """How many samples there are up to the end of each chunk, shape (chunks,)."""
        return self._ends

    def chunk_stamps(self) -> F64Array | None:
        """Return the raw stamp of each chunk's first sample; None where a chunk leaves it out."""
        if self.is_text or not self._is_dense:
            return None
        return np.array(self._chunks.firsts, np.float64)

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
            RecordingError: the samples are strings, or the file cannot be read any more.
        """
        start, stop, _ = slice(start, stop).indices(len(self))
        stamps = self._stamps_to_keep(start, stop)
        values = self._values(start, stop, channels, stamps)
        if stamps is not None:
            self.__dict__["stamps"] = stamps
        return values

    def read_stamped(
        self, start: int, stop: int, channels: Sequence[int] | None = None
    ) -> tuple[F64Array, npt.NDArray[Any]]:
        """Return `stamps_of` and `read` of the same samples, reading the file once.

        Raises:
            RecordingError: as `read`.
        """
        if self.is_text or "stamps" in self.__dict__ or not self._is_dense:
            return self.stamps_of(start, stop), self.read(start, stop, channels)
        start, stop, _ = slice(start, stop).indices(len(self))
        stamps = np.empty(max(stop - start, 0), np.float64)
        return stamps, self._values(start, stop, channels, stamps)

    def _values(
        self, start: int, stop: int, channels: Sequence[int] | None, stamps: F64Array | None
    ) -> npt.NDArray[Any]:
        """Return what `read` does, and fill `stamps`, where each sample has its own."""
        if self.info.dtype is None:
            raise RecordingError(f"stream {self.name!r} holds strings, not numbers")
        width = self.info.channel_count if channels is None else len(channels)
        out = np.empty((max(stop - start, 0), width), self.info.dtype.newbyteorder("="))
        picked = slice(None) if channels is None else list(channels)
        at = 0
        for times, values in self._numeric_runs(start, stop):
            after = at + len(values)
            out[at:after] = values[:, picked]
            if stamps is not None and times is not None:
                stamps[at:after] = times
            at = after
        return out

    def _stamps_to_keep(self, start: int, stop: int) -> F64Array | None:
        """Return room for the stamps where all samples are read: the file is not read twice."""
        whole = (start, stop) == (0, len(self)) and not self.is_text
        if not whole or "stamps" in self.__dict__ or not self._is_dense:
            return None
        return np.empty(len(self), np.float64)

    def _numeric_runs(
        self, start: int, stop: int
    ) -> Iterator[tuple[F64Array | None, npt.NDArray[Any]]]:
        """Yield (stamps, values) that together are the samples `start` to `stop`.

        They are views: each has to be used before the next.
        """
        number = int(np.searchsorted(self._ends, start, "right"))
        last = int(np.searchsorted(self._ends, stop, "left"))
        before = int(self._ends[number - 1]) if number else 0
        with Window(self._file) as window:
            where = self._where(number, last + 1)
            yield from samples.numeric(window, where, self.info, start - before, stop - before)

    @cached_property
    def _text(self) -> tuple[F64Array, list[list[str]]]:
        period = 1.0 / self.info.rate_hz if self.info.rate_hz else 0.0
        stamps = np.empty(len(self), np.float64)
        rows: list[list[str]] = []
        last, width = 0.0, self.info.channel_count
        with Window(self._file) as window:
            for start, size, count in self._where():
                for stamp, row in samples.strings(window, start, size, count, width):
                    last = last + period if stamp is None else stamp
                    stamps[len(rows)] = last
                    rows.append(row)
        return stamps, rows

    def _where(self, number: int = 0, after: int | None = None) -> Iterator[tuple[int, int, int]]:
        """Yield (first byte, bytes, samples) of the chunks from `number` to before `after`."""
        chunks, some = self._chunks, slice(number, after)
        return zip(chunks.starts[some], chunks.sizes[some], chunks.counts[some], strict=True)
