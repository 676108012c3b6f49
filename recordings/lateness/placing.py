"""Where losses lie: the samples behind which the steps of a floor begin. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import F64Array, I64Array
from recordings.lateness.blocks import View
from recordings.lateness.steps import LATEST_S, Step

_CHAINED: Final = 3  # blocks
_TOUCH: Final = 3  # further samples of a block that are on a level: it is reached
_UNDER: Final = 1.0  # periods: no sample is so much too early


@dataclass(frozen=True, slots=True)
class Found:
    """`count` samples, give or take `error`, are missing after the sample `index`.

    `doubtful` samples around it may lie on either side: they were late, and stamps of a backlog do
    not tell where in it something is missing. `is_open`: so many would be missing if what is late
    at the end never came.
    """

    index: int
    count: int
    error: float
    doubtful: int = 0
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Placing:
    """Puts steps where their samples are missing.

    `curve` is the floor without any loss, a level a block, s; it is known to `noise` periods. Where
    a step is put, `base` is by how many periods all the losses before have lifted it.
    """

    view: View
    curve: F64Array
    noise: float

    def rest(self, first: int, after: int) -> F64Array:
        """See `View.above`: of the samples `first` to before `after`, above the curve."""
        return self.view.above(self.curve, first, after)

    def found(self, index: int, doubtful: int, rise: float) -> tuple[Found, float]:
        """Return a loss after a sample, and by how many periods it moves those after it."""
        count = self.view.samples_of(rise, self.noise)
        error = abs(rise - count) + 2 * self.noise
        return Found(index, count, error, doubtful), self.view.real(rise, self.noise)

    def places(self, steps: Sequence[Step]) -> Iterator[tuple[Found, float]]:
        """Yield what `found` returns of each place at which samples of these steps are missing."""
        base = 0.0
        for chain in _chains(steps):
            for found, real in self._of_chain(chain, base):
                yield found, real
                base += real

    def _of_chain(self, chain: Sequence[Step], base: float) -> Iterator[tuple[Found, float]]:
        if single := self._packet_by_packet(chain):
            yield from single
            return
        for step in chain:
            found, real = self.found(*self.place(step, base), step.rise)
            yield found, real
            base += real

    def _packet_by_packet(self, chain: Sequence[Step]) -> list[tuple[Found, float]]:
        """Return the places at which packets lack one after another; none where they do not.

        Over such blocks the floor rises: each lacks behind the last sample that is below the level
        to which its loss has lifted all that follow.
        """
        view, rise = self.view, sum(step.rise for step in chain)
        packets = round(rise / view.unit) if view.unit > 1 and view.centre is None else 0
        total = packets * view.unit
        if packets < 2 or (len(chain) == 1 and not view.fits(rise, total, self.noise)):
            return []
        first = max(chain[0].block - 1, 0) * view.size
        inside = self.rest(first, (chain[-1].block + 2) * view.size)
        least_ahead = np.minimum.accumulate(inside[::-1])[::-1]
        level = float(least_ahead[0])  # what was there before: none is earlier
        levels = level + view.unit * (np.arange(packets) + 0.5)
        lows, sizes = np.unique(np.searchsorted(least_ahead, levels), return_counts=True)
        error = (abs(rise - total) + 2 * self.noise) / len(lows)
        places = []
        for low, size in zip((lows - 1).tolist(), (sizes * view.unit).tolist(), strict=True):
            level += size
            late = inside[low + 1 :] > level + view.unit / 2
            doubtful = int(np.argmin(np.append(late, False)))  # late, or before the loss
            index = min(max(first + low, 0), len(view.stamps) - 2)
            places.append((Found(index, size, error, doubtful), float(size)))
        return places if len(places) > 1 else []

    def place(self, step: Step, base: float) -> tuple[int, int]:
        """Return the sample after which a loss lies, and how many may lie on either side of it.

        It is put at the longest interval within its step: between the last sample of the level
        before and the first of the new one.
        """
        view, noise = self.view, self.noise
        reach = int(np.ceil(LATEST_S / view.block_s))
        first = (step.block - 1) * view.size
        level = base + step.rise + (view.centre or 0.0)
        if view.centre is not None:  # where the sum of squares is least
            around = self.rest(first, (step.block + 2) * view.size) - (level - step.rise / 2)
            limit = step.rise / 2 + 0.5
            low = first + int(np.argmin(np.cumsum(np.clip(around, -limit, limit))))
        else:
            inside = self.rest(first, (step.block + 1) * view.size)
            under = np.flatnonzero(inside < level - min(step.rise / 2, max(_UNDER, 6 * noise)))
            low = first + (int(under[-1]) if len(under) else 0)
        ahead = self.rest(low + 1, (step.block + reach) * view.size)
        touching = np.flatnonzero(ahead < level + max(0.5, 2 * noise))
        high = low + 1 + _first_settled(touching, view.size)
        longest = np.diff(view.stamps[low : high + 1])
        is_at_low = view.centre is not None or not len(longest)
        index = low if is_at_low else low + int(np.argmax(longest))
        doubtful = high - low - 1
        if view.unit > 1 and view.samples_of(step.rise, noise) % view.unit == 0:
            doubtful -= doubtful % view.unit  # what comes as one packet stands on one side
        return min(index, len(view.stamps) - 2), doubtful


def _chains(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """Yield steps together that follow one another: where packets lack again and again."""
    chain: list[Step] = []
    for step in steps:
        if chain and step.block - chain[-1].block > _CHAINED:
            yield chain
            chain = []
        chain.append(step)
    if chain:
        yield chain


def _first_settled(touching: I64Array, size: int) -> int:
    """Return the first sample on a level from which on several in a block of `size` touch it.

    A single one may be as late as the loss is long, before it.
    """
    settled = np.flatnonzero(touching[_TOUCH:] - touching[:-_TOUCH] < size)
    first = touching[settled[:1]] if len(settled) else touching[:1]
    return int(first[0]) if len(first) else 0
