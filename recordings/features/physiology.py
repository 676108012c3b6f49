"""ECG, PPG, EDA, RSP, SKT and EMG by NeuroKit2, under its names.

A signal is processed stretch by stretch: nothing is carried across a gap. A rate is known between
two beats or breaths, and nowhere else; NaN stands where nothing is known.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from recordings.arrays import BoolArray, F64Array, runs
from recordings.errors import one_line
from recordings.extras import of_extra
from recordings.features.trace import bridged, suspect

KINDS: Final = ("ECG", "PPG", "EDA", "RSP", "SKT", "EMG")
SHORTEST_S: Final = 10.0
"""Of a stretch: the filters of slow signals need some seconds to settle."""
_FAR_OFF: Final = 0.1
"""A nominal rate that is off by more says nothing of how long a beat lasts."""


@dataclass
class Processed:
    """One channel on its grid.

    `signals` by NeuroKit's names, shape (n,) each, NaN where unknown; `marks` are positions on the
    grid (R peaks, SCR onsets…), ascending, and `values` what belongs to each of some marks.
    """

    kind: str
    true_hz: float  # samples a second by the recording computer's clock
    missing: BoolArray
    gaps: BoolArray  # missing, and not crossed
    quality: F64Array
    signals: dict[str, F64Array] = field(default_factory=dict)
    marks: dict[str, F64Array] = field(default_factory=dict)
    values: dict[str, F64Array] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


Found = tuple[dict[str, F64Array], dict[str, F64Array], dict[str, F64Array]]
"""Signals, marks and values of one stretch."""


def process(
    kind: str, values: F64Array, rate_hz: float, bridge_s: float, measured_hz: float | None = None
) -> Processed:
    """Process one channel.

    Args:
        kind: one of `KINDS`.
        values: shape (n,), in any unit; NaN where missing.
        rate_hz: the nominal rate.
        bridge_s: holes up to so long are crossed by a straight line for the filters.
        measured_hz: what the rate is by the recording computer's clock; rates are counted with it.

    Raises:
        RecordingError: NeuroKit2 is not installed.
    """
    true_hz = measured_hz or rate_hz
    if abs(true_hz / rate_hz - 1) > _FAR_OFF:
        rate_hz = float(max(round(true_hz), 1))
    missing = np.isnan(values)
    crossed = bridged(values, round(bridge_s * rate_hz))
    gaps = np.isnan(crossed)
    bad = suspect(values, rate_hz if kind != "SKT" else 0.0)  # at any rate a slow signal
    own = kind in _WITH_QUALITY
    quality = np.where(missing | own, np.nan, 1.0 - bad)
    found = Processed(kind, true_hz, missing, gaps, quality)
    if kind == "SKT":
        found.signals["SKT"] = values
        return found
    nk, pace = neurokit(), true_hz / rate_hz
    parts: list[tuple[int, Found]] = []
    for first, after in runs(~gaps):
        if after - first < SHORTEST_S * rate_hz:
            continue
        stretch, seconds = crossed[first:after], (after - first) / rate_hz
        if stretch.min() == stretch.max():  # of what is left of nothing, peaks would be found
            found.notes.append(f"{kind}: {seconds:.1f} s stand still: nothing is told of them")
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of what it cannot tell: that is NaN here
                part = _STEPS[kind](nk, stretch, _rate(rate_hz))
        except Exception as error:  # of noise: each function has its own
            found.notes.append(f"{kind}: {seconds:.1f} s cannot be processed ({one_line(error)})")
            continue
        parts.append((first, part))
    _join(found, parts, pace)
    found.quality[bad & np.isfinite(found.quality)] = 0.0  # NeuroKit's goes on where a lead is off
    return found


def neurokit() -> Any:
    """Return NeuroKit2.

    Raises:
        RecordingError: it is not installed.
    """
    with of_extra("features", "NeuroKit2"):
        import neurokit2
    return neurokit2


def _rate(rate_hz: float) -> float:
    """Return whole rates as int: some functions count samples with them."""
    return int(rate_hz) if rate_hz == int(rate_hz) else rate_hz


def _join(found: Processed, parts: list[tuple[int, Found]], pace: float) -> None:
    marks: dict[str, list[F64Array]] = {name: [] for name in MARKS.get(found.kind, ())}
    values: dict[str, list[F64Array]] = {name: [] for name in VALUES.get(found.kind, ())}
    for name in SIGNALS[found.kind]:
        found.signals[name] = np.full(len(found.missing), np.nan)
    for first, (signals, own, belonging) in parts:
        for name, signal in signals.items():
            faster = pace if name.endswith("_Rate") else 1.0
            where = found.quality if name.endswith("_Quality") else found.signals[name]
            where[first : first + len(signal)] = signal * faster
        for name, positions in own.items():
            marks[name].append(positions + first)
        for name, value in belonging.items():
            values[name].append(value / pace if name == "SCR_RiseTime" else value)
    found.quality[found.missing] = np.nan
    found.marks |= {name: np.concatenate([np.zeros(0), *p]) for name, p in marks.items()}
    found.values |= {name: np.concatenate([np.zeros(0), *v]) for name, v in values.items()}


SIGNALS: Final[Mapping[str, tuple[str, ...]]] = {
    "ECG": ("ECG_Rate",),
    "PPG": ("PPG_Rate",),
    "EDA": ("EDA_Tonic", "EDA_Phasic"),
    "RSP": ("RSP_Rate", "RSP_Amplitude", "RSP_RVT"),
    "SKT": ("SKT",),
    "EMG": ("EMG_Amplitude",),
}
_RVT_HZ: Final = 25.0
_WITH_QUALITY: Final = ("ECG", "PPG")
"""NeuroKit measures their quality where they neither stand still nor clip."""
MARKS: Final[Mapping[str, tuple[str, ...]]] = {
    "ECG": ("ECG_R_Peaks",),
    "PPG": ("PPG_Peaks",),
    "EDA": ("SCR_Onsets", "SCR_Peaks"),
    "RSP": ("RSP_Peaks",),
}
VALUES: Final[Mapping[str, tuple[str, ...]]] = {"EDA": ("SCR_Amplitude", "SCR_RiseTime")}


def _between(signal: Any, marks: F64Array) -> F64Array:
    """Return a signal as it is from the first mark to the last; before and after, NaN."""
    known = np.full(len(signal), np.nan)
    if len(marks) > 1:
        inside = slice(int(marks[0]), int(marks[-1]) + 1)
        known[inside] = np.asarray(signal, np.float64)[inside]
    return known


def _rate_between(nk: Any, marks: F64Array, rate: float, count: int) -> F64Array:
    if len(marks) < 3:
        return np.full(count, np.nan)
    return _between(nk.signal_rate(marks, sampling_rate=rate, desired_length=count), marks)


def _ecg(nk: Any, values: F64Array, rate: float) -> Found:
    clean = nk.ecg_clean(values, sampling_rate=rate)
    peaks = _positions(nk.ecg_peaks(clean, sampling_rate=rate)[1]["ECG_R_Peaks"])
    signals = {
        "ECG_Rate": _rate_between(nk, peaks, rate, len(values)),
        "ECG_Quality": np.asarray(nk.ecg_quality(clean, peaks, sampling_rate=rate), np.float64),
    }
    return signals, {"ECG_R_Peaks": peaks}, {}


def _ppg(nk: Any, values: F64Array, rate: float) -> Found:
    clean = nk.ppg_clean(values, sampling_rate=rate)
    peaks = _positions(nk.ppg_peaks(clean, sampling_rate=rate)[1]["PPG_Peaks"])
    signals = {
        "PPG_Rate": _rate_between(nk, peaks, rate, len(values)),
        # A correlation with the mean pulse.
        "PPG_Quality": np.clip(nk.ppg_quality(clean, peaks, sampling_rate=rate), 0.0, 1.0),
    }
    return signals, {"PPG_Peaks": peaks}, {}


def _eda(nk: Any, values: F64Array, rate: float) -> Found:
    parts = nk.eda_phasic(nk.eda_clean(values, sampling_rate=rate), sampling_rate=rate)
    signals = {name: np.asarray(parts[name], np.float64) for name in ("EDA_Tonic", "EDA_Phasic")}
    info = nk.eda_peaks(signals["EDA_Phasic"], sampling_rate=rate)[1]
    onsets, peaks = (np.asarray(info[name], np.float64) for name in ("SCR_Onsets", "SCR_Peaks"))
    whole = np.isfinite(onsets) & np.isfinite(peaks)  # one that begins before the stretch has none
    values_of = {name: np.asarray(info[name], np.float64)[whole] for name in VALUES["EDA"]}
    return signals, {"SCR_Onsets": onsets[whole], "SCR_Peaks": peaks[whole]}, values_of


def _rsp(nk: Any, values: F64Array, rate: float) -> Found:
    clean = nk.rsp_clean(values, sampling_rate=rate)
    info = nk.rsp_peaks(clean, sampling_rate=rate)[1]
    peaks, troughs = (_positions(info[name]) for name in ("RSP_Peaks", "RSP_Troughs"))
    amplitude = nk.rsp_amplitude(clean, info["RSP_Peaks"], info["RSP_Troughs"])
    signals = {
        "RSP_Rate": _rate_between(nk, troughs, rate, len(values)),
        "RSP_Amplitude": _between(amplitude, peaks),
        "RSP_RVT": _between(_volume_per_time(nk, clean, rate), peaks),
    }
    return signals, {"RSP_Peaks": peaks}, {}


def _volume_per_time(nk: Any, clean: F64Array, rate: float) -> F64Array:
    """Return NeuroKit's RVT by Harrison (2021), out of every n-th sample.

    Nothing is lost: what was cleaned has no frequencies above 3 Hz. NeuroKit's default (Power,
    2020) takes a millisecond a sample.
    """
    step = max(int(rate / _RVT_HZ), 1)
    some = np.arange(0, len(clean), step)
    found = nk.rsp_rvt(clean[some], sampling_rate=rate / step, method="harrison2021", silent=True)
    return np.interp(np.arange(len(clean)), some, np.asarray(found, np.float64))


def _emg(nk: Any, values: F64Array, rate: float) -> Found:
    amplitude = nk.emg_amplitude(nk.emg_clean(values, sampling_rate=rate))
    return {"EMG_Amplitude": np.asarray(amplitude, np.float64)}, {}, {}


def _positions(found: Any) -> F64Array:
    positions = np.asarray(found, np.float64)
    return positions[np.isfinite(positions)]


_STEPS: Final[Mapping[str, Callable[[Any, F64Array, float], Found]]] = {
    "ECG": _ecg,
    "PPG": _ppg,
    "EDA": _eda,
    "RSP": _rsp,
    "EMG": _emg,
}
