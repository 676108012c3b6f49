"""Which rows of a camera are of its first file."""

from __future__ import annotations

import numpy as np
import pytest

from recordings.check.frame_ledger import first_file


@pytest.mark.parametrize(
    ("index", "count"),
    [([0, 1, 2], 3), ([0, 1, 0, 1], 2), ([0, 0, 1, 2], 1), ([0, 0], 1), ([], 0), ([3, 4], 2)],
)
def test_the_first_file_ends_where_the_index_begins_again(index: list[int], count: int) -> None:
    """A file of a single frame is one, too."""
    times = np.arange(len(index), dtype=float)
    found = first_file(np.array(index, float), times)
    assert [part.tolist() for part in found] == [index[:count], times[:count].tolist()]
