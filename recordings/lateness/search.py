"""The search for losses where lateness is caught up: the floor of the phase. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from recordings.arrays import F64Array, I64Array
from recordings.lateness.axis import Shifts, shifts
from recordings.lateness.blocks import block_size
from recordings.lateness.floor import block_levels, local_floor, phases, scatter, stiff_curve
from recordings.lateness.packets import is_two_sided, last_of_packets, packet_size
from recordings.lateness.quantiles import quantile
from recordings.lateness.steps import Sight, Step, find_steps
from recordings.lateness.ticks import settled
from recordings.pieces import some, spans

LATEST_S: Final = 120.0
"""Nothing is later than this: what stays away longer is away."""
NEAR_S: Final = 10.0
SEEN_S: Final = 3.0
"""A level must be seen for so long, before anything is said of it…"""
SEEN_BLOCKS: Final = 3
"""…and in so many blocks: where few packets are in a block, one may well be late as a whole."""
_STILL: Final = 0.25  # periods: levels that scatter by less, and rise by a packet, are surer
_LEAST: Final = 0.6  # periods: a smaller step is no sample
_FITS: Final = 0.3  # periods: a rise is so near to whole samples, or packets
_CHAINED: Final = 3  # blocks
_TURNS: Final = 8
_SHORT: Final = 25  # blocks: below, the rate of uneven stamps is not known
_EVEN: Final = 0.25
_TOUCH: Final = 3  # further samples of a block that are on a level: it is reached
_SILENT_S: Final = 0.5
_FEW: Final = 4  # samples
_BEATS: Final = 1.2  # beats of a coarse clock
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
class Search:
    """What is lost, the rate, and how many periods the losses move the samples after them.

    Where packets lack so often that no floor is known to one of them, times are `unsure_s` off.
    """

    places: tuple[Found, ...]
    rate_hz: float
    missing: Shifts
    unsure_s: float


@dataclass(frozen=True, slots=True)
class _View:
    """Stamps as the search sees them."""

    stamps: F64Array
    rate_hz: float
    size: int  # samples a block
    unit: int  # samples a packet
    is_even: bool  # 99 % of the intervals are nearly a period
    centre: float | None  # of stamps that are early as often as late: periods above the level
    levels: F64Array  # s, one a block
    local: F64Array  # the local floor under them
    beat: float  # by which the floor leaps without a loss, periods

    @property
    def block_s(self) -> float:
        """How long a block is."""
        return self.size / self.rate_hz

    def sight(self, noise: float, turn: int) -> Sight:
        """Say how well steps can be told, with a floor that scatters by `noise` periods."""
        wander = 20e-6 if turn else 60e-6
        unknown = 0.0 if self.is_even or len(self.levels) >= _SHORT else 5e-3
        blocks = max(round(SEEN_S / self.block_s), 1)
        return Sight(
            threshold=max(_LEAST, 4 * noise, _BEATS * self.beat),
            cone=max(wander, unknown) * self.size,
            reach=int(np.ceil(LATEST_S / self.block_s)),
            near=max(int(np.ceil(NEAR_S / self.block_s)), 3),
            enough=1 if self.is_even else max(blocks, SEEN_BLOCKS),
            packet=0.9 * self.unit if self.unit > 1 and noise < _STILL else np.inf,
            enough_of_packet=1 if self.is_even else blocks,
        )

    def samples_of(self, rise: float, noise: float) -> int:
        """Round a rise to samples; to whole packets where that fits."""
        count = max(round(rise / self.unit), 1) * self.unit
        fits = abs(rise - count) < max(_FITS, 3 * noise)
        return count if self.unit > 1 and fits else max(round(rise), 1)


def search(stamps: F64Array, rate_hz: float) -> Search:
    """Find the losses in at least 16 stamps; `rate_hz` is nominal."""
    view = _view(stamps, rate_hz)
    steps, last, noise = _settled_steps(view)
    rest = _Rest(view, _curve(view, _lifts(view, steps, noise)))
    places, moved, base = [], [], 0.0
    for chain in _chains(steps):
        for place, real in list(_places(view, rest, chain, base, noise)):
            places.append(place)
            moved.append(real)
            base += real
    if last is not None:
        index, doubtful = _place(view, rest, last, base, noise)
        rise = _seen_rise(view, rest.of(index + 1, len(stamps)) - base, noise)
        if rise is None:
            places.append(Found(index, max(round(last.rise), 1), last.rise, is_open=True))
        else:
            count = view.samples_of(rise, noise)
            places.append(Found(index, count, abs(rise - count) + 2 * noise, doubtful))
            moved.append(_real(view, rise, noise))
    elif (late := _late_tail(view, rest, base)) is not None:
        places.append(late)
    missing = shifts([place.index for place in places[: len(moved)]], moved)
    unsure_s = 2 * noise / view.rate_hz if 1 < view.unit < noise else 0.0
    return Search(tuple(places), view.rate_hz, missing, unsure_s)


def _seen_rise(view: _View, after: F64Array, noise: float) -> float | None:
    """Return by how many periods all samples behind the last step are higher; None: still open.

    `after` are their phases above the level before. Blocks begin anew right behind the step: those
    that the whole stream is cut into may leave nearly two of them out, at the step and at the end.
    """
    if view.centre is not None or view.is_even:
        return None
    sight = view.sight(noise, 1)
    blocks = after[: len(after) // view.size * view.size].reshape(-1, view.size).min(axis=1)
    rise = float(blocks.min(initial=np.inf))
    enough = sight.enough_of_packet if rise > sight.packet else sight.enough
    is_level = np.count_nonzero(blocks < rise + sight.threshold) >= enough
    return rise if is_level and rise > sight.threshold else None


def _late_tail(view: _View, rest: _Rest, base: float) -> Found | None:
    """Find a silence from which on all is late, where no whole block lies behind it.

    The first block behind it may hold a sample of before, and what is left at the end is none.
    """
    first = max(len(view.levels) - 2, 0) * view.size
    silences = np.diff(view.stamps[first:])
    index = first + int(np.argmax(silences))
    rise = float(np.min(rest.of(index + 1, len(view.stamps)))) - base
    if min(float(silences.max()), rise / view.rate_hz) < max(_SILENT_S, _FEW / view.rate_hz):
        return None
    return Found(index, round(rise), rise, is_open=True)


@dataclass(frozen=True, slots=True)
class _Rest:
    """By how many periods samples stand above a curve that has a level a block."""

    view: _View
    curve: F64Array

    def of(self, first: int, after: int) -> F64Array:
        """Return it of the samples `first` to before `after`, as far as there are some."""
        view = self.view
        where = slice(first, min(after, len(view.stamps)))
        middles = np.arange(len(self.curve)) * view.size + view.size / 2
        rest = phases(view.stamps, view.rate_hz, where)
        rest -= np.interp(np.arange(where.start, where.stop), middles, self.curve)
        rest *= view.rate_hz
        return rest


def _view(stamps: F64Array, rate_hz: float) -> _View:
    size = block_size(stamps, rate_hz)
    rate, beat_s = settled(stamps, rate_hz, size)
    levels = block_levels(stamps, rate, size)
    is_even = _share_of_even(stamps, rate) > 0.99
    local = local_floor(levels, size / rate)
    unit = packet_size(stamps, rate_hz)
    parts = []
    for part in some(min(len(levels) * size, len(stamps))):
        above = phases(stamps, rate, part) - levels[np.arange(part.start, part.stop) // size]
        parts.append(above[last_of_packets(stamps[part], rate)])
    rest = np.sort(np.concatenate(parts))
    centre = float(quantile(rest, 0.5)) * rate if is_two_sided(rest) else None
    return _View(stamps, rate, size, unit, is_even, centre, levels, local, beat_s * rate)


def _share_of_even(stamps: F64Array, rate_hz: float) -> float:
    even = 0
    for part in spans(len(stamps) - 1):
        periods = np.diff(stamps[part.start : part.stop + 1]) * rate_hz
        even += int(np.count_nonzero(np.abs(periods - 1) < _EVEN))
    return even / (len(stamps) - 1)


def _settled_steps(view: _View) -> tuple[list[Step], Step | None, float]:
    """Find steps above the curve, lay the curve without them, and again until they stay."""
    curve = view.local
    noise = scatter(view.levels - curve) * view.rate_hz
    seen: list[tuple[int, int]] | None = None
    steps: list[Step] = []
    last: Step | None = None
    for turn in range(_TURNS):
        above = (view.levels - curve) * view.rate_hz
        steps, last = find_steps(above, view.sight(noise, turn))
        steps = _heightened(view, steps)
        lifts = _lifts(view, steps, noise)
        now = [(step.block, view.samples_of(step.rise, noise)) for step in steps]
        if turn and now == seen:
            break
        seen = now
        curve = _curve(view, lifts)
        noise = scatter(view.levels - lifts - curve) * view.rate_hz
    return steps, last, noise


def _curve(view: _View, lifts: F64Array) -> F64Array:
    return stiff_curve(view.levels - lifts, view.block_s, view.local).levels


def _heightened(view: _View, steps: Sequence[Step]) -> list[Step]:
    """Return the steps with heights that the levels on both sides tell together."""
    if not steps:
        return []
    first = [(step.block, step.rise / view.rate_hz) for step in steps]
    heights = stiff_curve(view.levels, view.block_s, view.local, first).heights * view.rate_hz
    return [
        replace(step, rise=height) if height > 0 else step
        for step, height in zip(steps, heights.tolist(), strict=True)
    ]


def _lifts(view: _View, steps: Sequence[Step], noise: float) -> F64Array:
    """Return by how much the losses lift each block, s."""
    lifts = np.zeros(len(view.levels))
    for step in steps:
        lifts[step.block :] += _real(view, step.rise, noise) / view.rate_hz
    return lifts


def _real(view: _View, rise: float, noise: float) -> float:
    """Return the rise in whole samples where it fits, else as it is: the pace follows it."""
    count = view.samples_of(rise, noise)
    return count if abs(rise - count) < max(_FITS, 3 * noise) else rise


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


def _places(
    view: _View, rest: _Rest, chain: Sequence[Step], base: float, noise: float
) -> Iterator[tuple[Found, float]]:
    """Yield where the samples of steps are missing, and by how many periods that moves the others.

    Where packets lack one after another, the floor rises over blocks: each lacks behind the last
    sample that is below the level to which its loss has lifted all that follow.
    """
    rise = sum(step.rise for step in chain)
    packets = round(rise / view.unit) if view.unit > 1 and view.centre is None else 0
    if len(chain) == 1 and abs(rise - packets * view.unit) > max(_FITS, 3 * noise):
        packets = 0
    if packets > 1:
        first = max(chain[0].block - 1, 0) * view.size
        inside = rest.of(first, (chain[-1].block + 2) * view.size)
        least_ahead = np.minimum.accumulate(inside[::-1])[::-1]
        level = float(least_ahead[0])  # what was there before: none is earlier
        levels = level + view.unit * (np.arange(packets) + 0.5)
        lows, sizes = np.unique(np.searchsorted(least_ahead, levels), return_counts=True)
        if len(lows) > 1:
            error = (abs(rise - packets * view.unit) + 2 * noise) / len(lows)
            for low, size in zip((lows - 1).tolist(), (sizes * view.unit).tolist(), strict=True):
                level += size
                late = inside[low + 1 :] > level + view.unit / 2
                doubtful = int(np.argmin(np.append(late, False)))  # late, or before the loss
                index = min(max(first + low, 0), len(view.stamps) - 2)
                yield Found(index, size, error, doubtful), float(size)
            return
    for step in chain:
        index, doubtful = _place(view, rest, step, base, noise)
        count, real = view.samples_of(step.rise, noise), _real(view, step.rise, noise)
        yield Found(index, count, abs(step.rise - count) + 2 * noise, doubtful), real
        base += real


def _place(view: _View, rest: _Rest, step: Step, base: float, noise: float) -> tuple[int, int]:
    """Return the sample after which a loss lies, and how many may lie on either side of it.

    It is put at the longest interval within its step.

    That is between the last sample of the level before and the first of the new one; `rest` is the
    phase above the curve, periods, and `base` what all the losses before have lifted it by.
    """
    count = len(view.stamps)
    reach = int(np.ceil(LATEST_S / view.block_s))
    first = (step.block - 1) * view.size
    level = base + step.rise + (view.centre or 0.0)
    if view.centre is not None:  # where the sum of squares is least
        around = rest.of(first, (step.block + 2) * view.size) - (level - step.rise / 2)
        limit = step.rise / 2 + 0.5
        low = first + int(np.argmin(np.cumsum(np.clip(around, -limit, limit))))
    else:
        inside = rest.of(first, (step.block + 1) * view.size)
        under = np.flatnonzero(inside < level - min(step.rise / 2, max(_UNDER, 6 * noise)))
        low = first + (int(under[-1]) if len(under) else 0)
    ahead = rest.of(low + 1, (step.block + reach) * view.size)
    high = low + 1 + _first_settled(np.flatnonzero(ahead < level + max(0.5, 2 * noise)), view.size)
    longest = np.diff(view.stamps[low : high + 1])
    index = low if view.centre is not None or not len(longest) else low + int(np.argmax(longest))
    doubtful = high - low - 1
    if view.unit > 1 and view.samples_of(step.rise, noise) % view.unit == 0:
        doubtful -= doubtful % view.unit  # what comes as one packet stands on one side
    return min(index, count - 2), doubtful


def _first_settled(touching: I64Array, size: int) -> int:
    """Return the first sample on a level from which on several in a block of `size` touch it.

    A single one may be as late as the loss is long, before it.
    """
    settled = np.flatnonzero(touching[_TOUCH:] - touching[:-_TOUCH] < size)
    first = touching[settled[:1]] if len(settled) else touching[:1]
    return int(first[0]) if len(first) else 0
