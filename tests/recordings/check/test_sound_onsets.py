"""Onsets of a sound against markers: by how much they come after, and what is chance."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recordings.check.sound_onsets import tap_reports
from recordings.read.markers import Marker, parse_markers


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
