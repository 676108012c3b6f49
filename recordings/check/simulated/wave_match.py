"""Finding known shapes in signals, to a fraction of a sample.

The shapes are those that a simulated rig draws. They are written down here a second time on
purpose: a check that took them from the simulator would repeat its mistakes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from recordings.arrays import Array, F64Array

SEARCH_S: Final = 0.25  # how far from its true time an event is looked for
_LEAST_CORRELATION: Final = 0.7


@dataclass(frozen=True, slots=True)
class Wave:
    """A shape around an event at 0, and how far it reaches before and after, seconds."""

    at: Callable[[F64Array], F64Array]
    before_s: float
    after_s: float


def _hump(t: F64Array, rise_s: float, fall_s: float) -> F64Array:
    """A squared cosine that is 1 at 0, and 0 from `rise_s` before to `fall_s` after it."""
    x = np.clip(t / np.where(t < 0, rise_s, fall_s), -1, 1)
    return np.asarray(np.cos(0.5 * np.pi * x) ** 2)


def _bell(t: F64Array, center_s: float, sigma_s: float) -> F64Array:
    return np.asarray(np.exp(-0.5 * ((t - center_s) / sigma_s) ** 2))


def _qrs(t: F64Array) -> F64Array:
    return _bell(t, 0, 0.009) - 0.15 * (_bell(t, -0.03, 0.008) + _bell(t, 0.03, 0.008))


# Blink: eyes fully closed. Heartbeat: R peak. Pulse: systolic peak.
BLINK: Final = Wave(lambda t: _hump(t, 0.08, 0.16), 0.10, 0.20)
HEARTBEAT: Final = Wave(_qrs, 0.07, 0.07)
PULSE: Final = Wave(lambda t: _hump(t, 0.14, 0.35) + 0.15 * _bell(t, 0.33, 0.04), 0.16, 0.30)


def find_wave(
    stamps: F64Array, values: Array, event: float, wave: Wave, rate_hz: float
) -> float | None:
    """Return by how much later than `event` the wave lies in a signal, seconds; None if not found.

    `stamps` and `values` have shape (n,). The search covers ±0.25 s; the best place by correlation
    is refined by a least-squares fit of time, height, level and slope.
    """
    low, high = np.searchsorted(
        stamps, [event - SEARCH_S - wave.before_s, event + SEARCH_S + wave.after_s]
    )
    t = stamps[low:high] - event
    x = np.asarray(values[low:high], np.float64)
    grid = np.arange(-wave.before_s, wave.after_s, 1 / rate_hz)
    if len(t) <= len(grid) + 2:
        return None
    shape = wave.at(grid)
    match = np.correlate(x - x.mean(), shape - shape.mean(), "valid")
    shift = float(t[int(np.argmax(match))] - grid[0])
    for _ in range(4):
        step, correlation = _fit(t, x, shift, wave)
        shift += step
    return shift if correlation >= _LEAST_CORRELATION and abs(shift) <= SEARCH_S else None


def _fit(t: F64Array, x: F64Array, shift: float, wave: Wave) -> tuple[float, float]:
    """Return how far to move `shift`, and how well the moved wave correlates with the signal."""
    near = (t >= shift - wave.before_s) & (t <= shift + wave.after_s)
    t, x = t[near] - shift, x[near]
    if len(t) < 6:
        return 0.0, 0.0
    shape = wave.at(t)
    slope = (wave.at(t - 1e-4) - wave.at(t + 1e-4)) / 2e-4  # of a wave that comes later
    design = np.column_stack([shape, slope, np.ones_like(t), t])
    height, moved, *_ = np.linalg.lstsq(design, x, rcond=None)[0].tolist()
    if height <= 0 or x.std() == 0 or shape.std() == 0:
        return 0.0, 0.0
    correlation = float(np.corrcoef(shape, x)[0, 1])
    return float(np.clip(moved / height, -0.02, 0.02)), correlation
