"""Onsets of a sound against markers: by how much they come after, and what is chance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recordings.check.sound_onsets import found_clicks, tap_reports
from recordings.read.markers import Marker, parse_markers
from recordings.stream_kinds import EVENTS_STREAM


def markers(*times: float) -> list[Marker]:
    return parse_markers(np.array(times), [["tap"] for _ in times])


def test_taps_are_told_by_how_much_they_come_after_their_markers() -> None:
    taps = np.array([10.012, 20.008, 30.010, 55.0])
    (report,) = tap_reports({"voice": taps}, {"button": markers(10, 20, 30, 40, math.nan)})
    assert (report.markers, report.onsets) == (5, 3)
    assert report.mean_ms == pytest.approx(10.0)
    assert report.max_ms == pytest.approx(12.0)


def test_one_sound_near_three_markers_is_no_series_of_taps() -> None:
    assert not list(tap_reports({"voice": np.array([10.0])}, {"button": markers(9.9, 9.95, 10)}))


def test_what_the_recorder_says_itself_is_no_series_of_taps() -> None:
    taps = np.array([10.0, 20.0, 30.0])
    assert not list(tap_reports({"voice": taps}, {EVENTS_STREAM: markers(10, 20, 30)}))


def test_clicks_are_found_where_they_truly_were() -> None:
    """Not at the ends of a recording, where half of one may lie outside."""
    onsets, true = np.array([10.02, 12.0, 13.95, 40.0]), [9.95, 10.05, 11.8, 14.0, 19.0, 19.95]
    times, errors, missed = found_clicks(onsets, [*true, 10.0, 10.15], (9.9, 20.0))
    assert times == pytest.approx([10.05, 14.0])
    assert errors == pytest.approx([-0.03, -0.05])
    assert missed == 3  # 10.15 is too far from 10.02
    times, errors, missed = found_clicks(np.zeros(0), true, (9.9, 20.0))
    assert (len(times), len(errors), missed) == (0, 0, 4)
    assert found_clicks(onsets, [9.95], (9.9, 20.0))[2] == 0
