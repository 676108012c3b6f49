"""The floor of a stream's blocks while they come, and what does not come back down to it: lost.

The live form of `recordings.lateness.decision`: a level above the floor opens a lateness, and what
has not come down for 30 s is lost. What was counted as lost and comes after all is taken back.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from acquire.take.exact_stamps import LostSamples
from recordings.lateness.floor import scatter, slope_of
from recordings.lateness.ticks import leap_of

BLOCK_S: Final = 1.0
WAIT_S: Final = 30.0
"""What stays away for so long is lost."""
FIRST: Final = 20
"""Blocks until the rate is known: the first are judged then."""
_LEVELS: Final = 120  # blocks that tell the rate
_SETTLED: Final = 60  # blocks after which the rate is learnt anew less often
_RECENT: Final = 10  # blocks that were not late tell where the floor is
_LEAST: Final = 0.6  # periods: a smaller step is no sample
_FITS: Final = 0.3  # periods: a rise is so near to whole packets
_BEATS: Final = 1.2  # beats of a coarse clock, or of a radio's turns
_WANDER: Final = 60e-6
_SIGMAS: Final = 5.0
_COUNTED: Final = 100  # losses that can be taken back


@dataclass(frozen=True, slots=True)
class _Block:
    number: int
    level: float  # s
    stamp: float  # after the longest interval in it, where a loss would be


@dataclass(slots=True)
class _Lateness:
    """A time above the floor: the least rise so far, and how many blocks it has lasted at that."""

    least: float
    age: int
    since: list[_Block]


class LiveFloor:
    """Judges blocks of `size` samples, one after another.

    `ramp_s`, shape (size,): the times of a block's samples from its first one.
    """

    def __init__(self, rate_hz: float) -> None:
        self._block = 0  # number of the next one
        self._lost_s = self._slope = 0.0
        self._noise = 1e-3
        self._tick = self._beat = 0.0
        self._blocks: deque[_Block] = deque(maxlen=_LEVELS)
        self._recent: deque[tuple[int, float]] = deque(maxlen=_RECENT)
        self._late: _Lateness | None = None
        self._fall = 0.0
        self._counted: deque[LostSamples] = deque(maxlen=_COUNTED)
        self.set_rate(rate_hz)

    def set_rate(self, rate_hz: float, size: int = 0, packet: int = 1) -> None:
        """Take another rate than was announced, and blocks of whole packets; before the first."""
        self.rate_hz, self._packet = rate_hz, packet
        self.size = size or max(math.ceil(rate_hz * BLOCK_S), 8)
        self.ramp_s = np.arange(self.size) / rate_hz
        self._wait = math.ceil(WAIT_S * rate_hz / self.size)

    def set_ticks(self, tick_s: float, beat_s: float) -> None:
        """Learn that the clock leaps by so much, and its levels by up to `beat_s`."""
        self._tick, self._beat = tick_s, beat_s

    @property
    def period_s(self) -> float:
        """The time from sample to sample as the floor tells it."""
        return (1 + self._slope) / self.rate_hz

    def rise_s(self, phase: float) -> float:
        """Say how far a phase is above the floor, s; 0 where nothing is known yet."""
        late = phase - self._lost_s - self._floor(self._block)
        return late if self._block >= FIRST and late > 0 else 0.0

    def leave_out(self, lost: int) -> None:
        """Learn of samples that will never come."""
        self._lost_s += lost * self.period_s

    def may_come(self, losses: Iterable[LostSamples]) -> None:
        """Learn what was told to be lost before the floor was looked at, and may only be late."""
        self._counted.extend(losses)

    def begin_at(self, level: float) -> None:
        """Learn the level before the first block; what it falls by has come."""
        if self._counted:
            self._recent.append((-1, level))

    def begin(self, levels: Iterable[float], stamp: float) -> None:
        """Begin with blocks of which none was late, up to `stamp`; they are not judged."""
        for number, level in enumerate(levels):
            self._blocks.append(_Block(number, level, stamp))
            self._recent.append((number, level))
        self._block = len(self._blocks)
        self._learn()

    def take(self, level: float, stamp: float) -> list[LostSamples]:
        """Judge a block: its level, s, and the stamp after the longest interval in it."""
        block = _Block(self._block, level, stamp)
        self._blocks.append(block)
        self._block += 1
        if self._block >= FIRST and self._block % (10 if self._block < _SETTLED else 30) == 0:
            self._learn()
        if self._block < FIRST:
            return []
        new = list(self._blocks) if self._block == FIRST else [block]
        return [loss for one in new for loss in self._judge(one)]

    def _learn(self) -> None:
        """Find the rate and how much the floor scatters."""
        levels = np.array([block.level for block in self._blocks])
        block_s = self.size / self.rate_hz
        self._slope = slope_of(levels, block_s)
        if self._tick:  # from one leap of the clock to the next it seems to go at another rate
            self._slope += leap_of(np.diff(levels) - self._slope * block_s, self._tick) / block_s
        self._noise = scatter(levels - self._slope * block_s * np.arange(len(levels)))

    def _floor(self, number: int) -> float:
        """Give the level of a block that is not late."""
        tilt = self._slope * self.size / self.rate_hz
        return min((at + (number - n) * tilt for n, at in self._recent), default=math.inf)

    def _judge(self, block: _Block) -> list[LostSamples]:
        level, floor = block.level - self._lost_s, self._floor(block.number)
        least = max(_LEAST / self.rate_hz, _SIGMAS * self._noise, _BEATS * self._beat)
        if self._recent:  # the floor is known the worse the longer it was not touched
            away = block.number - self._recent[-1][0]
            least += _WANDER * away * self.size / self.rate_hz
        if not self._recent or abs(level - floor) < least:
            back = self._take_back()
            self._late = None
            self._recent.append((block.number, level))
            return back
        if level < floor:
            return self._fallen(block, floor - level, least)
        return self._risen(block, level - floor)

    def _risen(self, block: _Block, rise: float) -> list[LostSamples]:
        late = self._late = self._late or _Lateness(math.inf, 0, [])
        late.since.append(block)
        late.age = 0 if rise < late.least - _LEAST / self.rate_hz else late.age + 1
        late.least = min(late.least, rise)
        if late.age < self._wait:
            return []
        loss = LostSamples(late.since[0].stamp, self._samples_of(late.least / self.period_s))
        self.leave_out(loss.lost)
        self._counted.append(loss)
        self._late = None
        # What came after it is seen afresh.
        return [loss, *(further for one in late.since for further in self._judge(one))]

    def _samples_of(self, rise: float) -> int:
        """Round a rise, periods, to samples; to whole packets where that fits."""
        packets = max(round(rise / self._packet), 1) * self._packet
        fits = abs(rise - packets) < max(_FITS, 3 * self._noise / self.period_s)
        return packets if fits else max(round(rise), 1)

    # What comes after all.

    def _fallen(self, block: _Block, fall: float, least: float) -> list[LostSamples]:
        """Below the floor: what was counted comes, or all samples are less late than before."""
        self._late = None
        if self._counted and fall > self._fall + least:  # still falling: the backlog is coming
            self._fall = fall
            return []
        back = self._take_back()
        self._recent.append((block.number, block.level - self._lost_s))
        return back

    def _take_back(self) -> list[LostSamples]:
        """Take back what the floor has fallen by, the newest first."""
        left, self._fall = round(self._fall / self.period_s), 0.0
        found = []
        while left > 0 and self._counted:
            loss = self._counted.pop()
            came = min(left, loss.lost)
            left -= came
            if came < loss.lost:
                self._counted.append(LostSamples(loss.stamp, loss.lost - came))
            found.append(LostSamples(loss.stamp, -came))
            self.leave_out(-came)
        return found
