"""Two monitors, the window on one: the participant's page comes up on the other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


@pytest.mark.timeout(300)
@pytest.mark.skipif(
    shutil.which("Xvfb") is None or shutil.which("xrandr") is None,
    reason="Xvfb and xrandr are not installed: make system",
)
def test_the_page_is_on_the_monitor_without_the_window(tmp_path: Path) -> None:
    script = ROOT / ".ci" / "on-a-screen"
    driver = [sys.executable, "-m", "tests.gui.protocol.two_screens", str(tmp_path)]
    done = subprocess.run(
        ["sh", str(script), *driver],
        cwd=ROOT,
        env=os.environ | {"XDG_CONFIG_HOME": str(tmp_path / "config")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
