"""Dark and light of a switched light, out of the flanks themselves; pure, times in seconds.

Levels of the last half minute are wrong as soon as a lamp is switched on or a sensor slips. A flank
carries its own: what stands right before it and right after it. So a signal is looked at in short
blocks, and wherever two neighbours span a swing that is one of the light's, they say what is dark
and what is light from there on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np

from devices.arrays import F64Array

BLOCK_S = 0.05
LEAST = 4
"""Samples in a block."""
SWING_OVER_NOISE = 10.0
"""A light that is switched stands out from the noise by this factor at least."""
FLANK_SHARE = 0.5
"""A swing of less than this share of the usual one is no flank of the light."""
FLANKS = 9
"""So many flanks tell what is usual."""
WINDOW_S = 30.0
LARGEST_SHARE = 0.25
"""Nor is one of less than this share of the largest but one of these: that may be a lamp."""
WEAKER, WEAKER_SHARE, WEAKER_ALIKE = 5, 0.1, 1.1
"""So many smaller ones in a row, of this share of what they were at least, none of them larger than
another by more than this factor, look as if the sensor had slipped. They are not taken for flanks:
a film beside the patch may look so, too."""
FIRST_SHARE = 0.4
"""The first flank is so much of all that the signal spans: what drifts is no light."""
FIRST_S = 1.0
"""The first flank is not judged before so much is known."""
HYSTERESIS = 0.3
"""Share of the swing that lies between the levels."""


@dataclass(frozen=True, slots=True)
class Levels:
    """What counts as dark and as light; in between nothing changes."""

    off: float
    on: float

    @property
    def middle(self) -> float:
        """Where the time of an edge is taken."""
        return (self.off + self.on) / 2


@dataclass(frozen=True, slots=True)
class Block:
    """Some of the signal, shape (n,), and what it spans without its wildest sample."""

    times: F64Array
    values: F64Array
    low: float
    high: float
    noise: float


class Blocks:
    """Cuts a signal into blocks, however it comes."""

    def __init__(self) -> None:
        self._times: F64Array = np.empty(0)
        self._values: F64Array = np.empty(0)
        self._before: F64Array = np.empty(0)  # the last two samples of the block before

    def feed(self, times: F64Array, values: F64Array) -> list[Block]:
        """Take in samples, shape (n,), and give the blocks that are whole."""
        times = np.concatenate([self._times, times])
        values = np.concatenate([self._values, values])
        found, begin = [], 0
        while begin < len(times):
            stop = max(begin + LEAST, int(np.searchsorted(times, times[begin] + BLOCK_S)))
            if stop >= len(times):
                break
            found.append(self._block(times[begin:stop], values[begin:stop]))
            begin = stop
        self._times, self._values = times[begin:].copy(), values[begin:].copy()
        return found

    def _block(self, times: F64Array, values: F64Array) -> Block:
        row = np.concatenate([self._before, values])
        self._before = values[-2:].copy()
        # The median of three: one wild sample is no light.
        smooth = np.sort(np.stack([row[:-2], row[1:-1], row[2:]]), axis=0)[1]
        noise = float(np.median(np.abs(np.diff(row))))
        return Block(times.copy(), values.copy(), float(smooth.min()), float(smooth.max()), noise)


class FlankLevels:
    """Takes dark and light from recent flanks."""

    def __init__(self) -> None:
        self._newest: deque[Block] = deque(maxlen=2)
        self._pairs: deque[tuple[float, float]] = deque(maxlen=3)  # low, high of two neighbours
        self._flanks: deque[float] = deque(maxlen=FLANKS)
        self._seen: deque[tuple[float, float, float, float]] = deque()  # time, low, high, noise
        self._weaker: deque[float] = deque(maxlen=WEAKER)  # since the last flank
        self._begun: float | None = None
        self.weakened: float | None = (
            None  # to which share of what it was the light seems to have fallen
        )
        self.levels: Levels | None = None

    def feed(self, block: Block) -> None:
        """Take in the next block: its levels hold from the one two before it on."""
        self._newest.append(block)
        low = min(b.low for b in self._newest)
        high = max(b.high for b in self._newest)
        self._pairs.append((low, high))
        now = float(block.times[-1])
        self._begun = float(block.times[0]) if self._begun is None else self._begun
        self._seen.append((now, low, high, block.noise))
        while self._seen[0][0] < now - WINDOW_S:
            self._seen.popleft()
        if len(self._pairs) == 3:
            self._judge(*self._pairs)

    def _judge(
        self, before: tuple[float, float], pair: tuple[float, float], after: tuple[float, float]
    ) -> None:
        """Take the middle one for a flank where it spans most: its neighbours have parts of it."""
        swing = pair[1] - pair[0]
        if swing <= before[1] - before[0] or swing < after[1] - after[0]:
            return
        noise = float(np.median([noise for *_, noise in self._seen]))
        if swing > SWING_OVER_NOISE * noise and self._is_usual(swing):
            self._flanks.append(swing)
            self._weaker.clear()
            span, middle = swing * HYSTERESIS / 2, (pair[0] + pair[1]) / 2
            self.levels = Levels(middle - span, middle + span)

    def _is_usual(self, swing: float) -> bool:
        """Say whether a swing is one of the light's, and not of what drifts or is noise."""
        if self._flanks:
            largest = sorted(self._flanks)[-2:][0]
            usual = float(np.median(self._flanks))
            least = max(FLANK_SHARE * usual, LARGEST_SHARE * largest)
            if swing < least:
                self._note_weaker(swing, max(usual, largest))
            return swing >= least
        whole = max(high for _, _, high, _ in self._seen) - min(low for _, low, _, _ in self._seen)
        assert self._begun is not None
        return self._seen[-1][0] - self._begun > FIRST_S and swing >= FIRST_SHARE * whole

    def _note_weaker(self, swing: float, before: float) -> None:
        if swing >= WEAKER_SHARE * before:
            self._weaker.append(swing)
            alike = max(self._weaker) <= WEAKER_ALIKE * min(self._weaker)
            if len(self._weaker) == WEAKER and alike:
                self.weakened = swing / before
