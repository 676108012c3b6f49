"""Onsets against what they were asked for, and against light."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from recordings.certificate import StimulusReport
from recordings.check.stimulus_timing import (
    lags,
    near,
    stimulus_reports,
    timing_findings,
    to_nearest,
)
from recordings.read.markers import Marker, parse_markers

STEPS = (("fixation", 0.5), ("clip", 2.0), ("valence", 0.2), ("arousal", 0.2), ("rest", 1.0))


def markers(times: Sequence[float], rows: Sequence[dict[str, Any]]) -> list[Marker]:
    return parse_markers(np.array(times, np.float64), [[json.dumps(row)] for row in rows])


def played(trials: int = 40, late: dict[int, float] | None = None) -> list[Marker]:
    """The onsets of a protocol of five steps; the clip of trial k is `late[k]` seconds late."""
    times, rows, now = [], [], 100.0
    for number in range(trials):
        for step, lasts_s in STEPS:
            asked = now
            now += (late or {}).get(number, 0.0) if step == "clip" else 0.0
            stimulus = "film" if step == "clip" else None
            more = {"step": step, "stimulus": stimulus, "requested": asked, "presented": now}
            times.append(now)
            rows.append({"event": "onset", **more})
            now += lasts_s
    return markers(times, rows)


def patch(onsets: Sequence[Marker], lag_s: float = 0.02, **late: float) -> list[Marker]:
    """What a photodiode sees of a patch that each onset switches; `late` is of n<number>."""
    light = [m.time + lag_s + late.get(f"n{n}", 0.0) for n, m in enumerate(onsets)]
    events = [{"event": "flash_off" if n % 2 else "flash_on"} for n in range(len(light))]
    return markers(light, events)


def codes(*reports: StimulusReport) -> list[str]:
    return [finding.code for finding in timing_findings(reports)]


def test_each_onset_of_the_player_switches_its_patch() -> None:
    """Of the player's clips every other one is a patch that goes dark: half had no flash."""
    onsets = played()
    light = patch(onsets)
    (report,) = stimulus_reports({"protocol": onsets, "diode": light})
    assert (report.onsets, report.light_due, report.light_events) == (40, 200, 200)
    assert report.light_extra == 0
    assert report.light_mean_ms == pytest.approx(20.0)
    assert report.light_max_ms == pytest.approx(20.0)
    assert codes(report) == []
    (report,) = stimulus_reports({"protocol": onsets, "diode": light[:180]})
    assert codes(report) == ["flashes-disagree"]


def test_another_program_lights_the_patch_at_its_onsets_alone() -> None:
    onsets = [m for m in played() if m.fields["step"] == "clip"]
    times = [m.time + more for m in onsets for more in (0.01, 0.06)]
    light = markers(times, [{"event": "flash_on"}, {"event": "flash_off"}] * len(onsets))
    (report,) = stimulus_reports({"psychopy": onsets, "diode": light})
    assert (report.light_due, report.light_events, report.light_extra) == (40, 40, 0)
    assert report.light_mean_ms == pytest.approx(10.0)
    assert codes(report) == []


def test_stimuli_that_came_late_are_told() -> None:
    (report,) = stimulus_reports({"protocol": played(late={3: 0.2, 7: 0.09})})
    (finding,) = timing_findings([report])
    assert (finding.level, finding.code, finding.subject) == ("warn", "onset-late", "protocol")
    assert "1 of 40 stimuli were shown more than 0.1 s after" in finding.text
    assert "up to 200 ms" in finding.text
    assert report.late_p50_ms == 0


def test_who_does_not_say_when_it_was_asked_for_is_not_late() -> None:
    rows = [{"event": "onset", "stimulus": "a", "presented": 5.0, "requested": None}] * 3
    assert list(stimulus_reports({"psychopy": markers([1.0, 2.0, 3.0], rows)})) == []
    (report,) = stimulus_reports(
        {
            "psychopy": markers([1.0, 2.0, 3.0], rows),
            "diode": markers([1.01, 2.02, 3.03], [{"event": "flash_on"}] * 3),
        }
    )
    assert (report.late, report.late_max_ms) == (0, None)
    assert report.light_mean_ms == pytest.approx(20.0)
    assert report.light_sd_ms == pytest.approx(8.165, abs=0.001)


def test_a_frame_that_was_seen_later_than_it_is_stamped_is_told() -> None:
    onsets = played()
    for late_s, told in ((0.03, []), (0.2, ["light-late"])):
        (report,) = stimulus_reports({"protocol": onsets, "diode": patch(onsets, n41=late_s)})
        assert codes(report) == told


def test_light_is_matched_with_the_onset_nearest_to_it() -> None:
    onsets = np.array([10.0, 20.0, 30.0, 40.0])
    light = np.array([9.95, 20.25, 29.85, 40.35, 55.0])
    assert to_nearest(onsets, light) == pytest.approx([-0.05, 0.25, -0.15, 0.35])
    assert lags(onsets, light) == pytest.approx([-0.05, 0.25])
    assert near(onsets, light) == 2
    assert near(onsets, np.array([9.92, 10.1, 10.2, 20.1])) == 4
    assert len(lags(onsets, np.zeros(0))) == near(onsets, np.zeros(0)) == 0
    assert near(np.zeros(0), light) == 0
    assert to_nearest(np.array([5.0, 99.0]), light) == pytest.approx([4.95, -44.0])
