"""Power of EEG bands and differential entropy: SciPy's periodograms of whole seconds, averaged.

Seconds overlap by half and are tapered (Hann), each without its mean. A second in which a sample is
missing counts for nothing. No artefact is removed, and nothing is referenced anew.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from recordings.arrays import Array, F64Array

BANDS: Final[Mapping[str, tuple[float, float]]] = {
    "Delta": (1.0, 4.0),
    "Theta": (4.0, 8.0),
    "Alpha": (8.0, 13.0),
    "Beta": (13.0, 30.0),
    "Gamma": (30.0, 47.0),
}
"""Hz, the lower limit belonging to the band: those of the MMME corpus."""
SEGMENT_S: Final = 1.0
_AT_ONCE: Final = 16  # segments: a minute of 64 channels would take 60 MB


def band_powers(values: Array, rate_hz: float) -> F64Array:
    """Return the power in each band, shape (channels, bands), in the square of the values' unit.

    Args:
        values: shape (n, channels) at an even rate; NaN where there is no sample.
        rate_hz: of the samples.

    Returns:
        A sine of amplitude A within a band has A²/2. NaN where no whole second is there, and for
        bands above half the rate.
    """
    size = round(SEGMENT_S * rate_hz)
    count, channels = values.shape
    if size < 2 or count < size:
        return np.full((channels, len(BANDS)), np.nan)
    segments = sliding_window_view(values, size, axis=0)[:: max(size // 2, 1)]
    total, whole = np.zeros((channels, len(BANDS))), np.zeros(channels)
    for first in range(0, len(segments), _AT_ONCE):
        part = segments[first : first + _AT_ONCE].astype(np.float64)
        there = np.asarray(np.isfinite(part).all(axis=2))  # (segments, channels)
        powers = _of_segments(np.where(there[:, :, None], part, 0.0), rate_hz)
        total += (powers * there[:, :, None]).sum(axis=0)
        whole += there.sum(axis=0)
    mean = total / np.where(whole, whole, np.nan)[:, None]
    mean[:, [high > rate_hz / 2 for _, high in BANDS.values()]] = np.nan
    return np.asarray(mean, np.float64)


def _of_segments(segments: F64Array, rate_hz: float) -> F64Array:
    """Return band powers of segments, shape (segments, channels, samples)."""
    from scipy.signal import periodogram  # takes a second: not before it is needed

    frequencies, density = periodogram(segments, rate_hz, window="hann", detrend="constant")
    half = frequencies[1] / 2
    # A bin stands for what lies around it: at a limit, half of it belongs to either band.
    widths = [
        np.clip(np.minimum(frequencies + half, high) - np.maximum(frequencies - half, low), 0, None)
        for low, high in BANDS.values()
    ]
    return np.asarray(density @ np.stack(widths, axis=-1), np.float64)


def differential_entropy(powers: F64Array) -> F64Array:
    """Return the entropy of normal distributions of these variances, ½·ln(2πe·power), in nats.

    What the DEAP and SEED corpora call differential entropy of a band; of no power, NaN.
    """
    positive = np.where(powers > 0, powers, np.nan)
    return np.asarray(0.5 * np.log(2 * np.pi * np.e * positive), np.float64)
