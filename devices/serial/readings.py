"""From parsed readings to chunks: gaps counted, the sensor's own time unwrapped.

Where a sensor counts its samples, the gaps in the count are the loss, spoilt readings included;
where it does not, every spoilt reading is one lost sample. Stamps come, in this order, from the
sensor's clock, from its count at the nominal rate, or from the arrival: there the newest sample of
a burst is taken to arrive at once, and those before it one period apart.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Annotated, cast

import numpy as np
from pydantic import AfterValidator, Field

from devices.arrays import Array, BoolArray, F64Array, I64Array
from devices.base import Chunk
from devices.serial.misread import Doubt, steps_to
from devices.serial.paced_clock import PacedClock

TIME_UNITS = {
    "s": 1.0,
    "seconds": 1.0,
    "ms": 1e-3,
    "milliseconds": 1e-3,
    "us": 1e-6,
    "microseconds": 1e-6,
    "ns": 1e-9,
    "nanoseconds": 1e-9,
}


def _not_zero(scale: float) -> float:
    if scale == 0:
        raise ValueError("0 makes every value 0; leave it out for the numbers as they come")
    return scale


Scale = Annotated[float, Field(allow_inf_nan=False), AfterValidator(_not_zero)]
"""What raw numbers are multiplied with, in settings."""
_SLACK, _SLACK_S = 16, 1.0
"""A gap of more than so many samples, and than this and twice the time gone by: a new count."""
_GAP_S = 1.0
"""A sensor's time that goes on by more jumps."""
_USUAL_WRAP = 1 << 32
"""Where a time without a stated end starts again: micros() and millis() of an Arduino."""


def _unsure_first(wraps: int | None, rate_hz: float) -> tuple[float, float]:
    """Say which steps behind the first count of all would be a loss, if that were not wrong.

    A wrong count lies as close behind the right one by chance in one case of 16 at most.
    """
    if rate_hz <= 0:
        return np.inf, np.inf
    return min(_SLACK, (wraps or np.inf) // 16), min(
        max(_SLACK, rate_hz * _SLACK_S), wraps or np.inf
    )


@dataclass(frozen=True, slots=True)
class Readings:
    """Parsed readings, oldest first: values (n, channels), and what stands beside each, (n,)."""

    values: F64Array
    spoilt: I64Array  # readings that were no good, right before each
    counter: F64Array | None = None
    ticks: F64Array | None = None  # the sensor's time in its own unit

    def at(self, rows: slice | Array) -> Readings:
        """Give some of them, as they are."""
        columns = (self.values, self.spoilt, self.counter, self.ticks)
        return Readings(*(None if c is None else c[rows] for c in columns))  # type: ignore[arg-type]

    def without(self, wrong: BoolArray) -> Readings:
        """Leave some out: these are spoilt, before the one that follows."""
        kept = np.flatnonzero(~wrong)
        upto = np.cumsum(self.spoilt + 1)[kept]  # readings up to each, spoilt ones included
        return replace(self.at(kept), spoilt=np.diff(upto, prepend=0) - 1)

    def and_then(self, later: Readings) -> Readings:
        """Put others after these."""
        pairs = zip(
            (self.values, self.spoilt, self.counter, self.ticks),
            (later.values, later.spoilt, later.counter, later.ticks),
            strict=True,
        )
        joined = (None if a is None or b is None else np.concatenate([a, b]) for a, b in pairs)
        return Readings(*joined)  # type: ignore[arg-type]


class Assembler:
    """Keeps count over the readings of one sensor."""

    def __init__(
        self, stream: str, rate_hz: float, dtype: str, *, counter_wraps: int | None = None,
        tick_s: float | None = None, ticks_wrap: float | None = None,
    ) -> None:  # fmt: skip
        self._stream = stream
        self._rate = rate_hz
        self._dtype = np.dtype(dtype)
        self._wraps = counter_wraps
        self._tick_s = tick_s
        self._ticks_wrap = ticks_wrap
        self._clock = PacedClock()
        self._last_arrival = -np.inf
        self._owed = 0  # samples that stood still cost
        longest = max(_GAP_S, 3 / rate_hz) / tick_s if tick_s and rate_hz > 0 else np.inf
        self._counts = Doubt(counter_wraps, 1, 1, _unsure_first(counter_wraps, rate_hz))
        self._times = Doubt(ticks_wrap or _USUAL_WRAP, 0, longest)
        # What waits for the next one's word, one or two, and when each arrived.
        self._held: tuple[Readings, F64Array] | None = None
        self.restart()

    def restart(self) -> None:
        """Begin anew: the sensor has been opened."""
        self._clock.restart()
        self._counts.restart()
        self._times.restart()
        self._held = None
        self._counter: float | None = None
        self._counted_at = 0.0
        self._number = 0
        self._ticks: float | None = None
        self._seconds = 0.0

    def chunks(self, readings: Readings, arrival: float) -> Iterator[Chunk]:
        """Give the readings that arrived together at LSL time `arrival`; a gap starts a chunk.

        One whose count or time jumps is given with the next ones, or, where it was wrong, never; so
        is the first of all where the sensor has a small count.
        """
        if not len(readings.values):
            return
        arrivals = np.full(len(readings.values), arrival)
        held, self._held = self._held, None
        if held is not None:
            readings = held[0].and_then(readings)
            arrivals = np.concatenate([held[1], arrivals])
        right, waits = self._judge(readings)
        if not right.all():
            readings, arrivals = readings.without(~right), arrivals[right]
        sure = len(arrivals) - waits
        if waits:
            self._held = readings.at(slice(sure, None)), arrivals[sure:]
        yield from self._by_arrival(readings.at(slice(sure)), arrivals[:sure])

    def held_back(self) -> Iterator[Chunk]:
        """Give what waits though nothing follows: up to a jump readings, and then as many lost."""
        held, self._held = self._held, None
        if held is None:
            return
        readings, arrivals = held
        sure = min((d.sure(n) for d, n in self._numbered(readings)), default=len(arrivals))
        yield from self._by_arrival(readings.at(slice(sure)), arrivals[:sure])
        if sure < len(arrivals):
            lost = len(arrivals) - sure + int(readings.spoilt[sure:].sum())
            none = np.empty((0, readings.values.shape[1]), self._dtype)
            yield Chunk(self._stream, np.empty(0), none, lost=lost)

    def _by_arrival(self, readings: Readings, arrivals: F64Array) -> Iterator[Chunk]:
        """Give readings, those of one arrival (n,) at a time."""
        edges = np.flatnonzero(arrivals[1:] != arrivals[:-1]) + 1
        for a, b in pairwise([0, *edges.tolist(), len(arrivals)]):
            if a < b:
                yield from self._assemble(readings.at(slice(a, b)), float(arrivals[a]))

    def _numbered(self, readings: Readings) -> list[tuple[Doubt, F64Array]]:
        """Pair what numbers the readings with who judges it."""
        ticks = readings.ticks if self._tick_s else None
        pairs = ((self._counts, readings.counter), (self._times, ticks))
        return [(doubt, numbers) for doubt, numbers in pairs if numbers is not None]

    def _judge(self, readings: Readings) -> tuple[BoolArray, int]:
        """Tell which readings are right, (n,), and how many at the end are to wait."""
        right, waits = np.ones(len(readings.values), np.bool_), 0
        numbered = self._numbered(readings)
        for doubt, numbers in numbered:
            fine, wait = doubt.judge(numbers)
            right &= fine
            waits = max(waits, wait)
        sure = np.flatnonzero(right[: len(right) - waits])
        if len(sure):
            for doubt, numbers in numbered:
                doubt.believe(float(numbers[sure[-1]]))
        return right, waits

    def _assemble(self, readings: Readings, arrival: float) -> Iterator[Chunk]:
        n = len(readings.values)
        if not n:
            return
        lost = readings.spoilt.copy()
        own = self._own_times(readings, lost, arrival)
        times = np.full(n, arrival) if own is not None else self._spread(n, arrival)
        lost[0] += self._owed
        self._owed = 0
        if own is not None and readings.ticks is None and (late := self._clock.late()):
            self._clock.advance(late)
            self._owed += round(late * self._rate)
        data = np.ascontiguousarray(readings.values, self._dtype)
        edges = [0, *(np.flatnonzero(lost[1:]) + 1).tolist(), n]
        for a, b in pairwise(edges):
            ticks = own[a:b] if own is not None else None
            yield Chunk(self._stream, times[a:b], data[a:b], ticks, int(lost[a]))

    def _own_times(self, readings: Readings, lost: I64Array, arrival: float) -> F64Array | None:
        """Give the sensor's times, and set `lost` where it counts its samples."""
        if readings.counter is not None:
            numbers = self._count(readings.counter, lost, arrival)
            if readings.ticks is None and self._rate > 0:
                return self._clock.times(numbers / self._rate, arrival)
        if readings.ticks is not None and self._tick_s:
            return self._clock.times(self._unwrap(readings.ticks), arrival)
        return None

    def _count(self, counter: F64Array, lost: I64Array, arrival: float) -> F64Array:
        """Number the samples, those that are missing included; write the gaps into `lost`."""
        steps = steps_to(counter, self._counter)
        if self._wraps:
            steps %= self._wraps
            steps[steps == 0] = self._wraps  # all of the count has gone by
        most = np.inf
        if self._rate > 0:
            since = 0.0 if self._counter is None else arrival - self._counted_at
            most = max(_SLACK, self._rate * (_SLACK_S + 2 * since))
        self._counted_at = arrival
        anew = np.isnan(steps) | (steps <= 0) | (steps > most)
        if self._counter is not None and anew.any():
            self._clock.restart()
        gaps = np.where(anew, lost, steps - 1).astype(np.int64)
        lost[:] = gaps
        self._counter = float(counter[-1])
        numbers = self._number + np.cumsum(gaps + 1)
        self._number = int(numbers[-1])
        return cast("F64Array", numbers.astype(np.float64))

    def _unwrap(self, ticks: F64Array) -> F64Array:
        """Give the sensor's time in seconds, strictly rising, across the end of its count."""
        assert self._tick_s is not None
        steps = steps_to(ticks, float(ticks[0]) if self._ticks is None else self._ticks)
        wrap = self._ticks_wrap or _USUAL_WRAP
        steps[steps < -wrap / 2] += wrap
        if (steps < 0).any():  # it was reset: the host is to fit it anew
            self._clock.restart()
        steps[steps <= 0] = 1e-9 / self._tick_s  # coarse ticks repeat: times are to rise
        seconds: F64Array = self._seconds + np.cumsum(steps) * self._tick_s
        self._ticks, self._seconds = float(ticks[-1]), float(seconds[-1])
        return seconds

    def _spread(self, n: int, arrival: float) -> F64Array:
        period = 1 / self._rate if self._rate > 0 else 0.0
        even = arrival - np.arange(n - 1, -1, -1) * period
        times: F64Array = np.maximum(even, self._last_arrival)
        self._last_arrival = float(times[-1])
        return times
