"""The clock model: a device's own clock, mapped to the LSL clock.

A sample taken at device time d arrives at LSL time a = offset + rate · d + delay, with a delay that
is never negative and has no upper limit. The line that lies below all points (d, a) and closest to
them, their lower envelope, is therefore the mapping with the smallest delay ever seen. For
exponential delays it is the maximum-likelihood line. A constant delay cannot be seen from here: it
is the device's latency, and is reported as unmeasured unless somebody measures it.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise

import numpy as np

from devices.arrays import F64Array

Point = tuple[float, float]

WINDOW_S = 120.0
"""Points older than this are forgotten, so that a drift that changes is followed."""
SETTLE_S = 4.0
"""Before so much is known, the rate is taken as 1: a fitted one would be worse."""
YOUNG_S = 2.0
"""How far back the offset looks while the rate is taken as 1."""
BUCKET_S = 0.25
"""One point, the least delayed, is kept for each bucket."""
MAX_RATE_ERROR = 1e-3
"""A quartz is off by 100 ppm at most; beyond 1000 ppm the fit is wrong, not the clock."""
PACE_S, PACE_WINDOW_S = 0.1, 8.0
"""A time that leaves the LSL clock by so much, evenly, counts at another pace than it says (frames
or samples of another rate, another unit): its pace is followed, if need be of the last seconds.
With less a queue on the way that fills for some seconds would be taken for that."""
JUMP_S = 0.05
"""An arrival so much before the line is impossible: the device's clock was set."""
LATE_S = 5.0
"""So much behind the line, and staying there: the device's clock was set back."""
CATCH_UP_S = 2.0
"""How long it has to stay there: what a stall held back catches up meanwhile."""
CATCH_UP = 0.05
"""What comes late in bulk nears the line by more than so much a second."""


class ClockModel:
    """Offset and rate of one device clock, fitted on the lower envelope of arrival times."""

    def __init__(self) -> None:
        self.resets = 0
        self._is_led = False  # by a stream of a regular rate
        self._clear()

    def _clear(self) -> None:
        self._origin: Point | None = None
        self._points: deque[Point] = deque()
        self._bucket: Point | None = None
        self._bucket_ends = 0.0, 0.0  # in device time, and in LSL time
        self._newest = -np.inf  # device time of the newest sample of any stream
        self._last: dict[str, float] = {}  # and of each stream
        self._overtaken: set[str] = set()  # streams whose newest sample came out of order
        self._late: Point | None = None  # arrival and delay, since when it has been far behind
        self._offset = 0.0  # arrival at the origin, relative to the origin's arrival
        self._rate = 1.0  # LSL seconds per device second

    @property
    def fitted(self) -> bool:
        """Whether the rate has been fitted, not assumed."""
        return self._span() >= SETTLE_S

    @property
    def drift_ppm(self) -> float:
        """How much faster than the LSL clock the device's clock runs, in parts per million."""
        return (1.0 / self._rate - 1.0) * 1e6

    def observe(
        self, device_time: float, arrival: float, stream: str = "", *, leads: bool = True
    ) -> None:
        """Take in that the sample of `device_time` (s) was there at LSL time `arrival` (s).

        Each stream of a device has its own order: a marker amid the block whose newest sample was
        there before is no clock that was set back. `leads`: it is of a stream that comes all the
        time; once there is one, the others say nothing of the clock, wherever a marker lies.
        """
        if leads and not self._is_led:
            self._is_led = True
            self._clear()
        elif self._is_led and not leads:
            return
        goes_back = device_time < self._last.get(stream, -np.inf)
        if self._is_overtaken(device_time, stream):
            return
        if not goes_back and device_time < self._newest:  # it waited longer than what is known
            self._last[stream] = device_time
            return
        if self._origin is None:
            self._start(device_time, arrival)
        elif goes_back or self._was_set(device_time, arrival):
            self.resets += 1
            self._clear()
            self._start(device_time, arrival)
        assert self._origin is not None
        self._newest = self._last[stream] = device_time
        if self._late is not None:  # a backlog, or a clock set back: it says nothing of the line
            return
        point = (device_time - self._origin[0], arrival - self._origin[1])
        if self._bucket is None:
            self._bucket = point
            self._bucket_ends = point[0] + BUCKET_S, point[1] + BUCKET_S
        elif self._delay(point) < self._delay(self._bucket):
            self._bucket = point
        if point[0] >= self._bucket_ends[0] or point[1] >= self._bucket_ends[1]:
            self._points.append(self._bucket)
            self._bucket = None
            self._forget(point[0])
            self._fit()
        elif self._span() < SETTLE_S and self._rate == 1.0:
            self._shift()

    def map(self, device_times: F64Array) -> F64Array:
        """Give the LSL times of device times, both in seconds, shape (n,).

        NaN where that cannot be told: of what is no number, and as long as nothing was observed.
        """
        if self._origin is None:
            return np.full(len(device_times), np.nan)
        mapped: F64Array = (device_times - self._origin[0]) * self._rate + (
            self._origin[1] + self._offset
        )
        return mapped

    def _start(self, device_time: float, arrival: float) -> None:
        self._origin = (device_time, arrival)

    def _delay(self, point: Point) -> float:
        return point[1] - self._rate * point[0] - self._offset

    def _was_set(self, device_time: float, arrival: float) -> bool:
        assert self._origin is not None
        delay = self._delay((device_time - self._origin[0], arrival - self._origin[1]))
        if self._span() < SETTLE_S:  # one that counts from 0 first, and then tells its real time
            return delay < -LATE_S
        return delay < -JUMP_S or self._stays_late(arrival, delay)

    def _is_overtaken(self, device_time: float, stream: str) -> bool:
        """Whether it came a little out of order, unless the next one shows that the clock was set.

        A whole fit would be lost for it; by what is known it has its right time.
        """
        back = self._last.get(stream, -np.inf) - device_time
        if back < 0:
            self._overtaken.discard(stream)
        elif 0 < back <= JUMP_S and stream not in self._overtaken:
            self._overtaken.add(stream)
            return True
        return False

    def _stays_late(self, arrival: float, delay: float) -> bool:
        """Whether it is far behind the line, has been so for a while, and does not catch up."""
        if self._late is None:
            if delay > LATE_S:
                self._late = arrival, delay
            return False
        since, then = self._late
        if delay <= JUMP_S:
            self._late = None  # all of the backlog is there
        elif then - delay > CATCH_UP * max(arrival - since, CATCH_UP_S):
            self._late = arrival, delay  # it nears the line
        elif arrival - since >= CATCH_UP_S:
            self._late = None
            return delay > LATE_S
        return False

    def _span(self) -> float:
        return self._points[-1][0] - self._points[0][0] if len(self._points) > 1 else 0.0

    def _forget(self, now: float) -> None:
        while self._points and self._points[0][0] < now - WINDOW_S:
            self._points.popleft()

    def _fit(self) -> None:
        points = list(self._points)
        if self._span() >= SETTLE_S:
            rate, offset = _line(points)
            if abs(rate - 1.0) <= MAX_RATE_ERROR:
                self._rate, self._offset = rate, offset
                return
        newest = points[-1][1] - PACE_WINDOW_S if points else 0.0
        for some in (points, [point for point in points if point[1] >= newest]):
            if (pace := _other_pace(some)) is not None:
                self._rate, self._offset = pace
                return
        self._shift()

    def _shift(self) -> None:
        """Take the device's clock for right, and find the least delay of the last seconds."""
        self._rate = 1.0
        points = [*self._points, self._bucket] if self._bucket else list(self._points)
        young = points[-1][0] - YOUNG_S
        self._offset = min(a - d for d, a in points if d >= young)


def _line(points: list[Point]) -> tuple[float, float]:
    """Give rate and offset of the line below all points, and closest to them."""
    left, right = _supporting_edge(lower_hull(points))
    rate = (right[1] - left[1]) / (right[0] - left[0])
    return rate, left[1] - rate * left[0]


def _other_pace(points: list[Point]) -> tuple[float, float] | None:
    """Give rate and offset of points that leave the LSL clock evenly; None where they do not.

    What waited and comes in bulk leaves it, too, but not evenly.
    """
    half = (points[0][1] + points[-1][1]) / 2 if points else 0.0
    halves = [p for p in points if p[1] <= half], [p for p in points if p[1] > half]
    if min(map(len, halves)) < 3:
        return None
    rate, offset = _line(points)
    off = abs(rate - 1.0)
    late = min(a - rate * d - offset for d, a in points[-3:])  # a stall alone makes one late
    if off * (points[-1][0] - points[0][0]) < PACE_S or rate <= 0 or late > PACE_S:
        return None
    return (rate, offset) if all(abs(_line(h)[0] - rate) < off / 4 for h in halves) else None


def lower_hull(points: list[Point]) -> list[Point]:
    """Give the lower convex hull of points sorted by their first coordinate."""
    hull: list[Point] = []
    for x, y in points:
        while len(hull) > 1:
            (x0, y0), (x1, y1) = hull[-2], hull[-1]
            if (x1 - x0) * (y - y0) > (x - x0) * (y1 - y0):
                break
            hull.pop()
        if not hull or x > hull[-1][0]:
            hull.append((x, y))
    return hull


def _supporting_edge(hull: list[Point]) -> tuple[Point, Point]:
    """Give the edge over the middle: the line below all points that is closest to them."""
    middle = (hull[0][0] + hull[-1][0]) / 2
    for left, right in pairwise(hull):
        if right[0] >= middle:
            return left, right
    return hull[-2], hull[-1]
