"""How stamps come: jitter, duplicates, steps back, distance from an even pace."""

from __future__ import annotations

import numpy as np
import pytest

from recordings.stamps import timing


def test_duplicates_and_reversals() -> None:
    stamps = np.array([0.0, 1.0, 1.0, 2.0, 1.5, 3.0])
    assert timing.duplicates(stamps) == 1
    assert timing.reversals(stamps).tolist() == [3]


def test_jitter_leaves_out_what_lies_across_a_cut() -> None:
    stamps = np.array([0.0, 0.1, 0.2, 5.0, 5.1])
    cuts = np.array([2])
    assert timing.intervals(stamps, cuts) == pytest.approx([0.1, 0.1, 0.1])
    assert timing.jitter(stamps, 10.0, cuts) == pytest.approx(0, abs=1e-12)
    assert timing.jitter(stamps, 10.0, cuts[:0]) == pytest.approx(4.7, rel=0.05)


def test_scatter_is_the_distance_from_an_even_pace_without_latency() -> None:
    even = np.arange(1000) / 100
    late = np.where(np.arange(1000) % 20 == 0, 0.03, 0.0)
    assert timing.scatter(even + 0.2 + late, even) == pytest.approx(0.03)
    assert timing.scatter(even[:2], even[:2]) is None
