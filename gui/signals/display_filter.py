"""Filters for the eye, never for what is recorded: causal, so that the newest sample is shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from devices.arrays import Array, F64Array
from gui.signals.channel_info import ChannelInfo

ELECTRICAL = ("EEG", "EOG", "EMG", "ECG")
"""Kinds that are filtered: a high-pass would take skin conductance away altogether."""
ORDER = 2
NOTCH_Q = 30.0
HARMONICS = 4


@dataclass(frozen=True, slots=True)
class FilterSettings:
    """What is shown of electrical signals; `reference`: "", "average", or a channel's label."""

    high_pass_hz: float | None = None
    low_pass_hz: float | None = None
    notch_hz: float | None = None
    reference: str = ""

    @property
    def is_plain(self) -> bool:
        """Whether nothing is changed."""
        return self == FilterSettings()


@cache
def design(settings: FilterSettings, rate_hz: float) -> F64Array | None:
    """Give second-order sections, shape (n, 6); None where nothing is to be filtered."""
    from scipy.signal import butter, iirnotch, tf2sos  # takes a second: not before it is needed

    nyquist, parts = rate_hz / 2, []
    if settings.high_pass_hz and settings.high_pass_hz < nyquist:
        parts.append(butter(ORDER, settings.high_pass_hz, "highpass", fs=rate_hz, output="sos"))
    if settings.low_pass_hz and settings.low_pass_hz < nyquist:
        parts.append(butter(ORDER, settings.low_pass_hz, "lowpass", fs=rate_hz, output="sos"))
    if settings.notch_hz:
        for number in range(1, HARMONICS + 1):
            if (at := number * settings.notch_hz) < nyquist * 0.95:
                parts.append(tf2sos(*iirnotch(at, NOTCH_Q, fs=rate_hz)))
    return np.concatenate(parts) if parts else None


class DisplayFilter:
    """Filters one stream, chunk by chunk."""

    def __init__(
        self, settings: FilterSettings, channels: Sequence[ChannelInfo], rate_hz: float
    ) -> None:
        self.settings = settings
        self._picks = np.array([c.index for c in channels if c.kind in ELECTRICAL], np.intp)
        self._eeg = np.array([c.index for c in channels if c.kind == "EEG"], np.intp)
        labels = {c.label: c.index for c in channels}
        self._reference = labels.get(settings.reference)
        self._sos = design(settings, rate_hz) if rate_hz else None
        self._state: F64Array | None = None

    def __call__(self, data: Array) -> F64Array:
        """Filter samples, shape (n, channels); what is no number stays so, and harms no other."""
        found = data.astype(np.float64)
        if not len(found):
            return found
        if len(self._eeg) and self.settings.reference == "average":
            found[:, self._eeg] -= _mean(found[:, self._eeg])
        elif len(self._eeg) and self._reference is not None:
            found[:, self._eeg] -= found[:, self._reference, None].copy()
        if self._sos is not None and len(self._picks):
            found[:, self._picks] = self._filtered(found[:, self._picks])
        return found

    def _filtered(self, part: F64Array) -> F64Array:
        from scipy.signal import sosfilt, sosfilt_zi

        assert self._sos is not None
        bad = ~np.isfinite(part)
        if bad.any():
            part = np.where(bad, 0.0, part)
        if self._state is None:
            # As if the first value had always been there: no swing at the start.
            self._state = sosfilt_zi(self._sos)[:, :, None] * part[0]
        result: F64Array
        result, self._state = sosfilt(self._sos, part, axis=0, zi=self._state)
        if bad.any():
            result[bad] = np.nan
        return result


def _mean(part: F64Array) -> F64Array:
    good = np.isfinite(part)
    count = np.maximum(good.sum(axis=1, keepdims=True), 1)
    mean: F64Array = np.where(good, part, 0.0).sum(axis=1, keepdims=True) / count
    return mean
