"""Late or lost, of somebody else's stream, while it comes: pure, from the stamps alone.

The live form of `recordings.lateness`. The phase of a sample is its stamp minus its number times
the period; its least in a block of a second is the block's level, which `LiveFloor` judges.

A clock of coarse ticks leaps by whole ones, as packets do that come at the turns of a radio: no
step that is no larger tells of a loss there.

Where a sender computes its stamps from a counter of its own, intervals are whole periods to some
µs. Nothing is ever late there: a long interval is a loss at once. A sender without a clock
(`recordings.lateness.free_run`) has no floor: there, too, a silence is a loss at once. Whether it
has one, and a rate other than it says, the first blocks tell.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from acquire.take.exact_stamps import ExactStamps, LostSamples, are_numbers
from acquire.take.live_floor import FIRST, LiveFloor
from devices.arrays import F64Array
from recordings.lateness.blocks import block_size, plain_rate
from recordings.lateness.free_run import free_run
from recordings.lateness.intervals import away_s
from recordings.lateness.lattice import lattice_losses
from recordings.lateness.packets import packet_size
from recordings.lateness.ticks import settled, tick_or_turn

SET_S: Final = 5.0
"""Stamps further ahead than any before by so much leapt; a loss leaves them where they were."""
_BACK_S: Final = 1.0  # stamps that go back further were made by a clock that was set


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
        self._noted: list[tuple[F64Array, float]] = []  # what is not judged yet
        self._found: list[LostSamples] = []  # and what was, and is not told yet
        self._begin()

    def _begin(self) -> None:
        """Know nothing of the floor."""
        self._floor = LiveFloor(self._nominal)
        self._usual_s: float | None = None  # of a turn of a sender without a clock
        self._turn = 1  # samples that it sends
        self._samples = 0  # in whole blocks
        self._is_known = False  # how it is sent

    @property
    def late_s(self) -> float:
        """How late the newest sample is, s; 0 where nothing is known yet."""
        return self._floor.rise_s(self._newest)

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
        start = 0
        for at in self._set_forward(stamps, arrivals):
            if at > start:
                self._found += self._take_in(stamps[start:at])
            self._parts, self._waiting, self._last = [], 0, math.nan
            self._begin()
            start = at
        self._found += self._take_in(stamps[start:])

    def _set_forward(self, stamps: F64Array, arrivals: F64Array) -> list[int]:
        """Find the first stamps of a clock that was set forward, or counts other than seconds."""
        ahead = stamps - arrivals
        newest = float(ahead.max())
        if math.isnan(newest) or not are_numbers(stamps):
            return []
        limit = self._ahead + SET_S
        self._ahead = max(self._ahead, newest)
        if self._fell_back(stamps):
            self._ahead = float(ahead[-1])
        if newest <= limit:
            return []
        first = int(np.argmax(ahead > limit))
        further = np.flatnonzero(np.diff(np.maximum.accumulate(ahead[first:])) > SET_S)
        return [first, *(first + 1 + further).tolist()]

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
                self._floor.may_come(missing)
                return found + missing
            self._leave(self._exact)
            self._exact = None
        self._parts.append(stamps)
        self._waiting += len(stamps)
        if math.isfinite(stamps[-1]):
            number = self._samples + self._waiting - 1
            self._newest = float(stamps[-1]) - number / self._floor.rate_hz
        if self._waiting >= self._floor.size * (1 if self._is_known else FIRST):
            found += self._take(np.concatenate(self._parts))
        return found

    def _absence(self, stamp: float) -> list[LostSamples]:
        """Count at once what an outlet that was gone has not sent."""
        if self._parts and len(self._parts[-1]):
            self._last = float(self._parts[-1][-1])
        self._samples += self._waiting  # half a block tells no level
        self._parts, self._waiting = [], 0
        period = self._usual_s / self._turn if self._usual_s else self._floor.period_s
        lost = (stamp - self._last) / period - 1
        if not 0.5 < lost < math.inf:
            return []
        count = round(lost)
        self._last = stamp - period
        self._floor.leave_out(count)
        return [LostSamples(stamp, count)]

    def _leave(self, exact: ExactStamps) -> None:
        """Go on with a floor, which the exact stamps so far have told."""
        size, period = self._floor.size, 1 / self._floor.rate_hz
        if exact.samples < FIRST * size:
            self._floor.begin_at(self._last + period)
            return
        self._is_known = True
        self._samples = FIRST * size
        newest = self._last - (self._samples - 1) * period
        after = self._samples - 1 - size * np.arange(FIRST)  # samples from a block to the newest
        self._floor.begin((newest - after * (exact.period - period)).tolist(), self._last)

    # Stamps made on arrival, or by a clock that scatters.

    def _take(self, stamps: F64Array) -> list[LostSamples]:
        """Take in what has come, block by block."""
        if not are_numbers(stamps):
            stamps = self._numbers(stamps)
        steps = _steps(stamps, self._last)
        if np.nanmin(steps) < -_BACK_S:  # a clock was set: what came before it tells nothing more
            stamps = stamps[int(np.flatnonzero(steps < -_BACK_S)[-1]) :]
            steps = _steps(stamps, math.nan)
            self._begin()
            if len(stamps) < FIRST * self._floor.size:
                self._last, self._parts, self._waiting = math.nan, [stamps], len(stamps)
                return []
        if not self._is_known:
            self._is_known = True
            self._learn_sender(stamps)
        if self._usual_s is not None:
            self._last, self._parts, self._waiting = float(stamps[-1]), [], 0
            return _silences(stamps, steps, self._usual_s, self._turn)
        floor, found = self._floor, []
        for start in range(0, len(stamps) - floor.size + 1, floor.size):
            inside = slice(start, start + floor.size)
            level = float((stamps[inside] - floor.ramp_s).min()) - self._samples / floor.rate_hz
            longest = start + int(steps[inside].argmax())
            self._samples += floor.size
            found += floor.take(level, float(stamps[longest]))
        rest = stamps[len(stamps) // floor.size * floor.size :]
        self._last = float(stamps[len(stamps) - len(rest) - 1])
        self._parts, self._waiting = [rest], len(rest)
        return found

    def _numbers(self, stamps: F64Array) -> F64Array:
        """Put what is no number between its neighbours, or a period after the one before."""
        good = np.isfinite(stamps)
        if not good.any():
            start = self._last if math.isfinite(self._last) else 0.0
            return start + np.arange(1, len(stamps) + 1) / self._floor.rate_hz
        k = np.arange(len(stamps)) / self._floor.rate_hz
        ahead = np.interp(k, k[good], stamps[good] - k[good])
        return np.asarray(ahead + k, np.float64)

    def _learn_sender(self, first: F64Array) -> None:
        """Learn from its first stamps whether it has a clock, of which rate and which ticks."""
        if (loop := free_run(first, self._nominal)) is not None:
            self._usual_s, self._turn = loop.usual_s, loop.size
            return
        floor = self._floor
        if lattice_losses(first, self._nominal) is None:
            rate_hz = plain_rate(first, self._nominal)
            floor.set_rate(rate_hz, block_size(first, rate_hz), packet_size(first, rate_hz))
        if tick := tick_or_turn(first, floor.rate_hz):
            floor.set_ticks(tick, settled(first, floor.rate_hz, floor.size)[1])


def _steps(stamps: F64Array, before: float) -> F64Array:
    """Return the steps to stamps, shape (n,), the first from the stamp `before` them."""
    steps = np.empty_like(stamps)
    steps[0] = stamps[0] - before
    np.subtract(stamps[1:], stamps[:-1], out=steps[1:])
    return steps


def _silences(stamps: F64Array, steps: F64Array, usual_s: float, turn: int) -> list[LostSamples]:
    """Return what a sender without a clock left out while it was away, `steps` before stamps."""
    away = np.flatnonzero(steps > away_s(usual_s))
    lost = turn * (np.rint(steps[away] / usual_s).astype(np.int64) - 1)
    return [LostSamples(float(stamps[i]), n) for i, n in zip(away, lost.tolist(), strict=True)]
