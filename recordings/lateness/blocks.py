"""The length of the blocks that a stream is looked at in. Pure."""

from __future__ import annotations

from typing import Final

import numpy as np

from recordings.arrays import F64Array
from recordings.lateness.floor import (
    LEAST_BLOCKS,
    RATE_OFF,
    block_levels,
    common_slope,
    local_floor,
    scatter,
    slope_of,
)
from recordings.lateness.packets import are_whole, packet_ends, packet_periods, packet_size

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
    strays = overall < _SLOWER * rate_hz and _strays(stamps, rate_hz)
    if found == rate_hz or strays:
        return rate_hz
    if found is None:  # too few samples: the mean is all there is
        found = overall
    # A backlog that is caught up goes faster for a while, and the whole does not; where samples are
    # lost by chance, the whole is slower, and most intervals are not.
    is_backlog = found > rate_hz and overall < 0.98 * found
    is_unlike = found < rate_hz and abs(found * usual / rate_hz - 1) > _UNLIKE
    # Packets that wait for the turns of a radio come whole periods apart, too.
    is_lossy = (
        is_unlike and are_whole(periods) and (packet_size(stamps, rate_hz) == 1 or strays is None)
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


def _strays(stamps: F64Array, rate_hz: float) -> bool | None:
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
