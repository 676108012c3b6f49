"""Whether a channel is worth recording: flat, clipped, or full of mains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from devices.arrays import Array, F64Array
from gui.signals.channel_info import ChannelInfo
from gui.texts import tr

FLAT = {"µV": 0.2, "mV": 2e-4}
"""A peak-to-peak below this is no signal."""
CLIPPED_SHARE = 0.05
"""So much of the time at the very same extreme is no signal either."""
MAINS_SHARE = 0.5
MAINS_BAND_HZ = 1.0
LOWEST_HZ, HIGHEST_HZ = 1.0, 120.0
_EXEMPT = ("Trigger",)
_SLOW = ("SKT", "EDA", "RSP", "PPG")


def troubles(
    data: Array, channels: Sequence[ChannelInfo], rate_hz: float, mains_hz: float
) -> dict[int, str]:
    """Name what is wrong, by channel number.

    Args:
        data: the last seconds, shape (n, channels), of these channels.
        channels: the same, in the same order.
        rate_hz: the nominal rate.
        mains_hz: 50 or 60.
    """
    if len(data) < 16:
        return {}
    values = data.astype(np.float64)
    good = np.isfinite(values)
    absent = np.count_nonzero(good, axis=0) == 0
    values = np.where(good, values, 0.0)
    low, high = values.min(axis=0), values.max(axis=0)
    stuck = np.maximum((values == low).mean(axis=0), (values == high).mean(axis=0))
    mains = _mains_share(values, rate_hz, mains_hz)
    found = {}
    for number, channel in enumerate(channels):
        if channel.kind in _EXEMPT:
            continue
        if absent[number]:
            found[channel.index] = tr("no data")
        elif high[number] - low[number] <= FLAT.get(channel.unit, 0.0):
            found[channel.index] = tr("flat")
        elif stuck[number] > CLIPPED_SHARE:
            found[channel.index] = tr("clipped")
        elif channel.kind not in _SLOW and mains[number] > MAINS_SHARE:
            found[channel.index] = tr("mains")
    return found


def _mains_share(values: F64Array, rate_hz: float, mains_hz: float) -> F64Array:
    if rate_hz < 2.2 * mains_hz:
        return np.zeros(values.shape[1])
    window = np.hanning(len(values))[:, None]
    power = np.abs(np.fft.rfft((values - values.mean(axis=0)) * window, axis=0)) ** 2
    hz = np.fft.rfftfreq(len(values), 1 / rate_hz)
    inside = (hz >= LOWEST_HZ) & (hz <= min(HIGHEST_HZ, rate_hz / 2))
    near = np.abs(hz - mains_hz) <= MAINS_BAND_HZ
    share: F64Array = power[near].sum(axis=0) / np.maximum(power[inside].sum(axis=0), 1e-300)
    return share
