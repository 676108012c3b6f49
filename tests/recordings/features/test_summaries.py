"""Columns of one window, by hand: what is in it, at its edges, before and after the event."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from recordings.arrays import F64Array
from recordings.features.physiology import Processed
from recordings.features.summaries import summary
from recordings.features.trace import Place

pytest.importorskip("neurokit2")

COUNT = 100
HZ = 10.0


def known(kind: str, missing: tuple[int, ...] = (), **found: Any) -> Processed:
    """A channel of 100 samples, of which some are missing; `signals`, `marks` and `values`."""
    away = np.isin(np.arange(COUNT), missing)
    quality = np.where(away, np.nan, 1.0)
    return Processed(kind, HZ, away, away.copy(), quality, **found)


def row_of(found: Processed, first: int, after: int, zero: int | None = None) -> dict[str, float]:
    """Of a window; `zero` is where an event lies in it, None for windows that are about none."""
    seconds = (np.arange(first, after) - first - (zero or 0)) / HZ
    return summary(found, Place(first, after, zero or 0), seconds, event=zero is not None)


RAMP: F64Array = np.arange(COUNT, dtype=np.float64)


@pytest.mark.parametrize(
    ("first", "after", "missing", "expected"),
    [
        (20, 40, 0.0, 29.5),
        (-10, 10, 0.5, 4.5),
        (90, 110, 0.5, 94.5),
        (-20, 0, 1.0, np.nan),
        (-20, -5, 1.0, np.nan),
        (100, 120, 1.0, np.nan),
        (40, 40, 1.0, np.nan),
        (50, 70, 0.2, np.mean([n for n in range(50, 70) if n not in (55, 56, 60, 61)])),
    ],
)
def test_what_lies_outside_or_is_missing_is_neither_counted_nor_told(
    first: int, after: int, missing: float, expected: float
) -> None:
    gone = (55, 56, 60, 61)
    values = np.where(np.isin(np.arange(COUNT), gone), np.nan, RAMP)
    row = row_of(known("SKT", gone, signals={"SKT": values}), first, after)
    assert row["SKT_Missing"] == pytest.approx(missing)
    assert row["SKT_Mean"] == pytest.approx(expected, nan_ok=True)
    slope = np.nan if np.isnan(expected) else HZ
    assert row["SKT_Slope"] == pytest.approx(slope, nan_ok=True)
    assert row["SKT_Quality"] == pytest.approx(slope / HZ, nan_ok=True)


def test_a_slope_needs_two_samples() -> None:
    found = known("SKT", signals={"SKT": RAMP})
    assert np.isnan(row_of(found, 7, 8)["SKT_Slope"])
    assert row_of(found, 7, 9)["SKT_Slope"] == pytest.approx(HZ)


def eda(phasic: F64Array = RAMP) -> Processed:
    return known(
        "EDA",
        signals={"EDA_Tonic": RAMP, "EDA_Phasic": phasic},
        marks={
            "SCR_Onsets": np.array([8.0, 25, 45, 75]),
            "SCR_Peaks": np.array([10.0, 30, 50, 80]),
        },
        values={
            "SCR_Amplitude": np.array([0.1, 0.2, 0.4, 0.8]),
            "SCR_RiseTime": np.array([1.0, 2.0, 3.0, 4.0]),
        },
    )


def test_responses_belong_to_the_window_of_their_peaks_the_first_sample_in_the_last_not() -> None:
    row = row_of(eda(), 10, 50)
    assert (row["SCR_Peaks_N"], row["SCR_Peaks_Amplitude_Mean"]) == pytest.approx((2.0, 0.15))
    assert row["EDA_Tonic_Mean"] == pytest.approx(29.5)
    assert row["EDA_Tonic_SD"] == pytest.approx(RAMP[10:50].std())
    assert row_of(eda(), 31, 50)["SCR_Peaks_N"] == 0.0
    unknown = known("EDA", signals=dict.fromkeys(("EDA_Tonic", "EDA_Phasic"), RAMP * np.nan))
    unknown.marks, unknown.values = eda().marks, eda().values
    assert np.isnan(row_of(unknown, 31, 50)["SCR_Peaks_N"]), "nothing was found: that is no 0"


@pytest.mark.parametrize(
    ("zero", "expected"),
    [
        (20, (0.2, 1.0, 2.0)),  # at 20: the one that begins at 25 and peaks at 30
        (25, (0.4, 2.5, 3.0)),  # one that has begun at the event is none after it
        (47, (0.8, 3.3, 4.0)),  # and so is one that has only its peak after it
        (76, None),
    ],
)
def test_the_response_to_an_event_is_the_first_that_begins_after_it(
    zero: int, expected: tuple[float, ...] | None
) -> None:
    row = row_of(eda(phasic=-np.abs(RAMP - 5)), 0, COUNT, zero)
    told = [row[f"SCR_{name}"] for name in ("Peak_Amplitude", "Peak_Amplitude_Time", "RiseTime")]
    assert row["EDA_SCR"] == float(expected is not None)
    assert told == pytest.approx(expected or (np.nan,) * 3, nan_ok=True)
    assert row["EDA_Peak_Amplitude"] == 0.0


def test_what_follows_an_event_is_told_from_its_value_there() -> None:
    signal = np.array([50.0, 90, 60, 64, 70, 58, np.nan, 62, 10])
    found = known("ECG", signals={"ECG_Rate": np.append(signal, np.full(COUNT - 9, np.nan))})
    row = row_of(found, 0, 8, 2)
    after = signal[[3, 4, 5, 7]]
    told = {name.removeprefix("ECG_Rate_"): value for name, value in row.items()}
    assert told["Baseline"] == 60.0
    assert (told["Mean"], told["SD"]) == pytest.approx((after.mean() - 60, after.std()))
    assert (told["Max"], told["Max_Time"]) == pytest.approx((10.0, 0.2))
    assert (told["Min"], told["Min_Time"]) == pytest.approx((-2.0, 0.3))
    early = row_of(found, -5, 8, 7)
    assert early == pytest.approx(row | {"ECG_Missing": 5 / 13})
    unknown = row_of(found, 6, 20, 4)
    assert np.isnan([v for name, v in unknown.items() if "Rate" in name]).all()


def test_breath_has_columns_of_three_signals() -> None:
    signals = {"RSP_Rate": RAMP, "RSP_Amplitude": 2 * RAMP, "RSP_RVT": 3 * RAMP}
    found = known("RSP", signals=signals)
    row = row_of(found, 10, 30)
    told = [row[name] for name in ("RSP_Rate_Mean", "RSP_Amplitude_Mean", "RSP_RVT")]
    assert told == pytest.approx([19.5, 39.0, 58.5])
    about = row_of(found, 10, 30, 5)
    assert [about[f"RSP_RVT_{name}"] for name in ("Baseline", "Mean")] == pytest.approx([45, 22.5])
    assert "RSP_RVT_Max" not in about
    assert about["RSP_Amplitude_Max"] == pytest.approx(28)


def test_a_muscle_after_an_event_is_told_without_what_was_before() -> None:
    signal = np.array([9.0, 8, 7, 1, 3, np.nan, 2])
    found = known("EMG", signals={"EMG_Amplitude": np.append(signal, np.full(COUNT - 7, np.nan))})
    row = row_of(found, 0, 7, 2)
    assert row["EMG_Amplitude_Mean"] == pytest.approx(2.0)
    assert (row["EMG_Amplitude_Max"], row["EMG_Amplitude_Max_Time"]) == pytest.approx((3.0, 0.2))
    silent = row_of(found, 20, 30, 2)
    assert np.isnan([v for name, v in silent.items() if "Amplitude" in name]).all()


@pytest.mark.parametrize(
    ("first", "after", "gap", "told"),
    [
        (0, 600, None, True),
        (0, 590, None, False),  # less than a minute
        (-1, 600, None, False),  # it begins before the recording
        (300, 901, None, False),
        (0, 600, 300, False),
        (0, 600, 700, True),
    ],
)
def test_variability_is_of_a_whole_minute(
    first: int, after: int, gap: int | None, told: bool
) -> None:
    peaks = np.cumsum(np.tile([9.0, 11.0], 45))
    away = np.arange(900) == gap
    found = Processed("ECG", HZ, away, away, np.ones(900), {"ECG_Rate": np.full(900, 60.0)})
    found.marks = {"ECG_R_Peaks": peaks}
    row = summary(found, Place(first, after, 0), np.zeros(after - first), event=False)
    found_ms = [row[name] for name in ("HRV_MeanNN", "HRV_RMSSD")]
    # Of the beats at 9, 20, 29…: intervals of 1.1 and 0.9 s.
    expected = [1000, 200] if told else [np.nan] * 2
    assert found_ms == pytest.approx(expected, rel=0.01, nan_ok=True)
