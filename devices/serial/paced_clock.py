"""Makes of a sensor's own count of time one that the host's clock model can fit.

The clock model takes a device clock for a quartz: right within 1000 ppm. The resonator of a small
microcontroller is off by up to 5000 ppm, and a nominal rate may be off by more. So the rate is
measured here, coarsely, and the time is stretched where it is off by more than 500 ppm; the fine
work stays with the host. It is measured on the least delayed arrival of every quarter second, at
3, 6, 12, 24… s.
"""

from __future__ import annotations

import numpy as np

from devices.arrays import F64Array
from devices.delays import step

BUCKET_S = 0.25
FIRST_LOOK_S = 3.0
TOLERATED = 500e-6
MAX_POINTS = 128
LATE_S = 0.5
"""A count that is so much behind for a whole second has stood still."""
_FRESH = 4  # buckets, 1 s


class PacedClock:
    """Time of one sensor, s, that rises strictly; it starts again with `restart`."""

    def __init__(self) -> None:
        self.rate = 1.0  # LSL seconds in a second of the sensor's count
        self._start()
        self._zero: float | None = None  # the result at `_from`
        self._last = np.nan

    def _start(self) -> None:
        self._points: list[tuple[float, float, float]] = []  # count, result, arrival
        self._bucket: tuple[float, float, float] | None = None
        self._bucket_end = -np.inf
        self._look_at = FIRST_LOOK_S
        self._from = np.nan

    def restart(self) -> None:
        """Begin a new life, after the sensor was opened again.

        The time goes back by a second: so the host knows that the clock was set.
        """
        self._start()
        self._zero = None

    def times(self, count: F64Array, arrival: float) -> F64Array:
        """Give the time at each count, s (n,), n ≥ 1, rising; the last one arrived at `arrival`."""
        if self._zero is None:
            self._from = float(count[0])
            self._zero = self._from if np.isnan(self._last) else min(self._from, self._last - 1.0)
        result: F64Array = self._zero + (count - self._from) * self.rate
        self._last = float(result[-1])
        self._observe((float(count[-1]), self._last, arrival))
        return result

    def late(self) -> float:
        """Return by how many seconds the count has fallen behind for good, 0 if it has not."""
        if len(self._points) < 2 * _FRESH:
            return 0.0
        # A rate that is far off falls behind all the time: that is for `_measure`.
        return step([arrival - at for _, at, arrival in self._points[-2 * _FRESH :]], LATE_S)

    def advance(self, seconds: float) -> None:
        """Set the time forward: the count stood still for so long."""
        assert self._zero is not None
        self._zero += seconds
        self._last += seconds
        self._points = []
        self._bucket = None
        self._look_at = FIRST_LOOK_S

    def _observe(self, point: tuple[float, float, float]) -> None:
        if self._bucket is None:
            self._bucket, self._bucket_end = point, point[2] + BUCKET_S
        elif point[2] - point[1] < self._bucket[2] - self._bucket[1]:
            self._bucket = point
        if point[2] < self._bucket_end:
            return
        self._points.append(self._bucket)
        self._bucket = None
        if len(self._points) > MAX_POINTS:
            self._points = self._points[MAX_POINTS // 2 :]
        if self._points[-1][2] - self._points[0][2] >= self._look_at:
            self._look_at *= 2
            self._measure()

    def _measure(self) -> None:
        """Change the pace from the newest sample on, if it is off."""
        count, _, arrival = np.array(self._points).T
        line = np.polyfit(count - count[0], arrival - arrival[0], 1)
        rate = float(line[0])
        if rate <= 0 or abs(rate / self.rate - 1) < TOLERATED:
            return
        # A count that stood still is not a slow one.
        if np.abs(np.polyval(line, count - count[0]) - (arrival - arrival[0])).max() > LATE_S / 8:
            return
        assert self._zero is not None
        newest = self._from + (self._last - self._zero) / self.rate
        self._zero, self._from, self.rate = self._last, newest, rate
        self._points = [(c, self._zero + (c - self._from) * rate, a) for c, _, a in self._points]
