"""A step of delays is told from a slope, and from what is uneven anyway."""

from __future__ import annotations

import pytest

from devices.delays import step


@pytest.mark.parametrize(
    ("delays", "later"),
    [
        ([1, 1.01, 1, 1.5, 1.51, 1.5], 0.49),
        ([0, 0, 0, 0.5, 0.7, 0.5], 0.5),
        ([0, 0, 0, 0.1, 0.1, 0.1], 0),  # by no more than may be
        ([0, 0.1, 0.2, 0.3, 0.4, 0.5], 0),  # another rate
        ([0, 0, 0, 0.5, 0.8, 0.5], 0),  # who is so late now and then may be by chance
        ([0, 0.3, 0, 0.8, 0.8, 0.8], 0),
        ([0.5, 0.5, 0.5, 0, 0, 0], 0),
    ],
)
def test_a_step_is_told_from_what_is_none(delays: list[float], later: float) -> None:
    assert step(delays, 0.1) == pytest.approx(later)
