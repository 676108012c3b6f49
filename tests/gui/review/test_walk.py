"""Random seeks, steps and plays: strip, shown number and index row are equal.

Ten thousand of them are made by tests/bench/bench_review.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication

from recordings.review.frame_rows import FrameRows
from tests.gui.review.walking import walk


def test_moves_show_what_was_recorded(qapp: QApplication, tmp_path: Path) -> None:
    assert walk(tmp_path, 150) == 0


def test_the_walk_would_see_a_frame_too_late(
    qapp: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nearest(self: FrameRows, time: float) -> int:
        return int(np.argmin(np.abs(self.times - time)))

    monkeypatch.setattr(FrameRows, "at", nearest)
    assert walk(tmp_path, 20, seed=4) > 0
