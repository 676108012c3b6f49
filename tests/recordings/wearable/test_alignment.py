"""Where a wearable's times lie on the session's clock, and how sure that is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.arrays import F64Array
from recordings.errors import RecordingError
from recordings.manifest_entries import ClockPair
from recordings.wearable.alignment import CLOCK_ERROR_S, Line, by_clock, by_events, error_over

UNIX, LSL = 1_700_000_000.0, 5000.0
PAIRS = (
    ClockPair(utc="2023-11-14T22:13:20.000000Z", lsl=LSL),
    ClockPair(utc="2023-11-14T23:13:20.250000Z", lsl=LSL + 3600),
)
CLOCK = by_clock(PAIRS)


def happenings(count: int, seed: int = 1) -> F64Array:
    """LSL times that are as uneven as trials are."""
    return LSL + 10 + np.cumsum(np.random.default_rng(seed).uniform(2.0, 9.0, count))


def stored(times: F64Array, off_s: float, ppm: float) -> F64Array:
    """What a wearable's clock says of LSL times."""
    said: F64Array = UNIX + off_s + (times - LSL) * (1 + 1e-6 * ppm)
    return said


def test_the_clock_is_what_the_manifest_says() -> None:
    at = np.array([UNIX + 100.0])
    assert (at + CLOCK.offsets(at)).tolist() == pytest.approx([LSL + 100.0])


def test_a_wall_clock_that_was_set_meanwhile_is_in_the_error() -> None:
    assert CLOCK.error_s == pytest.approx(CLOCK_ERROR_S + 0.25, abs=1e-6)


def test_without_a_clock_there_is_a_remedy() -> None:
    with pytest.raises(RecordingError, match="align by events"):
        by_clock(())


@settings(deadline=None, max_examples=40)
@given(
    st.floats(-100, 100), st.floats(-90, 90), st.integers(10, 60), st.integers(0, 99), st.booleans()
)
def test_offset_and_drift_are_found(
    off_s: float, ppm: float, count: int, seed: int, some_missing: bool
) -> None:
    markers = happenings(count, seed)
    seen = np.delete(markers, slice(2, None, 5)) if some_missing else markers
    rng = np.random.default_rng(seed)
    events = stored(seen, off_s, ppm) + rng.uniform(-2e-3, 2e-3, len(seen))
    line = by_events(events, markers, CLOCK, 120.0)
    assert line.events >= len(seen) - 1
    assert line.residual_s is not None
    assert line.residual_s < 6e-3
    mapped = events + line.offsets(events)
    assert np.abs(mapped - seen).max() < 6e-3


def test_two_events_tell_no_drift_and_the_error_says_so() -> None:
    markers = LSL + np.array([10.0, 110.0])
    events = stored(markers, 1.0, 50.0)
    line = by_events(events, markers, CLOCK, 120.0)
    assert line.slope == 0
    long_after = np.array([events[0], events[-1] + 3600])
    assert error_over(line, long_after, events[0], events[-1]) > 0.3


def test_even_markers_fit_at_many_offsets() -> None:
    markers: F64Array = np.linspace(LSL, LSL + 38, 20)
    with pytest.raises(RecordingError, match="agree as well at"):
        by_events(stored(markers[3:9], 0.3, 0), markers, CLOCK, 120.0)


def test_other_happenings_are_refused() -> None:
    with pytest.raises(RecordingError, match="no marker lies within 5 s"):
        by_events(stored(happenings(5), 60.0, 0), happenings(5)[:1], CLOCK, 5.0)
    lonely = LSL + np.array([10.0, 500.0])
    with pytest.raises(RecordingError, match="same happenings"):
        by_events(stored(lonely, 0, 0), LSL + np.array([20.0, 90.0]), CLOCK, 60.0)


@pytest.mark.parametrize("seed", range(5))
def test_a_few_that_meet_by_chance_are_no_alignment(seed: int) -> None:
    """Their clocks are farther apart than it looks; 6 of 31 were told to be exact to 6 ms."""
    markers = happenings(60, seed)
    with pytest.raises(RecordingError, match=r"may be chance|agree as well at"):
        by_events(stored(markers[20:50], 40.0, 20.0), markers, CLOCK, 10.0)
    line = by_events(stored(markers[20:50], 40.0, 20.0), markers, CLOCK, 60.0)
    assert line.events == 30


def test_more_pairs_than_memory_is_for_are_refused() -> None:
    many = np.linspace(0.0, 1.0, 3000)
    with pytest.raises(RecordingError, match="9,000,000 pairs"):
        by_events(many, many, Line("clock", 0.0, 0.0, 0.0, 1.0), 10.0)


@pytest.mark.parametrize("seed", range(20))
def test_events_among_frequent_markers_are_found_where_they_meet_exactly(seed: int) -> None:
    """At many offsets each event is near some marker; only at one it is on it."""
    rng = np.random.default_rng(seed)
    markers = LSL + 10 + np.cumsum(rng.uniform(0.1, 0.6, 120))
    events = stored(markers[20:32], 5.0, 20.0)
    line = by_events(events, markers, CLOCK, 60.0)
    assert events + line.offsets(events) == pytest.approx(markers[20:32], abs=2e-3)
    assert line.events == 12
