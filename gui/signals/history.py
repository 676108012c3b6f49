"""The newest samples of one stream: every sample of the last seconds, minima and maxima of more."""

from __future__ import annotations

import math

import numpy as np

from devices.arrays import Array, F64Array
from gui.signals.columns import min_max

KEPT_S = 300.0
COARSE_S = 0.05
CONDENSE_EVERY = 10
"""Coarse columns are made so many at a time: it costs less, and only what is old needs them."""
RAW_BYTES = 32 << 20
"""What the samples of one stream may take; beyond it only minima and maxima are kept."""
MIN_RAW_S = 5.0
IRREGULAR_HZ = 100.0
"""The room that a stream without a nominal rate gets."""


class _Tail:
    """The newest rows, always in one piece: what is old is moved out of the way now and then."""

    def __init__(self, rows: int, channels: int, parts: int) -> None:
        self.capacity = max(16, rows)
        self._times = np.empty(2 * self.capacity)
        self._parts = [np.empty((2 * self.capacity, channels), np.float32) for _ in range(parts)]
        self._end = 0

    @property
    def _begin(self) -> int:
        return max(0, self._end - self.capacity)

    def append(self, times: F64Array, *parts: Array) -> None:
        times, parts = times[-self.capacity :], tuple(p[-self.capacity :] for p in parts)
        if self._end + len(times) > 2 * self.capacity:
            kept = slice(self._begin, self._end)
            arrays: list[Array] = [self._times, *self._parts]
            for array in arrays:
                array[: self._end - self._begin] = array[kept].copy()
            self._end -= self._begin
        room = slice(self._end, self._end + len(times))
        self._times[room] = times
        for array, part in zip(self._parts, parts, strict=True):
            array[room] = part
        self._end = room.stop

    @property
    def times(self) -> F64Array:
        return self._times[self._begin : self._end]

    def part(self, number: int) -> Array:
        return self._parts[number][self._begin : self._end]


class History:
    """What a stream sent lately. Not thread-safe: whoever shares one holds a lock."""

    def __init__(self, channels: int, rate_hz: float, kept_s: float = KEPT_S) -> None:
        self.channels, self.rate_hz = channels, rate_hz
        rate = rate_hz or IRREGULAR_HZ
        fits = RAW_BYTES / (4 * channels * rate)
        raw_s = min(kept_s, max(MIN_RAW_S, fits))
        self._raw = _Tail(math.ceil(raw_s * rate), channels, 1)
        self._coarse = _Tail(math.ceil(kept_s / COARSE_S), channels, 2)
        self._done = -math.inf  # up to where the coarse columns are complete
        # Lines are broken where samples are missing; slow and irregular ones are far apart anyway.
        self.max_gap_s = max(0.1, 3.5 / rate_hz) if rate_hz else math.inf

    @property
    def latest(self) -> float:
        """The time of the newest sample; −inf where there is none."""
        times = self._raw.times
        return float(times[-1]) if len(times) else -math.inf

    @property
    def oldest(self) -> float:
        """The time of the oldest sample that is kept; inf where there is none."""
        times = self._raw.times
        return float(times[0]) if len(times) else math.inf

    def append(self, times: F64Array, data: Array) -> None:
        """Take in samples: times (n,) in s, data (n, channels). Times that step back are raised."""
        if not len(times):
            return
        times = np.maximum.accumulate(np.maximum(times, self.latest))
        self._raw.append(times, data)
        self._condense()

    def _condense(self) -> None:
        """Complete the coarse columns that no later sample can change."""
        times = self._raw.times
        until = math.floor(self.latest / COARSE_S) * COARSE_S
        since = max(self._done, math.floor(float(times[0]) / COARSE_S) * COARSE_S)
        count = round((until - since) / COARSE_S)
        if count < CONDENSE_EVERY:
            return
        count = min(count, self._coarse.capacity)
        edges = until - np.arange(count, -1, -1, dtype=np.float64) * COARSE_S
        first = max(0, int(np.searchsorted(times, edges[0])) - 1)
        low, high = min_max(times[first:], self._raw.part(0)[first:], edges, self.max_gap_s)
        self._coarse.append(edges[:-1], low, high)
        self._done = until

    def columns(self, edges: F64Array, picks: Array) -> tuple[F64Array, F64Array]:
        """Reduce the channels `picks` to columns; see `min_max`."""
        times = self._raw.times
        covered = len(times) and (edges[0] >= times[0] or not len(self._coarse.times))
        if covered or (len(times) and edges[1] - edges[0] < COARSE_S and edges[-1] >= times[0]):
            first = max(0, int(np.searchsorted(times, edges[0])) - 1)
            last = int(np.searchsorted(times, edges[-1])) + 1
            part = _picked(self._raw.part(0)[first:last], picks)
            return min_max(times[first:last], part, edges, self.max_gap_s)
        return self._coarse_columns(edges, picks)

    def _coarse_columns(self, edges: F64Array, picks: Array) -> tuple[F64Array, F64Array]:
        times = self._coarse.times + COARSE_S / 2
        first = max(0, int(np.searchsorted(times, edges[0])) - 1)
        last = int(np.searchsorted(times, edges[-1])) + 1
        gap = max(self.max_gap_s, 2 * COARSE_S)
        lows, highs = (
            min_max(times[first:last], _picked(self._coarse.part(k)[first:last], picks), edges, gap)
            for k in (0, 1)
        )
        return lows[0], highs[1]

    def recent(self, seconds: float, picks: Array) -> tuple[F64Array, F64Array]:
        """Give minima and maxima of the last seconds, shape (n, picks), each of `COARSE_S`."""
        rows = round(seconds / COARSE_S)
        low, high = (self._coarse.part(k)[-rows:][:, picks].astype(np.float64) for k in (0, 1))
        return low, high

    def newest(self, seconds: float, picks: Array) -> tuple[F64Array, Array]:
        """Give the samples of the last seconds, as far as they are kept, as copies."""
        times = self._raw.times
        first = int(np.searchsorted(times, self.latest - seconds)) if len(times) else 0
        return times[first:].copy(), self._raw.part(0)[first:][:, picks].copy()

    def between(self, first: float, end: float, picks: Array) -> tuple[F64Array, Array]:
        """Give the samples in [first, end), as far as they are kept, as copies."""
        times = self._raw.times
        a, b = np.searchsorted(times, (first, end)).tolist()
        return times[a:b].copy(), self._raw.part(0)[a:b][:, picks].copy()

    def at(self, time: float, channel: int) -> float | None:
        """Give the sample nearest to a time; None where there is none within the gap limit."""
        times = self._raw.times
        if not len(times):
            return None
        at = int(np.clip(np.searchsorted(times, time), 1, len(times))) - 1
        if at + 1 < len(times) and times[at + 1] - time < time - times[at]:
            at += 1
        near = abs(float(times[at]) - time) <= min(self.max_gap_s, 1.0)
        return float(self._raw.part(0)[at, channel]) if near else None


def _picked(part: Array, picks: Array) -> Array:
    return part if len(picks) == part.shape[1] else part[:, picks]
