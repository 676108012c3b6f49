"""Even times for samples whose losses are known. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import F64Array, I64Array
from recordings.lateness.blocks import block_size
from recordings.lateness.floor import block_levels, local_floor, scatter, slope_of, stiff_curve
from recordings.lateness.packets import is_queue, is_two_sided, last_of_packets
from recordings.residuals import NORMAL_99, lasting_error

_LASTING: Final = 10  # blocks


@dataclass(frozen=True, slots=True)
class Even:
    """Even times, shape (n,), the rate they go at, and how far off they may be (99 %)."""

    times: F64Array
    rate_hz: float
    error_s: float


def even_times(
    stamps: F64Array, rate_hz: float, missing: F64Array, unsure: Sequence[int] = ()
) -> Even:
    """Return even times of at least 16 samples.

    `missing`, shape (n,), is by how many periods the losses before each sample have moved it;
    after the samples `unsure` it may be off by a few, and the stamps tell how far apart the two
    sides are. The
    floor is followed by a stiff curve, and put at the middle of the stamps where these scatter to
    both sides; at their lower edge where they were made on arrival.
    """
    numbers = np.arange(len(stamps)) + missing
    size = block_size(stamps, rate_hz)
    for _ in range(2):  # the second time what the first has left
        phases = stamps - numbers / rate_hz
        levels = block_levels(phases, size)
        rate_hz /= 1 + slope_of(levels, size / rate_hz)
    phases = stamps - numbers / rate_hz
    levels, block_s = block_levels(phases, size), size / rate_hz
    steps = [(index // size + 1, 0.0) for index in unsure if index // size + 1 < len(levels)]
    fitted = stiff_curve(levels, block_s, local_floor(levels, block_s), steps)
    curve = fitted.levels
    above = levels - curve
    for (block, _), height in zip(steps, fitted.heights.tolist(), strict=True):
        above[block:] -= height
    low = above[above <= max(6 * scatter(above), 0.6 / rate_hz)]
    even = _spread(curve, size, len(stamps))
    for index, height in zip(unsure, fitted.heights.tolist(), strict=False):
        even[index + 1 :] += height
    phases -= even
    even += numbers / rate_hz
    offset, offset_error_s = _offset(phases, stamps, rate_hz)
    even += offset
    # Levels scatter by more than the curve takes them to: the least of few stamps is not normal.
    more = float(np.std(low)) / scatter(above) if len(low) else 1.0
    along = float(np.sqrt(np.mean(fitted.error_s**2)))
    error_s = NORMAL_99 * float(np.hypot(more * along, lasting_error(low, _LASTING)))
    return Even(even, rate_hz, error_s + offset_error_s)


def _spread(curve: F64Array, size: int, count: int) -> F64Array:
    """Return the curve at each sample; the lines of its ends go on beyond the middles of blocks."""
    if len(curve) < 2:
        return np.full(count, curve[0])
    middles = np.arange(len(curve)) * size + (size - 1) / 2
    x = np.arange(count, dtype=np.float64)
    out = np.interp(x, middles, curve)
    early, late = x < middles[0], x > middles[-1]
    out[early] = curve[0] + (x[early] - middles[0]) * (curve[1] - curve[0]) / size
    out[late] = curve[-1] + (x[late] - middles[-1]) * (curve[-1] - curve[-2]) / size
    return np.asarray(out, np.float64)


def _offset(phases: F64Array, stamps: F64Array, rate_hz: float) -> tuple[float, float]:
    """Return where the stamps lie above the curve, and how far off that may be, s.

    Stamps that were made on arrival have an edge that few come near: it is the less known, the
    fewer lie close to it.
    """
    rest = phases[last_of_packets(stamps, rate_hz)]
    queued = is_queue(stamps, rest)
    if is_two_sided(rest) and not queued:
        return float(np.median(rest)), NORMAL_99 * float(np.std(rest) / np.sqrt(len(rest)))
    edge, near, nearly = np.quantile(rest, [0.01, 0.05, 0.2])
    # In a queue hardly any has nobody before it: the edge is beyond what was seen.
    return float(edge), float(nearly - edge if queued else (near - edge) / 2)


def line(stamps: F64Array, numbers: I64Array | None = None) -> F64Array:
    """Return a few stamps on a least-squares line over their numbers."""
    if len(stamps) < 3:
        return stamps.copy()
    k = np.arange(len(stamps), dtype=np.float64) if numbers is None else numbers.astype(np.float64)
    k = k - k.mean()
    mean = float(stamps.mean())
    return np.asarray(mean + k * (np.dot(k, stamps - mean) / np.dot(k, k)))
