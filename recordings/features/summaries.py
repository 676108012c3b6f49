"""One row out of a processed channel: NeuroKit2's columns for intervals and for events.

What NeuroKit calls interval-related is for windows and trials; what it calls event-related, with
the value at the event as the baseline that is taken off the others, is for events.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from recordings.arrays import F64Array
from recordings.features.physiology import Processed, neurokit
from recordings.features.trace import Place

HRV_SHORTEST_S: Final = 60.0
"""Below it no variability of the heart rate is told: too few beats."""
_HRV: Final = ("HRV_MeanNN", "HRV_SDNN", "HRV_RMSSD")

Row = dict[str, float]


class Cut:
    """A channel within one window; positions outside of the grid are missing."""

    def __init__(self, found: Processed, place: Place) -> None:
        self.found, self.place = found, place
        self._inside = slice(max(place.first, 0), max(place.after, 0))

    def signal(self, name: str) -> F64Array:
        """Return a signal from the window's start on, shape (n,), NaN outside of the grid."""
        return self._padded(self.found.signals[name])

    @property
    def quality(self) -> float:
        """Mean quality of the samples that are there, 0 to 1; NaN where none is."""
        return mean(self.found.quality[self._inside])

    @property
    def missing(self) -> float:
        """Share of the window's samples that are missing."""
        there = np.count_nonzero(~self.found.missing[self._inside])
        return float(1.0 - there / len(self.place)) if len(self.place) else 1.0

    @property
    def has_gap(self) -> bool:
        """Whether something is missing that was not crossed."""
        outside = self.place.first < 0 or self.place.after > len(self.found.gaps)
        return outside or bool(self.found.gaps[self._inside].any())

    @property
    def is_known(self) -> bool:
        """Whether anything was found here: else nothing may be counted as none."""
        return any(np.isfinite(s[self._inside]).any() for s in self.found.signals.values())

    def marks(self, name: str) -> F64Array:
        """Return the marks in the window, samples from its start, shape (k,)."""
        return np.asarray(self.found.marks[name][self._has(name)] - self.place.first)

    def of_peaks(self, name: str) -> F64Array:
        """Return what belongs to the SCR peaks in the window, shape (k,); an onset as `marks`."""
        peaks = self._has("SCR_Peaks")
        if name in self.found.marks:
            return np.asarray(self.found.marks[name][peaks] - self.place.first)
        return np.asarray(self.found.values[name][peaks])

    def _has(self, name: str) -> Any:
        marks = self.found.marks[name]
        return (marks >= self.place.first) & (marks < self.place.after)

    def _padded(self, values: F64Array) -> F64Array:
        out = np.full(len(self.place), np.nan)
        part = values[self._inside]
        begin = self._inside.start - self.place.first
        out[begin : begin + len(part)] = part
        return out


def summary(found: Processed, place: Place, seconds: F64Array, *, event: bool) -> Row:
    """Return the columns of one channel for one window.

    Args:
        found: the channel.
        place: of the window.
        seconds: of each of its samples, from the window's zero; shape (n,).
        event: whether event-related columns are wanted.
    """
    cut = Cut(found, place)
    row = _EVENT[found.kind](cut, seconds) if event else _INTERVAL[found.kind](cut, seconds)
    return row | {f"{found.kind}_Quality": cut.quality, f"{found.kind}_Missing": cut.missing}


def mean(values: F64Array) -> float:
    """Return the mean of what is known; NaN where nothing is."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def _ecg(cut: Cut, seconds: F64Array) -> Row:
    return {"ECG_Rate_Mean": mean(cut.signal("ECG_Rate"))} | _variability(cut)


def _variability(cut: Cut) -> Row:
    peaks = cut.marks("ECG_R_Peaks")
    rate_hz = cut.found.true_hz
    # A beat that was lost in a gap would make one interval of two.
    if len(cut.place) < HRV_SHORTEST_S * rate_hz * 0.999 or cut.has_gap or len(peaks) < 3:
        return dict.fromkeys(_HRV, np.nan)
    table = neurokit().hrv_time(peaks.astype(np.int64), sampling_rate=rate_hz)
    return {name: float(table[name].iloc[0]) for name in _HRV}


def _ppg(cut: Cut, seconds: F64Array) -> Row:
    return {"PPG_Rate_Mean": mean(cut.signal("PPG_Rate"))}


def _eda(cut: Cut, seconds: F64Array) -> Row:
    tonic = cut.signal("EDA_Tonic")
    known = tonic[np.isfinite(tonic)]
    return {
        "EDA_Tonic_Mean": mean(tonic),
        "EDA_Tonic_SD": float(known.std()) if len(known) else np.nan,
        "SCR_Peaks_N": float(len(cut.marks("SCR_Peaks"))) if cut.is_known else np.nan,
        "SCR_Peaks_Amplitude_Mean": mean(cut.of_peaks("SCR_Amplitude")),
    }


def _rsp(cut: Cut, seconds: F64Array) -> Row:
    names = ("RSP_Rate", "RSP_Amplitude")
    means = {f"{name}_Mean": mean(cut.signal(name)) for name in names}
    return means | {"RSP_RVT": mean(cut.signal("RSP_RVT"))}


def _skt(cut: Cut, seconds: F64Array) -> Row:
    values = cut.signal("SKT")
    there = np.isfinite(values)
    slope = np.nan
    if np.count_nonzero(there) > 1:
        slope = float(np.polyfit(seconds[there], values[there], 1)[0])
    return {"SKT_Mean": mean(values), "SKT_Slope": slope}


def _emg(cut: Cut, seconds: F64Array) -> Row:
    return {"EMG_Amplitude_Mean": mean(cut.signal("EMG_Amplitude"))}


_ABOUT_EVENT: Final = ("Baseline", "Mean", "SD", "Max", "Max_Time", "Min", "Min_Time")


def _about_event(cut: Cut, name: str, seconds: F64Array, told: Sequence[str] = _ABOUT_EVENT) -> Row:
    """Return what a signal does after the event, from its value at the event."""
    signal = cut.signal(name)
    zero = cut.place.zero
    baseline = float(signal[zero]) if 0 <= zero < len(signal) else np.nan
    after = np.arange(len(signal)) > zero
    there = after & np.isfinite(signal)
    row = dict.fromkeys(_ABOUT_EVENT, np.nan)
    row["Baseline"] = baseline
    if there.any():
        values, at = signal[there], seconds[there]
        high, low = int(values.argmax()), int(values.argmin())
        found = [values.mean() - baseline, values.std(), values[high] - baseline, at[high]]
        found += [values[low] - baseline, at[low]]
        row |= {what: float(v) for what, v in zip(_ABOUT_EVENT[1:], found, strict=True)}
    return {f"{name}_{what}": row[what] for what in told}


def _eda_event(cut: Cut, seconds: F64Array) -> Row:
    phasic = cut.signal("EDA_Phasic")
    peaks, zero = cut.marks("SCR_Peaks"), cut.place.zero
    later = (cut.of_peaks("SCR_Onsets") > zero) & (peaks > zero)
    row = {
        "EDA_Peak_Amplitude": float(np.nanmax(phasic)) if cut.is_known else np.nan,
        "EDA_SCR": float(later.any()) if cut.is_known else np.nan,
        "SCR_Peak_Amplitude": np.nan,
        "SCR_Peak_Amplitude_Time": np.nan,
        "SCR_RiseTime": np.nan,
    }
    if later.any():
        first = int(np.argmax(later))
        row["SCR_Peak_Amplitude"] = float(cut.of_peaks("SCR_Amplitude")[first])
        row["SCR_Peak_Amplitude_Time"] = float(seconds[int(peaks[first])])
        row["SCR_RiseTime"] = float(cut.of_peaks("SCR_RiseTime")[first])
    return row


def _emg_event(cut: Cut, seconds: F64Array) -> Row:
    after = np.where(np.arange(len(cut.place)) > cut.place.zero, cut.signal("EMG_Amplitude"), -1.0)
    row = {"EMG_Amplitude_Mean": mean(cut.signal("EMG_Amplitude")[after >= 0])}
    known = bool((after >= 0).any())
    row["EMG_Amplitude_Max"] = float(np.nanmax(after)) if known else np.nan
    row["EMG_Amplitude_Max_Time"] = float(seconds[int(np.nanargmax(after))]) if known else np.nan
    return row


_Columns = Callable[[Cut, F64Array], Row]
_INTERVAL: Final[Mapping[str, _Columns]] = {
    "ECG": _ecg,
    "PPG": _ppg,
    "EDA": _eda,
    "RSP": _rsp,
    "SKT": _skt,
    "EMG": _emg,
}
_EVENT: Final[Mapping[str, _Columns]] = {
    "ECG": lambda cut, seconds: _about_event(cut, "ECG_Rate", seconds),
    "PPG": lambda cut, seconds: _about_event(cut, "PPG_Rate", seconds),
    "RSP": lambda cut, seconds: (
        _about_event(cut, "RSP_Rate", seconds)
        | _about_event(cut, "RSP_Amplitude", seconds)
        | _about_event(cut, "RSP_RVT", seconds, ("Baseline", "Mean"))
    ),
    "EDA": _eda_event,
    "SKT": _skt,
    "EMG": _emg_event,
}
