"""The shapes of the simulated signals, written down so that a checker can rebuild them.

With dt = t − event time in seconds, cos² meaning cos²(π·dt / 2w) for |dt| < w and 0 beyond:

======  ==============================================================================
blink   cos² with w = 0.08 for dt < 0 and w = 0.16 for dt ≥ 0; peak 1 at dt = 0
ECG     G(dt, 0, 0.009) − 0.15·[G(dt, −0.030, 0.008) + G(dt, 0.030, 0.008)]
        + 0.12·G(dt, −0.16, 0.025) + 0.28·G(dt, 0.26, 0.045); R peak at dt = 0
PPG     cos² with w = 0.14 for dt < 0 and w = 0.35 for dt ≥ 0, + 0.15·G(dt, 0.33, 0.04);
        systolic peak 1 at dt = 0, dt counted from the event `pulse`
SCR     2.5·(exp(−u/4) − exp(−u/0.7)) for u = dt − 1.5 > 0, after each stimulus onset
======  ==============================================================================

with G(dt, m, s) = exp(−(dt − m)² / 2s²). Q and S are mirror images, so that neither pulls the R
peak off its event. Peaks of blink and PPG are flat: time them by matching the whole shape, which
uses the flanks, rather than by the largest sample.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from devices.arrays import F64Array
from devices.simulation.world import Kind, Movement, World

BLINK_SPAN_S = (0.08, 0.16)  # before and after the event
ECG_SPAN_S = (0.25, 0.45)
PPG_SPAN_S = (0.14, 0.50)
SCR_SPAN_S = (0.0, 25.0)


def _gauss(dt: F64Array, mean: float, width: float) -> F64Array:
    return np.exp(-0.5 * ((dt - mean) / width) ** 2)


def hump(dt: F64Array, before: float, after: float) -> F64Array:
    """Return cos² from −`before` to `after` seconds, 1 at 0."""
    x = np.abs(dt) / np.where(dt < 0, before, after)
    return np.where(x < 1, np.cos(0.5 * np.pi * np.minimum(x, 1)) ** 2, 0.0)


def blink_wave(dt: F64Array) -> F64Array:
    """Return the blink's deflection, also the share of the eye that the lid covers, 0…1."""
    return hump(dt, *BLINK_SPAN_S)


def ecg_wave(dt: F64Array) -> F64Array:
    """Return one beat of an ECG, R peak of 1 at dt = 0."""
    q_and_s = _gauss(dt, -0.030, 0.008) + _gauss(dt, 0.030, 0.008)
    p_and_t = 0.12 * _gauss(dt, -0.16, 0.025) + 0.28 * _gauss(dt, 0.26, 0.045)
    return _gauss(dt, 0.0, 0.009) - 0.15 * q_and_s + p_and_t


def ppg_wave(dt: F64Array) -> F64Array:
    """Return one pulse of a PPG, systolic peak of 1 at dt = 0, dicrotic wave after it."""
    return hump(dt, 0.14, 0.35) + 0.15 * _gauss(dt, 0.33, 0.04)


def scr_wave(dt: F64Array) -> F64Array:
    """Return one skin conductance response of about 1 at its peak, which starts 1.5 s late."""
    u = np.maximum(dt - 1.5, 0.0)
    return 2.5 * (np.exp(-u / 4.0) - np.exp(-u / 0.7))


def train(
    world: World,
    kind: Kind,
    wave: Callable[[F64Array], F64Array],
    span_s: tuple[float, float],
    times: F64Array,
) -> F64Array:
    """Return the sum of `wave` around every event of a kind, at ascending `times`, shape (n,)."""
    before, after = span_s
    total = np.zeros(len(times))
    for event in world.times(kind, times[0] - after, times[-1] + before):
        a, b = np.searchsorted(times, (event - before, event + after))
        total[a:b] += wave(times[a:b] - event)
    return total


def breathing(world: World, times: F64Array) -> F64Array:
    """Return the depth of breath, 0 at the event `breath` and 1 in full inspiration."""
    starts = world.times("breath", times[0] - 10.0, times[-1] + 10.0)
    i = np.searchsorted(starts, times, side="right") - 1
    phase = (times - starts[i]) / (starts[i + 1] - starts[i])
    return np.sin(np.pi * phase**0.8) ** 2


def movement_wave(movements: Iterable[Movement], times: F64Array) -> F64Array:
    """Return how far the face has moved, 0…1: up from onset to apex, down to offset, smooth."""
    total = np.zeros(len(times))
    for m in movements:
        a, b = np.searchsorted(times, (m.onset, m.offset))
        total[a:b] += m.intensity * hump(times[a:b] - m.apex, m.apex - m.onset, m.offset - m.apex)
    return total
