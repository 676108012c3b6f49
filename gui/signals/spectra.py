"""Welch spectra and band power."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from devices.arrays import Array, F64Array

BANDS: dict[str, tuple[float, float]] = {
    "δ": (1.0, 4.0),
    "θ": (4.0, 8.0),
    "α": (8.0, 13.0),
    "β": (13.0, 30.0),
    "γ": (30.0, 47.0),
}
SEGMENT_S = 2.0
SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Spectrum:
    """Power densities; `power` in unit²/Hz, shape (frequencies, channels)."""

    hz: F64Array
    power: F64Array
    labels: tuple[str, ...]
    unit: str

    def band_power(self, band: str) -> F64Array:
        """Give the power in a band, unit², for each channel."""
        low, high = BANDS[band]
        inside = (self.hz >= low) & (self.hz < high)
        if not inside.any():
            return np.zeros(self.power.shape[1])
        found: F64Array = self.power[inside].sum(axis=0) * float(self.hz[1] - self.hz[0])
        return found


def spectrum(data: Array, rate_hz: float, labels: tuple[str, ...], unit: str) -> Spectrum | None:
    """Make a spectrum: Hann windows of 2 s that overlap by half; None where there is too little."""
    length = round(SEGMENT_S * rate_hz)
    if len(data) < length or length < 8:
        return None
    from scipy.signal import welch  # takes a second: not before it is needed

    values = np.where(np.isfinite(data), data, 0.0)
    hz, power = welch(values, rate_hz, "hann", length, detrend="constant", axis=0)
    return Spectrum(hz, power, labels, unit)
