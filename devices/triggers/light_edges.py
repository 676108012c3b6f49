"""Edges of a light in a signal: threshold, hysteresis, flicker left out; pure, times in seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from devices.arrays import F64Array
from devices.triggers.light_levels import Block, Blocks, FlankLevels, Levels

MAX_BACKLOG_S = 60.0
"""So much of the past is looked through once the levels are known."""
AHEAD = 2
"""Blocks that have to come after one before its levels are sure."""
LIT_S = 0.002
"""Light that lasts shorter is none."""
MAX_FLANK = 4096
"""Samples between dark and light at most."""
GAP_S, GAP_INTERVALS = 0.1, 5.0
"""Where samples are missing for longer than both, nobody knows when a light was switched there."""
CLEAR_S = 10.0
"""Confidence is judged on so much of the past."""


@dataclass(frozen=True, slots=True)
class Edge:
    """The signal crossed the middle between dark and light at `time`, between two samples."""

    time: float
    rising: bool


class Bursts:
    """Makes edges of crossings: a light is off once it has been dark for `hold_s`.

    The backlight of a screen flickers while it is lit, and is dark while it is dark. So shorter
    darkness is part of the light, and nothing has to hold for the light to be on.
    """

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self._lit_s = min(LIT_S, hold_s)
        self._lit = False  # whether its beginning has been told
        self._begun: float | None = None
        self._dark_since: float | None = None

    @property
    def bright(self) -> bool:
        """Whether the newest crossing went up."""
        return self._begun is not None and self._dark_since is None

    def start(self, *, lit: bool) -> None:
        """Say how the signal begins: what is lit from the start has no onset."""
        if lit:
            self._lit, self._begun = True, -np.inf

    def cross(self, edge: Edge) -> list[Edge]:
        """Take in the next crossing, and give the edges that are sure."""
        found = self.settle(edge.time, up=edge.rising)
        if not edge.rising:
            self._dark_since = edge.time
        elif self._begun is None:
            self._begun = edge.time
        else:
            self._dark_since = None
        return found

    def settle(self, now: float, *, up: bool = False) -> list[Edge]:
        """Give the edges that are sure at `now`; `up`: the light is there again just then."""
        found = []
        dark = self._dark_since
        over = dark is not None and now - dark >= self._hold_s
        if self._begun is not None and not self._lit:
            end = dark if dark is not None and (over or not up) else now
            if end - self._begun >= self._lit_s:
                self._lit = True
                found.append(Edge(self._begun, True))
        if over and dark is not None:
            if self._lit:
                found.append(Edge(dark, False))
            self._lit, self._begun, self._dark_since = False, None, None
        return found


class EdgeDetector:
    """Finds edges; darkness must hold for `hold_s`, shorter one is flicker."""

    def __init__(self, levels: Levels | None = None, hold_s: float = 0.006) -> None:
        """Take fixed levels, or find them: then edges come out about 0.15 s late."""
        self._fixed = levels
        self._hold_s = hold_s
        self.recalibrate()

    def recalibrate(self) -> None:
        """Forget the levels that were found."""
        self._blocks = Blocks()
        self._found = FlankLevels()
        self._backlog: deque[Block] = deque()
        self._forget()
        self._last = np.nan
        self._intervals: deque[float] = deque(maxlen=50)
        self._clear: deque[tuple[float, int, int]] = deque()  # time, clear samples, all

    @property
    def levels(self) -> Levels | None:
        """The levels in use, None while they are not known."""
        return self._fixed or self._found.levels

    @property
    def weakened(self) -> float | None:
        """To which share of what it was the light seems to have fallen; None = it has not."""
        return self._found.weakened

    @property
    def confidence(self) -> float:
        """The share of the last samples that are clearly dark or clearly light, 0…1."""
        every = sum(count for _, _, count in self._clear)
        return sum(clear for _, clear, _ in self._clear) / every if every else 0.0

    def feed(self, times: F64Array, values: F64Array) -> list[Edge]:
        """Take in samples, shape (n,), and give the edges that have turned out to be ones."""
        if not len(times):
            return []
        if self._fixed is not None:
            return self._find(times, values, self._fixed)
        edges = []
        for block in self._blocks.feed(times, values):
            self._found.feed(block)
            self._backlog.append(block)
            while self.levels is None and self._backlog[0].times[0] < times[-1] - MAX_BACKLOG_S:
                self._backlog.popleft()
            while (levels := self.levels) is not None and len(self._backlog) > AHEAD:
                ready = self._backlog.popleft()
                edges += self._find(ready.times, ready.values, levels)
        return edges

    def _forget(self) -> None:
        """Begin without a past: what is lit now has no onset."""
        self._bursts: Bursts | None = None
        self._tail = (np.empty(0), np.empty(0))  # from the last clear sample on

    def _find(self, times: F64Array, values: F64Array, levels: Levels) -> list[Edge]:
        steps = np.diff(times, prepend=self._last)
        self._last = float(times[-1])
        usual = float(np.median(self._intervals)) if self._intervals else np.inf
        self._intervals.extend(steps[-50:][np.isfinite(steps[-50:])].tolist())
        gaps = np.flatnonzero(steps > max(GAP_S, GAP_INTERVALS * usual)).tolist()
        edges: list[Edge] = []
        for begin, stop in pairwise([0, *gaps, len(times)]):
            if begin in gaps:
                self._forget()
            if stop > begin:
                edges += self._find_in_one(times[begin:stop], values[begin:stop], levels)
        return edges

    def _find_in_one(self, times: F64Array, values: F64Array, levels: Levels) -> list[Edge]:
        """Find the edges of a piece without a gap."""
        seen = len(self._tail[0])
        times = np.concatenate([self._tail[0], times])
        values = np.concatenate([self._tail[1], values])
        clear = np.flatnonzero((values >= levels.on) | (values <= levels.off))
        self._tail = _from(int(clear[-1]) if len(clear) else 0, times, values)
        clear = clear[clear >= seen]
        self._note(float(times[-1]), len(clear), len(times) - seen)
        sides = values[clear] >= levels.on
        if self._bursts is None:
            if not len(sides):
                return []
            self._bursts = Bursts(self._hold_s)
            self._bursts.start(lit=bool(sides[0]))
        edges: list[Edge] = []
        for at in np.flatnonzero(np.diff(sides, prepend=self._bursts.bright)).tolist():
            crossing = _crossing(times, values, int(clear[at]), levels)
            edges += self._bursts.cross(Edge(crossing, bool(sides[at])))
        return edges + self._bursts.settle(float(times[-1]))

    def _note(self, now: float, clear: int, every: int) -> None:
        self._clear.append((now, clear, every))
        while self._clear[0][0] < now - CLEAR_S:
            self._clear.popleft()


def _crossing(times: F64Array, values: F64Array, at: int, levels: Levels) -> float:
    """Interpolate when the middle was crossed on the way to sample `at`."""
    rising = values[at] >= levels.on
    before = at - 1
    while before >= 0 and (values[before] >= levels.middle) == rising:
        before -= 1
    t1, v1 = float(times[before + 1]), float(values[before + 1])
    if before < 0:
        return t1
    t0, v0 = float(times[before]), float(values[before])
    if v1 == v0:
        return t1
    return t0 + (t1 - t0) * (levels.middle - v0) / (v1 - v0)


def _from(first: int, times: F64Array, values: F64Array) -> tuple[F64Array, F64Array]:
    first = max(first, len(times) - MAX_FLANK)
    return times[first:].copy(), values[first:].copy()
