"""Quantiles of values in order are those of numpy, to the last bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recordings.arrays import quantile


@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60),
    st.one_of(st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9, 1.0]), st.floats(0, 1)),
)
def test_a_quantile_is_that_of_numpy(values: list[float], share: float) -> None:
    ordered = np.sort(np.array(values))
    assert float(quantile(ordered, share)) == np.quantile(np.array(values), share)


def test_it_is_taken_along_the_last_axis() -> None:
    rows = np.random.default_rng(1).normal(size=(7, 100))
    found = quantile(np.sort(rows, axis=1), 0.35)
    assert np.array_equal(found, np.quantile(rows, 0.35, axis=1))
