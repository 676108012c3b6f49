"""Suggestions out of traces that are made up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recordings.arrays import F64Array
from recordings.motion.anatomy import PLACES
from recordings.motion.spotting import spot, unbroken
from recordings.motion.table import Motion
from recordings.motion.tracing import COLUMNS

RATE = 30.0


def quiet(seconds: float, seed: int = 1) -> F64Array:
    rng = np.random.default_rng(seed)
    rows = np.zeros((round(seconds * RATE), len(COLUMNS)))
    rows[:, : 2 * len(PLACES)] = rng.normal(0, 0.05, (len(rows), 2 * len(PLACES)))
    rows[:, COLUMNS.index("eyes")] = 50 + rng.normal(0, 0.5, len(rows))
    return rows


def motion(rows: F64Array, times: F64Array | None = None) -> Motion:
    at = np.arange(len(rows)) / RATE if times is None else times
    return Motion(np.arange(len(rows)) * 5, at, rows, {"by": "landmarks"})


def bump(rows: F64Array, place: str, at: float, length: float, height: float) -> None:
    t = np.arange(len(rows)) / RATE
    x = np.clip((t - at) / length, -0.5, 0.5)
    rows[:, COLUMNS.index(f"{place}-down")] -= height * np.cos(np.pi * x) ** 2


def test_quiet_traces_suggest_nothing() -> None:
    assert spot(motion(quiet(120))) == []


@given(
    st.sampled_from(PLACES),
    st.floats(3, 50),
    st.floats(0.3, 3.0),
    st.floats(2.0, 4.0),
    st.integers(0, 9),
)
def test_what_moves_is_suggested_where_it_moves(
    place: str, at: float, length: float, height: float, seed: int
) -> None:
    rows = quiet(55, seed)
    bump(rows, place, at, length, height)
    (one,) = spot(motion(rows))
    assert one.place == place
    assert one.apex / RATE == pytest.approx(at, abs=0.25 * length + 0.1)
    assert one.onset < one.apex < one.offset
    assert one.height_px == pytest.approx(height, rel=0.4)
    ideal = 0.6 * length  # where cos² is above a third
    assert (one.offset - one.onset) / RATE == pytest.approx(ideal, abs=0.35 * length + 0.15)


def test_the_highest_over_its_noise_comes_first_and_places_at_once_are_one() -> None:
    rows = quiet(60)
    bump(rows, "lip-left", 10, 1.0, 1.6)
    bump(rows, "mouth-corner-right", 30, 1.0, 3.0)
    bump(rows, "mouth-corner-left", 30.1, 1.0, 2.5)
    first, second = spot(motion(rows))
    assert (first.place, first.also) == ("mouth-corner-right", ("mouth-corner-left",))
    assert second.place == "lip-left"


def test_a_blink_is_no_movement_of_the_lids() -> None:
    rows = quiet(60)
    eyes = COLUMNS.index("eyes")
    for at in (10, 20, 30):
        bump(rows, "lower-lid-left", at, 0.3, 3.0)
        bump(rows, "lower-lid-right", at, 0.3, 3.0)
        x = np.abs(np.arange(len(rows)) / RATE - at)
        rows[x < 0.12, eyes] = 15
    assert spot(motion(rows)) == []
    bump(rows, "lower-lid-left", 40, 1.0, 3.0)
    assert [one.place for one in spot(motion(rows))] == ["lower-lid-left"]


def test_two_expressions_with_a_deep_valley_are_two() -> None:
    rows = quiet(30)
    for at in (10.0, 11.5):
        bump(rows, "nose-left", at, 1.2, 3.0)
    assert len(spot(motion(rows))) == 2


def test_a_jump_where_a_reference_was_renewed_is_no_expression() -> None:
    rows = quiet(60)
    rows[900:, COLUMNS.index("lip-left-down")] += 1.5
    assert spot(motion(rows)) == []


def test_gaps_and_absent_faces_part_stretches() -> None:
    rows = quiet(60)
    rows[600:630] = np.nan
    times = np.arange(len(rows)) / RATE
    times[1200:] += 5
    parts = list(unbroken(motion(rows, times)))
    assert [(part.start, part.stop) for part in parts] == [(0, 600), (630, 1200), (1200, 1800)]
    bump(rows, "lip-left", 50, 1.0, 3.0)
    (one,) = spot(motion(rows, times))
    assert one.apex == pytest.approx(1500, abs=8)


@given(st.integers(0, 70), st.booleans())
def test_short_and_empty_motion_is_no_error(count: int, known: bool) -> None:
    rows = quiet(3)[:count]
    if not known:
        rows[:] = np.nan
    assert spot(motion(rows)) == []
