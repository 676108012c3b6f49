"""The blocks that a stream is looked at in: how long they are, and what they show. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import F64Array, quantile, some, spans
from recordings.lateness.floor import (
    LEAST_BLOCKS,
    RATE_OFF,
    block_levels,
    common_slope,
    local_floor,
    phases,
    scatter,
    slope_of,
)
from recordings.lateness.packets import (
    are_whole,
    is_two_sided,
    last_of_packets,
    packet_ends,
    packet_periods,
    packet_size,
)
from recordings.lateness.steps import LATEST_S, NEAR_S, SEEN_S, Sight
from recordings.lateness.ticks import settled

_BLOCKS_S: Final = (1.0, 3.0, 10.0)
_COARSE: Final = 3.0  # periods: a floor that scatters more is looked at in longer blocks
_ENOUGH: Final = 30  # blocks
_LEAST: Final = 1e-3  # a period is at least so much of the nominal one
_NEARLY: Final = 0.03
_UNLIKE: Final = 0.1  # a mean interval and the usual one differ by less where nothing is missing
_SLOWER: Final = 0.93
_PARTS: Final = 256  # of a stream, or…
_NEARER: Final = 4  # …so many packets, and 16 times as many: sums of what is lost by chance are…
_FAR: Final = 16
_STRAY: Final = 2.0  # …4 times as uneven
_TELLING: Final = 10  # blocks: fewer do not tell that the nominal rate is wrong
_SEEN_BLOCKS: Final = 3  # show a level: one of few packets may well be late as a whole
_STILL: Final = 0.25  # periods: levels that scatter by less, and rise by a packet, are surer
_LEAST_RISE: Final = 0.6  # periods: a smaller step is no sample
_FITS: Final = 0.3  # periods: a rise is so near to whole samples, or packets
_SHORT: Final = 25  # blocks: below, the rate of uneven stamps is not known
_EVEN: Final = 0.25
_BEATS: Final = 1.2  # beats of a coarse clock


@dataclass(frozen=True, slots=True)
class View:
    """Stamps as the search for losses sees them."""

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
            threshold=max(_LEAST_RISE, 4 * noise, _BEATS * self.beat),
            cone=max(wander, unknown) * self.size,
            reach=int(np.ceil(LATEST_S / self.block_s)),
            near=max(int(np.ceil(NEAR_S / self.block_s)), 3),
            enough=1 if self.is_even else max(blocks, _SEEN_BLOCKS),
            packet=0.9 * self.unit if self.unit > 1 and noise < _STILL else np.inf,
            enough_of_packet=1 if self.is_even else blocks,
        )

    def fits(self, rise: float, count: float, noise: float) -> bool:
        """Say whether a rise may be so many periods."""
        return abs(rise - count) < max(_FITS, 3 * noise)

    def samples_of(self, rise: float, noise: float) -> int:
        """Round a rise to samples; to whole packets where that fits."""
        count = max(round(rise / self.unit), 1) * self.unit
        is_packets = self.unit > 1 and self.fits(rise, count, noise)
        return count if is_packets else max(round(rise), 1)

    def real(self, rise: float, noise: float) -> float:
        """Return the rise in whole samples where it fits, else as it is: the pace follows it."""
        count = self.samples_of(rise, noise)
        return count if self.fits(rise, count, noise) else rise

    def above(self, curve: F64Array, first: int, after: int) -> F64Array:
        """Return by how many periods samples `first` to before `after` stand above a curve.

        It has a level a block. Shape (n,), as far as there are samples.
        """
        where = slice(first, min(after, len(self.stamps)))
        middles = np.arange(len(curve)) * self.size + self.size / 2
        rest = phases(self.stamps, self.rate_hz, where)
        rest -= np.interp(np.arange(where.start, where.stop), middles, curve)
        rest *= self.rate_hz
        return rest


def view_of(stamps: F64Array, rate_hz: float) -> View:
    """See at least 16 stamps, of about this rate, in blocks."""
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
    return View(stamps, rate, size, unit, is_even, centre, levels, local, beat_s * rate)


def _share_of_even(stamps: F64Array, rate_hz: float) -> float:
    even = 0
    for part in spans(len(stamps) - 1):
        periods = np.diff(stamps[part.start : part.stop + 1]) * rate_hz
        even += int(np.count_nonzero(np.abs(periods - 1) < _EVEN))
    return even / (len(stamps) - 1)


def block_size(stamps: F64Array, rate_hz: float) -> int:
    """Return the samples of a block: whole packets, at least 1 s, 4 packets and 8 samples.

    Blocks of 3 or 10 s are taken where the floor scatters by more than 3 periods in shorter ones.
    """
    unit = packet_size(stamps, rate_hz)
    sizes = [_whole_packets(seconds * rate_hz, unit) for seconds in _BLOCKS_S]
    best, least = sizes[0], np.inf
    for size in sizes:
        levels, block_s = block_levels(stamps, rate_hz, size), size / rate_hz
        if len(levels) < _ENOUGH:
            break
        noise = scatter(levels - local_floor(levels, block_s, slope_of(levels, block_s)))
        if noise < least:
            best, least = size, noise
        if noise * rate_hz < _COARSE:
            break
    return best


def plain_rate(stamps: F64Array, rate_hz: float) -> float:
    """Return the nominal rate, or the one that the stamps keep where the nominal is far off."""
    periods = packet_periods(stamps, rate_hz)
    usual = float(np.median(periods))  # what is in a few of them leaves it alone: losses
    if abs(usual - 1) < RATE_OFF:
        return rate_hz
    overall = (len(stamps) - 1) / float(stamps[-1] - stamps[0]) if stamps[-1] > stamps[0] else 0.0
    found = _kept_rate(stamps, rate_hz, usual)
    is_lacking = overall < _SLOWER * rate_hz and strays(stamps, rate_hz)
    if found == rate_hz or is_lacking:
        return rate_hz
    if found is None:  # too few samples: the mean is all there is
        found = overall
    # A backlog that is caught up goes faster for a while, and the whole does not; where samples are
    # lost by chance, the whole is slower, and most intervals are not.
    is_backlog = found > rate_hz and overall < 0.98 * found
    is_unlike = found < rate_hz and abs(found * usual / rate_hz - 1) > _UNLIKE
    # Packets that wait for the turns of a radio come whole periods apart, too.
    is_lossy = (
        is_unlike
        and are_whole(periods)
        and (packet_size(stamps, rate_hz) == 1 or is_lacking is None)
    )
    if is_backlog or is_lossy:
        return rate_hz
    return overall if abs(overall / found - 1) < _NEARLY else found  # of few, it is surer


def _kept_rate(stamps: F64Array, rate_hz: float, usual: float) -> float | None:
    """Return the rate that blocks of samples agree on; None: they do not.

    Blocks begin with a true second, or as many as tell how far they agree, and get longer: those
    of few samples that scatter do not agree on anything.
    """
    samples = min(_BLOCKS_S[0] * rate_hz / max(usual, 1e-9), len(stamps) / _TELLING)
    size = _whole_packets(samples, packet_size(stamps, rate_hz))
    while len(levels := block_levels(stamps, rate_hz, size)) >= LEAST_BLOCKS:
        if (slope := common_slope(levels, size / rate_hz)) is not None:
            is_nominal = abs(slope) <= RATE_OFF
            return rate_hz if is_nominal else rate_hz / max(1 + slope, _LEAST)
        size *= 2
    return None


def strays(stamps: F64Array, rate_hz: float) -> bool | None:
    """Say whether packets stray from any even pace, the further the more of them; None: too few.

    Those that keep a pace, late or not, are back on it again and again; one that is lost moves all
    that follow. Half of the stretches may hold a stall or a single loss: the others tell.
    """
    size = packet_size(stamps, rate_hz)
    ends = packet_ends(stamps, rate_hz) if size > 1 else np.arange(len(stamps))
    near = max(
        len(ends) // _PARTS, _NEARER
    )  # packets that wait for each other are alike for a while
    if len(ends) < _FAR * near * _NEARER:
        return None
    sample_s = float(stamps[ends[-1]] - stamps[ends[0]]) / float(ends[-1] - ends[0])
    rest = stamps[ends] - sample_s * ends
    nearer, far = (_middle_half(rest[k:] - rest[:-k]) for k in (near, _FAR * near))
    return far > _STRAY * max(nearer, size * sample_s)


def _middle_half(values: F64Array) -> float:
    return float(np.quantile(values, 0.75) - np.quantile(values, 0.25))


def _whole_packets(samples: float, unit: int) -> int:
    least = max(int(np.ceil(samples)), 8, 4 * unit)
    return -(-least // unit) * unit
