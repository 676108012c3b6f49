"""Even times for samples whose losses are known. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from recordings.arrays import F64Array, I64Array, quantile, some
from recordings.lateness.axis import Axis, Shifts, places, shifts
from recordings.lateness.blocks import block_size
from recordings.lateness.floor import (
    LEAST_S,
    block_levels,
    local_floor,
    phases,
    scatter,
    stiff_curve,
)
from recordings.lateness.packets import (
    is_queue,
    is_two_sided,
    last_of_packets,
    packet_ends,
    packet_size,
)
from recordings.lateness.ticks import settled
from recordings.stamps.residuals import NORMAL_99, lasting_error

_LASTING: Final = 10  # blocks
_NEAR: Final = 3  # blocks beside a gap
_WANDERED_S: Final = 5e-3  # no rate wanders by more in a gap


@dataclass(frozen=True, slots=True)
class Even:
    """Even times, the rate they go at, and how far off they may be (99 %)."""

    axis: Axis
    rate_hz: float
    error_s: float


@dataclass(frozen=True, slots=True)
class EvenAxis:
    """Times on an even pace: along a curve of one level a block of `size` samples, s.

    Losses move the numbers by `missing` periods; where nobody knows how many were lost, the times
    leap by `heights`, s.
    """

    count: int
    rate_hz: float
    size: int
    curve: F64Array
    missing: Shifts
    heights: Shifts
    offset_s: float = 0.0

    def __len__(self) -> int:
        return self.count

    def at(self, numbers: I64Array) -> F64Array:
        """See `Axis`."""
        times = self.phases(numbers)
        times += (numbers + self.missing.at(numbers)) / self.rate_hz
        times += self.offset_s
        return times

    def before(self, times: F64Array) -> I64Array:
        """See `Axis`."""
        return places(self, times)

    def phases(self, numbers: I64Array) -> F64Array:
        """Return the curve, leaps and all, at these samples, s."""
        curve = _spread(self.curve, self.size, numbers)
        return np.asarray(curve + self.heights.at(numbers), np.float64)


def even_times(
    stamps: F64Array, rate_hz: float, missing: Shifts, unsure: Sequence[int] = ()
) -> Even:
    """Return even times of at least 16 samples.

    `missing` is by how many periods losses have moved the samples after them;
    after the samples `unsure` it may be off by a few, and the stamps tell how far apart the two
    sides are. The
    floor is followed by a stiff curve, and put at the middle of the stamps where these scatter to
    both sides; at their lower edge where they were made on arrival.
    """
    size = block_size(stamps, rate_hz)
    rate_hz, beat_s = settled(stamps, rate_hz, size, missing)
    levels, block_s = block_levels(stamps, rate_hz, size, missing), size / rate_hz
    floor = local_floor(levels, block_s)
    blocks = [index // size + 1 for index in unsure if index // size + 1 < len(levels)]
    steps = [(block, _height(levels - floor, block)) for block in blocks]
    fitted = stiff_curve(levels, block_s, floor, steps)
    curve = fitted.levels
    above = levels - curve
    for (block, _), height in zip(steps, fitted.heights.tolist(), strict=True):
        above[block:] -= height
    low = above[above <= max(6 * scatter(above), 0.6 / rate_hz)]
    heights = fitted.heights.tolist()
    leaps = shifts(unsure[: len(heights)], heights)
    axis = EvenAxis(len(stamps), rate_hz, size, curve, missing, leaps)
    offset_s, offset_error_s = offset(stamps, axis)
    # Levels scatter by more than the curve takes them to: the least of few stamps is not normal.
    more = float(np.std(low)) / scatter(above) if len(low) else 1.0
    along = float(np.sqrt(np.mean(fitted.error_s**2)))
    error_s = NORMAL_99 * float(np.hypot(more * along, lasting_error(low, _LASTING)))
    error_s = max(error_s + offset_error_s + beat_s / 2, NORMAL_99 * LEAST_S)
    return Even(replace(axis, offset_s=offset_s), rate_hz, error_s)


def _height(above: F64Array, block: int) -> float:
    """Return by how much levels seem to leap before a block: where to begin from.

    What leaps by more than a rate wanders in a gap was late there.
    """
    before, after = above[max(block - _NEAR, 0) : block], above[block : block + _NEAR]
    height = float(np.median(after) - np.median(before))
    return height if abs(height) < _WANDERED_S else 0.0


def _spread(curve: F64Array, size: int, numbers: I64Array) -> F64Array:
    """Return the curve at samples; the lines of its ends go on beyond the middles of blocks."""
    if len(curve) < 2:
        return np.full(len(numbers), curve[0])
    middles = np.arange(len(curve)) * size + (size - 1) / 2
    x = numbers.astype(np.float64)
    out = np.interp(x, middles, curve)
    early, late = x < middles[0], x > middles[-1]
    out[early] = curve[0] + (x[early] - middles[0]) * (curve[1] - curve[0]) / size
    out[late] = curve[-1] + (x[late] - middles[-1]) * (curve[-1] - curve[-2]) / size
    return np.asarray(out, np.float64)


def offset(stamps: F64Array, axis: EvenAxis) -> tuple[float, float]:
    """Return where the stamps lie above the axis, and how far off that may be, s.

    Stamps that were made on arrival have an edge that few come near: it is the less known, the
    fewer lie close to it.
    """
    packet, pieces = packet_size(stamps, axis.rate_hz), list(some(len(stamps)))
    # Where packets follow each other a period apart, too, a backlog alone shows their ends.
    shown = packet * sum(len(packet_ends(stamps[part], axis.rate_hz)) for part in pieces)
    are_shown = 2 * shown > sum(part.stop - part.start for part in pieces)
    parts, steps = [], []
    for part in pieces:
        curve = axis.phases(np.arange(part.start, part.stop))
        above = phases(stamps, axis.rate_hz, part, axis.missing) - curve
        # Within a packet stamps are a nominal period apart, whatever the true one is.
        ends = packet_ends if packet > 1 and are_shown else last_of_packets
        parts.append(above[ends(stamps[part], axis.rate_hz)])
        steps.append(np.diff(stamps[part]))
    rest = np.sort(np.concatenate(parts))  # of what is in order, quantiles are there
    queued = is_queue(np.concatenate(steps), rest, packet / axis.rate_hz)
    if is_two_sided(rest) and not queued:
        return float(quantile(rest, 0.5)), NORMAL_99 * float(np.std(rest) / np.sqrt(len(rest)))
    edge, near, nearly = (quantile(rest, share) for share in (0.01, 0.05, 0.2))
    # In a queue hardly any has nobody before it: the edge is beyond what was seen.
    return float(edge), float(nearly - edge if queued else 0.75 * (near - edge))


def line(stamps: F64Array, numbers: I64Array | None = None) -> F64Array:
    """Return a few stamps on a least-squares line over their numbers."""
    if len(stamps) < 3:
        return stamps.copy()
    k = np.arange(len(stamps), dtype=np.float64) if numbers is None else numbers.astype(np.float64)
    k = k - k.mean()
    mean = float(stamps.mean())
    return np.asarray(mean + k * (np.dot(k, stamps - mean) / np.dot(k, k)))
