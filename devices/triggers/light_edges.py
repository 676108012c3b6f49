"""Edges of a light in a signal: threshold, hysteresis, calibration; pure, times in seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from devices.arrays import F64Array

WINDOW_S = 30.0
"""Levels are taken from so much of the past, so that a lamp or a screen may change slowly."""
SWING_OVER_NOISE = 10.0
"""A light that is switched stands out from the noise by this factor at least."""
BLOCK_S = 0.1
FAST_SHARE = 0.4
"""At least this much of the swing happens within one block; a flank may fall into two."""
SETTLE_S = 0.5
"""After the first swing was seen, its upper level is waited for."""
MAX_BACKLOG_S = 60.0
MAX_FLANK = 4096
"""Samples between dark and light at most."""


@dataclass(frozen=True, slots=True)
class Edge:
    """The signal crossed the middle between dark and light at `time`, between two samples."""

    time: float
    rising: bool


@dataclass(frozen=True, slots=True)
class Levels:
    """What counts as dark and as light; in between nothing changes."""

    off: float
    on: float

    @property
    def middle(self) -> float:
        """Where the time of an edge is taken."""
        return (self.off + self.on) / 2


class Calibration:
    """Finds dark and light of a signal by itself."""

    def __init__(self, hysteresis: float) -> None:
        self._hysteresis = hysteresis
        self._blocks: deque[tuple[float, float, float, float]] = deque()  # end, low, high, noise
        self._parts: list[F64Array] = []
        self._begun = self._first = 0.0
        self.levels: Levels | None = None

    def feed(self, times: F64Array, values: F64Array) -> None:
        """Take in samples, shape (n,), n ≥ 1."""
        if not self._parts:
            self._begun = self._first = float(times[0])
        self._parts.append(values)
        row = np.concatenate(self._parts)
        if times[-1] - self._begun < BLOCK_S or len(row) < 4:
            return
        self._parts = [row[-2:]]
        self._begun = float(times[-1])
        # The median of three: one wild sample is no light.
        smooth = np.sort(np.stack([row[:-2], row[1:-1], row[2:]]), axis=0)[1]
        noise = float(np.median(np.abs(np.diff(row))))
        self._blocks.append((float(times[-1]), float(smooth.min()), float(smooth.max()), noise))
        while self._blocks[0][0] < times[-1] - WINDOW_S:
            self._blocks.popleft()
        if times[-1] - self._first > 10 * BLOCK_S:
            self._judge()

    def _judge(self) -> None:
        low = min(block[1] for block in self._blocks)
        high = max(block[2] for block in self._blocks)
        noise = float(np.median([block[3] for block in self._blocks]))
        fastest = max(block[2] - block[1] for block in self._blocks)
        swing = high - low
        # A light is switched within a block; what drifts is none.
        if swing > SWING_OVER_NOISE * noise and swing > 0 and fastest > FAST_SHARE * swing:
            span, middle = swing * self._hysteresis / 2, (low + high) / 2
            self.levels = Levels(middle - span, middle + span)


class EdgeDetector:
    """Finds edges, each of which must hold for `hold_s`; shorter ones are flicker."""

    def __init__(
        self, levels: Levels | None = None, hysteresis: float = 0.3, hold_s: float = 0.002
    ) -> None:
        """Take fixed levels, or find them: then edges come out when the levels are known."""
        self._fixed = levels
        self._hold_s = hold_s
        self._hysteresis = hysteresis
        self.recalibrate()

    def recalibrate(self) -> None:
        """Forget the levels that were found."""
        self._calibration = Calibration(self._hysteresis)
        self._backlog: list[tuple[F64Array, F64Array]] = []
        self._swing_seen: float | None = None
        self._state: bool | None = None  # lit or not, flicker left out
        self._pending: Edge | None = None  # the newest edge, until it has held
        self._tail = (np.empty(0), np.empty(0))  # from the last clear sample on

    @property
    def levels(self) -> Levels | None:
        """The levels in use, None while they are not known."""
        return self._fixed or self._calibration.levels

    def feed(self, times: F64Array, values: F64Array) -> list[Edge]:
        """Take in samples, shape (n,), and give the edges that have turned out to be ones."""
        if not len(times):
            return []
        if self._fixed is None:
            self._calibration.feed(times, values)
            if not self._ready(float(times[-1])):
                self._backlog.append((times.copy(), values.copy()))
                while self._backlog[0][0][0] < times[-1] - MAX_BACKLOG_S:
                    self._backlog.pop(0)
                return []
        pieces, self._backlog = [*self._backlog, (times, values)], []
        return [edge for t, v in pieces for edge in self._find(t, v)]

    def _ready(self, now: float) -> bool:
        if self._calibration.levels is None:
            return False
        if self._swing_seen is None:
            self._swing_seen = now
        return now - self._swing_seen >= SETTLE_S

    def _find(self, times: F64Array, values: F64Array) -> list[Edge]:
        levels = self.levels
        assert levels is not None
        held: list[Edge] = []
        seen = len(self._tail[0])
        times = np.concatenate([self._tail[0], times])
        values = np.concatenate([self._tail[1], values])
        clear = np.flatnonzero((values >= levels.on) | (values <= levels.off))
        self._tail = _from(int(clear[-1]) if len(clear) else 0, times, values)
        clear = clear[clear >= seen]
        sides = values[clear] >= levels.on
        if self._state is None and len(sides):
            self._state = bool(sides[0])
        before = self._pending.rising if self._pending else self._state
        changes = np.flatnonzero(np.diff(sides, prepend=bool(before)))
        for at in changes.tolist():
            edge = Edge(self._crossing(times, values, int(clear[at])), bool(sides[at]))
            self._settle(edge.time, held)
            # Back before it held: a flicker, and nothing has changed.
            self._pending = None if edge.rising == self._state else edge
        self._settle(float(times[-1]), held)
        return held

    def _settle(self, now: float, held: list[Edge]) -> None:
        """Add a change that has held for long enough at `now`."""
        if self._pending is not None and now - self._pending.time >= self._hold_s:
            self._state = self._pending.rising
            held.append(self._pending)
            self._pending = None

    def _crossing(self, times: F64Array, values: F64Array, at: int) -> float:
        """Interpolate when the middle was crossed on the way to sample `at`."""
        levels = self.levels
        assert levels is not None
        rising = values[at] >= levels.on
        before = at - 1
        while before >= 0 and (values[before] >= levels.middle) == rising:
            before -= 1
        t1, v1 = float(times[before + 1]), float(values[before + 1])
        if before >= 0:
            t0, v0 = float(times[before]), float(values[before])
        else:
            return t1
        if (v0 >= levels.middle) == rising or v1 == v0:
            return t1
        return t0 + (t1 - t0) * (levels.middle - v0) / (v1 - v0)


def _from(first: int, times: F64Array, values: F64Array) -> tuple[F64Array, F64Array]:
    first = max(first, len(times) - MAX_FLANK)
    return times[first:].copy(), values[first:].copy()
