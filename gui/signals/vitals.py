"""Heart rate, respiration rate and levels, as they stand beside the traces.

For the eye of whoever records: plain methods, named, and nothing where they are not sure. SciPy is
imported by the first that needs it: it would keep the window waiting for a second.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from devices.arrays import F64Array
from gui.texts import tr

MIN_BEATS = 4
MAX_SPREAD = 0.35
"""Intervals that differ by more than this share of their median are no rhythm."""


@dataclass(frozen=True, slots=True)
class Method:
    """How a figure is made of a signal."""

    seconds: float  # how much of it is looked at
    text: Callable[[], str]  # in the language of the window, which is known later
    read: Callable[[F64Array, float, str], str | None]  # samples (n,), rate, unit → what is shown


def _band(signal: F64Array, rate_hz: float, low: float, high: float) -> F64Array:
    from scipy.signal import butter, sosfiltfilt

    sos = butter(2, (low, min(high, rate_hz * 0.45)), "bandpass", fs=rate_hz, output="sos")
    found: F64Array = sosfiltfilt(sos, signal)
    return found


def _rate(peaks: F64Array, rate_hz: float) -> float | None:
    """Give the rate per minute of peaks, shape (n,), in samples; None where there is no rhythm."""
    intervals = np.diff(peaks) / rate_hz
    if len(intervals) < MIN_BEATS - 1:
        return None
    middle = float(np.median(intervals))
    if np.median(np.abs(intervals - middle)) > MAX_SPREAD * middle:
        return None
    return 60.0 / middle


def heart_rate_ecg(signal: F64Array, rate_hz: float) -> float | None:
    """Find R peaks where the squared slope of 5 to 20 Hz is high; per minute."""
    if rate_hz < 50:
        return None
    from scipy.ndimage import uniform_filter1d
    from scipy.signal import find_peaks

    slope = np.diff(_band(signal, rate_hz, 5.0, 20.0)) ** 2
    energy = uniform_filter1d(slope, max(1, round(0.12 * rate_hz)))
    height = 0.25 * float(np.percentile(energy, 99))
    if height <= 0:
        return None
    peaks, _ = find_peaks(energy, height=height, distance=max(1, round(0.3 * rate_hz)))
    return _rate(peaks.astype(np.float64), rate_hz)


def heart_rate_ppg(signal: F64Array, rate_hz: float) -> float | None:
    """Find pulse waves in 0.5 to 4 Hz; per minute."""
    if rate_hz < 10:
        return None
    return _waves(signal, rate_hz, 0.5, 4.0, 0.35)


def respiration_rate(signal: F64Array, rate_hz: float) -> float | None:
    """Find breaths in 0.1 to 0.7 Hz; per minute."""
    if rate_hz < 2:
        return None
    step = max(1, int(rate_hz // 25))  # slow: every 40 ms is enough, and filters well
    return _waves(signal[::step], rate_hz / step, 0.1, 0.7, 1.2)


def _waves(
    signal: F64Array, rate_hz: float, low: float, high: float, apart_s: float
) -> float | None:
    from scipy.signal import find_peaks

    band = _band(signal - np.median(signal), rate_hz, low, high)
    swing = float(np.percentile(band, 95) - np.percentile(band, 5))
    if swing <= 0:
        return None
    apart = max(1, round(apart_s * rate_hz))
    peaks, _ = find_peaks(band, prominence=0.35 * swing, distance=apart)
    return _rate(peaks.astype(np.float64), rate_hz)


def _per_minute(
    method: Callable[[F64Array, float], float | None],
) -> Callable[[F64Array, float, str], str | None]:
    def read(signal: F64Array, rate_hz: float, unit: str) -> str | None:
        if not np.isfinite(signal).all() or len(signal) < 5 * rate_hz:
            return None
        found = method(signal, rate_hz)
        return None if found is None else f"{found:.0f} /min"

    return read


def _level(signal: F64Array, rate_hz: float, unit: str) -> str | None:
    good = signal[np.isfinite(signal)]
    level = round(float(good.mean()), 2) + 0.0 if len(good) else None  # none is "-0.00"
    return None if level is None else f"{level:.2f} {unit}"


METHODS: dict[str, Method] = {
    "ECG": Method(
        10.0,
        lambda: tr("heart rate: R peaks by the squared slope of 5–20 Hz, median interval of 10 s"),
        _per_minute(heart_rate_ecg),
    ),
    "PPG": Method(
        10.0,
        lambda: tr("heart rate: pulse waves in 0.5–4 Hz, median interval of 10 s"),
        _per_minute(heart_rate_ppg),
    ),
    "RSP": Method(
        40.0,
        lambda: tr("respiration rate: breaths in 0.1–0.7 Hz, median interval of 40 s"),
        _per_minute(respiration_rate),
    ),
    "EDA": Method(1.0, lambda: tr("skin conductance level: mean of 1 s"), _level),
    "SKT": Method(1.0, lambda: tr("skin temperature: mean of 1 s"), _level),
}
