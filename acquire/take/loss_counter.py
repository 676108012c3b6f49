"""Late or lost, of somebody else's stream, while it comes: pure, from the stamps alone.

The live form of `recordings.lateness`. The phase of a sample is its stamp minus its number times
the period; its least in a block of a second is the block's level. A level above the floor of the
last seconds opens a lateness: back on the floor, nothing was lost. Only what has not come down for
30 s is lost; and what was counted as lost and comes after all is taken back.

A clock of coarse ticks leaps by whole ones: no step that is no larger tells of a loss there.

Where a sender computes its stamps from a counter of its own, intervals are whole periods to some
µs. Nothing is ever late there: a long interval is a loss at once. A sender without a clock
(`recordings.lateness.free_run`) has no floor: there, too, a silence is a loss at once. Whether it
has one, and a rate other than it says, the first blocks tell.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from acquire.take.exact_stamps import ExactStamps, LostSamples, are_numbers
from devices.arrays import F64Array
from recordings.lateness.blocks import plain_rate
from recordings.lateness.floor import scatter, slope_of
from recordings.lateness.free_run import free_run
from recordings.lateness.intervals import away_s
from recordings.lateness.lattice import lattice_losses
from recordings.lateness.ticks import leap_of, settled, tick_of

BLOCK_S: Final = 1.0
WAIT_S: Final = 30.0
"""What stays away for so long is lost."""
SET_S: Final = 5.0
"""Stamps further ahead than any before by so much leapt; a loss leaves them where they were."""
_LEVELS: Final = 120  # blocks that tell the rate
_FIRST: Final = 20  # blocks until the rate is known: the first are judged then
_SETTLED: Final = 60  # blocks after which the rate is learnt anew less often
_RECENT: Final = 10  # blocks that were not late tell where the floor is
_LEAST: Final = 0.6  # periods: a smaller step is no sample
_WANDER: Final = 60e-6
_BACK_S: Final = 1.0  # stamps that go back further were made by a clock that was set
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


class LossCounter:
    """Counts the lost samples of one stream of a regular rate."""

    def __init__(self, rate_hz: float) -> None:
        self._nominal = rate_hz
        self._exact: ExactStamps | None = ExactStamps(rate_hz)
        self._last = math.nan  # stamp before what waits
        self._newest = math.nan  # phase of the newest sample, s
        self._ahead = -math.inf  # by so much a stamp was ahead of its arrival, at most
        self._before = math.nan  # the newest stamp
        self._parts: list[F64Array] = []  # what waits to be a block
        self._waiting = 0
        self._resumes = False
        self._counted: deque[LostSamples] = deque(maxlen=_COUNTED)
        self._noted: list[tuple[F64Array, float]] = []  # what is not judged yet
        self._found: list[LostSamples] = []  # and what was, and is not told yet
        self._begin()

    def _begin(self) -> None:
        """Know nothing of the floor."""
        self._set_rate(self._nominal)
        self._usual_s: float | None = None  # of a sender without a clock
        self._samples = self._block = 0  # in whole blocks
        self._lost_s = self._slope = 0.0
        self._noise = 1e-3
        self._tick = self._beat = 0.0
        self._is_known = False  # how it is sent
        self._blocks: deque[_Block] = deque(maxlen=_LEVELS)
        self._recent: deque[tuple[int, float]] = deque(maxlen=_RECENT)
        self._late: _Lateness | None = None
        self._fall = 0.0

    def _set_rate(self, rate_hz: float) -> None:
        self._rate = rate_hz
        self._size = max(math.ceil(rate_hz * BLOCK_S), 8)
        self._ramp = np.arange(self._size) / rate_hz
        self._wait = math.ceil(WAIT_S * rate_hz / self._size)

    @property
    def late_s(self) -> float:
        """How late the newest sample is, s; 0 where nothing is known yet."""
        late = self._newest - self._lost_s - self._floor(self._block)
        return late if self._block >= _FIRST and late > 0 else 0.0

    def resume(self) -> None:
        """Learn that its outlet was gone and is back: what was not sent will never come."""
        self._judge_noted()
        self._resumes = True

    def note(self, stamps: F64Array, arrival: float = math.nan) -> None:
        """Keep raw stamps, shape (n,), n ≥ 1, until they are judged.

        Stamps that are no numbers are samples all the same. `arrival` is when they came, by any
        steady clock: stamps that leap ahead of it were made by a clock that was set forward.
        """
        self._noted.append((stamps.copy(), arrival))  # the caller uses its buffer again

    def judge(self) -> list[LostSamples]:
        """Give what turns out to be lost, or to have come, of what was noted since the last time.

        Every 2 s costs an eighth of what four times a second do: what is seldom run is in no cache.
        """
        self._judge_noted()
        found, self._found = self._found, []
        return found

    def _judge_noted(self) -> None:
        if not self._noted:
            return
        noted, self._noted = self._noted, []
        stamps = np.concatenate([part for part, _ in noted])
        arrivals = np.repeat([arrival for _, arrival in noted], [len(part) for part, _ in noted])
        if (at := self._set_forward(stamps, arrivals)) is not None:
            self._found += self._take_in(stamps[:at]) if at else []
            self._counted.clear()
            self._parts, self._waiting, self._last = [], 0, math.nan
            self._begin()
            stamps = stamps[at:]
        self._found += self._take_in(stamps)

    def _set_forward(self, stamps: F64Array, arrivals: F64Array) -> int | None:
        """Find the first stamp of a clock that was set forward; None: it was not."""
        ahead = stamps - arrivals
        newest = float(ahead.max())
        if math.isnan(newest) or not are_numbers(stamps):
            return None
        limit = self._ahead + SET_S
        self._ahead = max(self._ahead, newest)
        if self._fell_back(stamps):
            self._ahead = float(ahead[-1])
        return int(np.argmax(ahead > limit)) if -math.inf < limit < newest else None

    def _fell_back(self, stamps: F64Array) -> bool:
        before, self._before = self._before, float(stamps[-1])
        if float(stamps[0]) - before < -_BACK_S:
            return True
        return bool((stamps[1:] - stamps[:-1] < -_BACK_S).any())  # half the cost of np.diff

    def _take_in(self, stamps: F64Array) -> list[LostSamples]:
        found = []
        if self._resumes:
            self._resumes = False
            found += self._absence(float(stamps[0]))
        if self._exact is not None:
            if (missing := self._exact.take(stamps, self._last)) is not None:
                self._last = float(stamps[-1])
                return found + missing
            self._leave(self._exact)
            self._exact = None
        self._parts.append(stamps)
        self._waiting += len(stamps)
        self._newest = float(stamps[-1]) - (self._samples + self._waiting - 1) / self._rate
        if self._waiting >= self._size * (1 if self._is_known else _FIRST):
            found += self._take(np.concatenate(self._parts))
        return found

    def _absence(self, stamp: float) -> list[LostSamples]:
        """Count at once what an outlet that was gone has not sent."""
        if self._parts and len(self._parts[-1]):
            self._last = float(self._parts[-1][-1])
        self._samples += self._waiting  # half a block tells no level
        self._parts, self._waiting = [], 0
        lost = (stamp - self._last) / self._true_period - 1
        if not 0.5 < lost < math.inf:
            return []
        count = round(lost)
        self._last = stamp - self._true_period
        self._lost_s += count * self._true_period
        return [LostSamples(stamp, count)]

    def _leave(self, exact: ExactStamps) -> None:
        """Go on with a floor, which the exact stamps so far have told."""
        if exact.samples < _FIRST * self._size:
            return
        self._is_known = True
        self._samples, self._block = _FIRST * self._size, _FIRST
        tilt = exact.period - 1 / self._rate
        for number in range(_FIRST):
            level = self._last - (self._samples - 1) / self._rate
            level -= (self._samples - 1 - number * self._size) * tilt
            self._blocks.append(_Block(number, level, self._last))
            self._recent.append((number, level))
        self._learn()

    # Stamps made on arrival, or by a clock that scatters.

    def _take(self, stamps: F64Array) -> list[LostSamples]:
        """Take in what has come, block by block."""
        if not are_numbers(stamps):
            stamps = self._numbers(stamps)
        steps = _steps(stamps, self._last)
        if np.nanmin(steps) < -_BACK_S:  # a clock was set: what came before it tells nothing more
            stamps = stamps[int(np.flatnonzero(steps < -_BACK_S)[-1]) :]
            steps = _steps(stamps, math.nan)
            self._counted.clear()
            self._begin()
            if len(stamps) < _FIRST * self._size:
                self._last, self._parts, self._waiting = math.nan, [stamps], len(stamps)
                return []
        if not self._is_known:
            self._is_known = True
            self._learn_sender(stamps)
        if self._usual_s is not None:
            self._last, self._parts, self._waiting = float(stamps[-1]), [], 0
            return _silences(stamps, steps, self._usual_s)
        found = []
        for start in range(0, len(stamps) - self._size + 1, self._size):
            inside = slice(start, start + self._size)
            level = float((stamps[inside] - self._ramp).min()) - self._samples / self._rate
            longest = start + int(steps[inside].argmax())
            self._samples += self._size
            found += self._end_block(_Block(self._block, level, float(stamps[longest])))
        rest = stamps[len(stamps) // self._size * self._size :]
        self._last = float(stamps[len(stamps) - len(rest) - 1])
        self._parts, self._waiting = [rest], len(rest)
        return found

    def _numbers(self, stamps: F64Array) -> F64Array:
        """Put what is no number between its neighbours, or a period after the one before."""
        good = np.isfinite(stamps)
        if not good.any():
            start = self._last if math.isfinite(self._last) else 0.0
            return start + np.arange(1, len(stamps) + 1) / self._rate
        k = np.arange(len(stamps)) / self._rate
        ahead = np.interp(k, k[good], stamps[good] - k[good])
        return np.asarray(ahead + k, np.float64)

    def _end_block(self, block: _Block) -> list[LostSamples]:
        self._blocks.append(block)
        self._block += 1
        if self._block >= _FIRST and self._block % (10 if self._block < _SETTLED else 30) == 0:
            self._learn()
        if self._block < _FIRST:
            return []
        new = list(self._blocks) if self._block == _FIRST else [block]
        return [loss for one in new for loss in self._judge(one)]

    def _learn_sender(self, first: F64Array) -> None:
        """Learn from its first stamps whether it has a clock, of which rate and which ticks."""
        if (loop := free_run(first)) is not None:
            self._usual_s = loop.usual_s
            return
        if lattice_losses(first, self._nominal) is None:
            self._set_rate(plain_rate(first, self._nominal))
        if tick := tick_of(first, self._rate):
            self._tick, self._beat = tick, settled(first, self._rate, self._size)[1]

    def _learn(self) -> None:
        """Find the rate and how much the floor scatters."""
        levels = np.array([block.level for block in self._blocks])
        block_s = self._size / self._rate
        self._slope = slope_of(levels, block_s)
        if self._tick:  # from one leap of the clock to the next it seems to go at another rate
            self._slope += leap_of(np.diff(levels) - self._slope * block_s, self._tick) / block_s
        self._noise = scatter(levels - self._slope * block_s * np.arange(len(levels)))

    @property
    def _true_period(self) -> float:
        """The time from sample to sample, s, as the floor tells it; usual where there is none."""
        if self._usual_s is not None:
            return self._usual_s
        return (1 + self._slope) / self._rate

    def _floor(self, number: int) -> float:
        """Give the level of a block that is not late."""
        tilt = self._slope * self._size / self._rate
        return min((at + (number - n) * tilt for n, at in self._recent), default=math.inf)

    def _judge(self, block: _Block) -> list[LostSamples]:
        level, floor = block.level - self._lost_s, self._floor(block.number)
        least = max(_LEAST / self._rate, _SIGMAS * self._noise, self._beat)
        if self._recent:  # the floor is known the worse the longer it was not touched
            away = block.number - self._recent[-1][0]
            least += _WANDER * away * self._size / self._rate
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
        late.age = 0 if rise < late.least - _LEAST / self._rate else late.age + 1
        late.least = min(late.least, rise)
        if late.age < self._wait:
            return []
        lost = max(round(late.least / self._true_period), 1)
        loss = LostSamples(late.since[0].stamp, lost)
        self._lost_s += lost * self._true_period
        self._counted.append(loss)
        self._late = None
        # What came after it is seen afresh.
        return [loss, *(further for one in late.since for further in self._judge(one))]

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
        left, self._fall = round(self._fall / self._true_period), 0.0
        found = []
        while left > 0 and self._counted:
            loss = self._counted.pop()
            came = min(left, loss.lost)
            left -= came
            if came < loss.lost:
                self._counted.append(LostSamples(loss.stamp, loss.lost - came))
            found.append(LostSamples(loss.stamp, -came))
            self._lost_s -= came * self._true_period
        return found


def _steps(stamps: F64Array, before: float) -> F64Array:
    """Return the steps to stamps, shape (n,), the first from the stamp `before` them."""
    steps = np.empty_like(stamps)
    steps[0] = stamps[0] - before
    np.subtract(stamps[1:], stamps[:-1], out=steps[1:])
    return steps


def _silences(stamps: F64Array, steps: F64Array, usual_s: float) -> list[LostSamples]:
    """Return what a sender without a clock left out while it was away, `steps` before stamps."""
    away = np.flatnonzero(steps > away_s(usual_s))
    return [LostSamples(float(stamps[i]), round(float(steps[i]) / usual_s) - 1) for i in away]
