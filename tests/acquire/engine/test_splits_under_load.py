"""Splits beside W1 and two cameras on one device; `tests/bench/bench_splits.py` does 200."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acquire.engine.splits import check_splits, record_with_splits
from tests.acquire.program import TIMEOUT_S


@pytest.mark.parametrize("count", [8, pytest.param(20, marks=pytest.mark.soak)])
def test_every_sample_and_frame_is_in_exactly_one_take(
    tmp_path: Path, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A camera that is not ready in a second is left out: not what is looked at here.
    monkeypatch.setattr("acquire.engine.takes.ARM_FOR_SPLIT_S", TIMEOUT_S)
    splits = record_with_splits(tmp_path, count, seed=7, longest_s=1.5)
    assert len(splits.folders) == count + 1
    check_splits(splits)
