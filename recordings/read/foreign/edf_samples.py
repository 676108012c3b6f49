"""The samples of EDF and BDF files, read where they lie: in memory they are ten times the file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from recordings.arrays import F64Array, U8Array
from recordings.read.foreign.edf_header import EdfHeader


class EdfRecords:
    """The whole records of a file; bytes behind them are of one that was cut off.

    Args:
        path: the file, which holds at least one record.
        header: what it says.
        sample_bytes: 2 in EDF, 3 in BDF.
    """

    def __init__(self, path: Path, header: EdfHeader, sample_bytes: int) -> None:
        self._header, self._width = header, sample_bytes
        self._sizes = [signal.samples * sample_bytes for signal in header.signals]
        size = sum(self._sizes)
        body = np.memmap(path, np.uint8, "r", header.size)
        self.rest = len(body) % size
        self._rows = body[: len(body) - self.rest].reshape(-1, size)

    def __len__(self) -> int:
        return len(self._rows)

    def raw(self, n: int, first: int = 0, after: int | None = None) -> U8Array:
        """Return the bytes of signal n, shape (records, bytes), of some records or all."""
        start = sum(self._sizes[:n])
        return self._rows[first:after, start : start + self._sizes[n]]

    def read(self, n: int, start: int, stop: int) -> F64Array:
        """Return samples `start` to before `stop` of signal n, shape (samples,), in its unit."""
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
        raw = self.raw(n, first, -(-stop // signal.samples))
        skipped = start - first * signal.samples
        return _integers(raw, self._width)[skipped : skipped + max(stop - start, 0)]


def _integers(raw: U8Array, width: int) -> F64Array:
    """Return little-endian integers of 16 or 24 bits."""
    if width == 2:
        return np.ascontiguousarray(raw).reshape(-1).view("<i2").astype(np.float64)
    wide = np.zeros((raw.size // width, 4), np.uint8)
    wide[:, 1:] = raw.reshape(-1, width)
    return (wide.reshape(-1).view("<i4") >> 8).astype(np.float64)  # keeps the sign
