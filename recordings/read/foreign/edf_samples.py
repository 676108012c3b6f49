"""The samples of EDF and BDF files, read where they lie: in memory they are ten times the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np

from recordings.arrays import F64Array, U8Array
from recordings.disk.file_bytes import PIECE, FileBytes
from recordings.read.foreign.edf_header import EdfHeader

_MOST: Final = 16 << 20
"""Bytes of records that are held at once."""


class EdfRecords:
    """The whole records of a file; bytes behind them are of one that was cut off.

    Args:
        path: the file, which holds at least one record.
        header: what it says.
        sample_bytes: 2 in EDF, 3 in BDF.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path, header: EdfHeader, sample_bytes: int) -> None:
        self._header, self._width = header, sample_bytes
        self._sizes = [signal.samples * sample_bytes for signal in header.signals]
        self._size = sum(self._sizes)
        self._file = FileBytes(path)
        self._count, self.rest = divmod(self._file.size - header.size, self._size)
        # The channels of one stretch are asked for one after the other.
        self._held: tuple[int, U8Array] = 0, np.empty((0, self._size), np.uint8)

    def __len__(self) -> int:
        return self._count

    def rows(self, n: int) -> Iterator[U8Array]:
        """Yield the bytes of signal n record by record, each of shape (bytes,)."""
        most = max(1, PIECE // self._size)
        for first in range(0, len(self), most):
            for part in self._parts(n, first, min(first + most, len(self))):
                yield from part

    def _parts(self, n: int, first: int, after: int) -> Iterator[U8Array]:
        """Yield the bytes of signal n in some records, shape (records, bytes)."""
        start, most = sum(self._sizes[:n]), max(1, _MOST // self._size)
        for at in range(first, after, most):
            records = self._records(at, min(at + most, after))
            yield records[:, start : start + self._sizes[n]]

    def _records(self, first: int, after: int) -> U8Array:
        """Return whole records, shape (records, bytes), and hold them with some that follow."""
        begin, held = self._held
        if not begin <= first <= after <= begin + len(held):
            stop = min(max(after, first + PIECE // self._size), len(self))
            start = self._header.size
            raw = self._file.read(start + first * self._size, start + stop * self._size)
            begin, held = first, np.frombuffer(raw, np.uint8).reshape(-1, self._size)
            self._held = begin, held
        return held[first - begin : after - begin]

    def read(self, n: int, start: int, stop: int) -> F64Array:
        """Return samples `start` to before `stop` of signal n, shape (samples,), in its unit.

        Raises:
            RecordingError: they cannot be read any more.
        """
        values, scale = self.digits(n, start, stop), self._header.signals[n].scale
        if scale is None:
            return values
        factor, offset = scale
        return values * factor + offset

    def digits(self, n: int, start: int, stop: int) -> F64Array:
        """Return the same as they stand in the file, whole numbers."""
        signal = self._header.signals[n]
        stop = min(stop, len(self) * signal.samples)
        first = start // signal.samples
        parts = self._parts(n, first, -(-stop // signal.samples))
        values = [_integers(part, self._width) for part in parts]
        whole = values[0] if len(values) == 1 else np.concatenate([np.empty(0), *values])
        skipped = start - first * signal.samples
        return whole[skipped : skipped + max(stop - start, 0)]


def _integers(raw: U8Array, width: int) -> F64Array:
    """Return little-endian integers of 16 or 24 bits."""
    if width == 2:
        return np.ascontiguousarray(raw).reshape(-1).view("<i2").astype(np.float64)
    wide = np.zeros((raw.size // width, 4), np.uint8)
    wide[:, 1:] = raw.reshape(-1, width)
    return (wide.reshape(-1).view("<i4") >> 8).astype(np.float64)  # keeps the sign
