"""Twenty splits beside W1 and two cameras on one device; `tests/bench/bench_splits.py` does 200."""

from __future__ import annotations

from pathlib import Path

from tests.acquire.engine.splits import check_splits, record_with_splits


def test_every_sample_and_frame_is_in_exactly_one_take(tmp_path: Path) -> None:
    splits = record_with_splits(tmp_path, 20, seed=7, longest_s=1.5)
    assert len(splits.folders) == 21
    check_splits(splits)
