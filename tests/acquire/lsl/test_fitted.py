"""What a driver gives to a stream of whole numbers that has no room for it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from acquire.lsl.outlet import fitted


@pytest.mark.parametrize(
    ("dtype", "given", "kept", "unfit"),
    [
        ("int16", np.array([[70_000, -70_000], [5, -5]]), [[32_767, -32_768], [5, -5]], 2),
        ("int16", np.array([[np.nan, np.inf, -np.inf]]), [[-32_768, 32_767, -32_768]], 3),
        ("int16", np.array([[3.0, -4.0, 32_767.0]]), [[3, -4, 32_767]], 0),
        ("int16", np.array([[2.6, -2.6]], np.float32), [[3, -3]], 2),
        ("int8", np.array([[127.4, 127.6, -128.4]]), [[127, 127, -128]], 3),
        ("int8", np.array([[200, 100]], np.uint8), [[127, 100]], 1),
        ("int8", np.array([[True, False]]), [[1, 0]], 0),
        ("int32", np.array([[2.0**31, 2.0**31 - 1]]), [[2**31 - 1, 2**31 - 1]], 1),
        ("int64", np.array([[2.0**63, -(2.0**63)]]), [[2**63 - 1, -(2**63)]], 1),
        ("int64", np.array([[2**64 - 1, 2**63 - 1]], np.uint64), [[2**63 - 1, 2**63 - 1]], 1),
        ("int16", np.zeros((0, 3)), np.zeros((0, 3)), 0),
    ],
)
def test_it_is_cut_or_rounded_and_counted(dtype: str, given: Any, kept: Any, unfit: int) -> None:
    """70,000 came as 4,464, and NaN as whatever the processor makes of it."""
    before = given.copy()
    rows, count = fitted(given, np.dtype(dtype))
    assert rows.dtype == dtype
    assert rows.flags.c_contiguous
    np.testing.assert_array_equal(rows, kept)
    assert count == unfit
    np.testing.assert_array_equal(given, before)  # it is the driver's


def test_floats_are_as_they_are() -> None:
    rows, count = fitted(np.array([[np.nan, np.inf, 1.5]]), np.dtype(np.float32))
    assert count == 0
    np.testing.assert_array_equal(rows, np.array([[np.nan, np.inf, 1.5]], np.float32))
