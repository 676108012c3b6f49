"""The plot of the viewer: what is painted in parts is what is painted at once."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


@pytest.mark.parametrize("factor", ["1", "1.25", "1.5", "2"])
def test_parts_give_what_painting_everything_gives(factor: str) -> None:
    """In a process of its own: Qt reads the scale factor once."""
    surroundings = {**os.environ, "QT_SCALE_FACTOR": factor, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.gui.plots.repaint_probe"],
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count(f"{factor}: 0 of") == 2, done.stdout
