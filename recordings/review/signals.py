"""The signals of a session as curves for any stretch of time, a point or two for each column."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from recordings.arrays import BoolArray, F32Array, F64Array
from recordings.read.stream import Stream
from recordings.review.pyramid import BIN, FACTOR, Pyramid, pieces
from recordings.review.pyramid_store import PyramidStore

MOST_SAMPLES = 20_000
"""Stretches of so many samples are drawn from the file itself."""
MOST_COLUMNS = 4000


@dataclass(frozen=True, slots=True)
class Curves:
    """Points of some channels.

    LSL times, shape (n,), values (n, channels), and whether point i is joined to the next one,
    shape (n,). `is_raw`: these are the samples themselves.
    """

    times: F64Array
    values: F64Array
    joined: BoolArray
    is_raw: bool


class ReviewSignal:
    """One stream with a rate: read from the file where it is short, else from its pyramid."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.name = stream.name
        self.number = stream.xdf.id
        """Of the stream in its file: two may have one name."""
        self.rate_hz = stream.rate_hz
        self.pyramid = Pyramid(0, len(stream.labels), [])
        stream.fit  # noqa: B018 - before two threads want it

    def prepare(
        self, store: PyramidStore | None, stop: threading.Event, tell: Callable[[], None]
    ) -> None:
        """Load the pyramid, or build and keep it; `tell` is called as it grows."""
        samples, channels = len(self.stream), len(self.stream.labels)
        number = self.number
        if store is not None and (found := store.load(number, samples, channels)) is not None:
            self.pyramid = found
            tell()
            return
        self.pyramid = Pyramid(samples, channels)
        for times, values in pieces(self.stream):
            if stop.is_set():
                return
            self.pyramid.add(times, values)
            tell()
        if store is not None:
            store.keep(number, self.pyramid)

    def curves(
        self,
        start: float,
        stop: float,
        columns: int,
        picks: Sequence[int],
        lead_s: float = 0.0,
    ) -> Curves:
        """Give channels `picks` from LSL time `start` to `stop`, one sample beyond at each end.

        `lead_s` of samples before it are given too, where they are raw: what a filter needs to
        settle.
        """
        columns = max(1, min(columns, MOST_COLUMNS))
        if self.is_raw(stop - start + lead_s):
            return self._raw(start - lead_s, stop, picks)
        return self._reduced(start, stop, columns, picks)

    def is_raw(self, seconds: float) -> bool:
        """Say whether a stretch so long is drawn from the samples themselves."""
        return seconds * self.rate_hz <= MOST_SAMPLES

    def _raw(self, start: float, stop: float, picks: Sequence[int]) -> Curves:
        margin = 2 / self.rate_hz
        times, values = self.stream.read(start - margin, stop + margin, channels=list(picks))
        joined = np.zeros(len(times), np.bool_)
        joined[:-1] = np.diff(times) <= max(3 / self.rate_hz, 0.02)
        return Curves(times, values.astype(np.float64), joined, True)

    def _reduced(self, start: float, stop: float, columns: int, picks: Sequence[int]) -> Curves:
        pyramid = self.pyramid
        samples = round((stop - start) * self.rate_hz)
        if not pyramid.levels:
            return Curves(np.empty(0), np.empty((0, len(picks))), np.empty(0, np.bool_), False)
        number = pyramid.level_for(samples, columns)
        size = BIN * FACTOR**number
        first, last = self._between(start, stop, number)
        times, ends = pyramid.window(number, first * size, last * size, picks)
        span = size / self.rate_hz
        if (group := len(times) // columns) > 1:
            times, ends = _grouped(times, np.asarray(ends), group, first)
            span *= group
        joined = np.zeros(len(times), np.bool_)
        joined[:-1] = np.diff(times) <= 1.5 * span + 0.05
        # Two points a bin, one above the other: the line between them is what the bin holds.
        values = ends.reshape(-1, len(picks)).astype(np.float64)
        return Curves(np.repeat(times, 2), values, _with_pairs(joined), False)

    def _between(self, start: float, stop: float, number: int) -> tuple[int, int]:
        """Give the first bin that reaches into the stretch, and the one after the last."""
        level = self.pyramid.levels[number]
        done = -(-self.pyramid.done // (BIN * FACTOR**number))
        rising = np.maximum.accumulate(level.times[:done])
        first = int(np.searchsorted(rising, start, "right")) - 2
        last = int(np.searchsorted(rising, stop)) + 1
        return max(0, first), min(done, max(last, 0))


def _grouped(times: F64Array, ends: F32Array, group: int, first: int) -> tuple[F64Array, F32Array]:
    """Join bins by `group`, at multiples of it: scrolling then changes no bin."""
    starts = np.arange(0, len(times) + first % group, group) - first % group
    starts = np.maximum(starts, 0)
    starts = starts[starts < len(times)]
    low = np.fmin.reduceat(ends[:, 0], starts, axis=0)
    high = np.fmax.reduceat(ends[:, 1], starts, axis=0)
    return times[starts], np.stack([low, high], axis=1)


def _with_pairs(joined: BoolArray) -> BoolArray:
    out = np.ones(2 * len(joined), np.bool_)
    out[1::2] = joined
    return out
