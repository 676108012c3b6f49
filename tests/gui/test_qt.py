"""The Qt that is pinned works on this Python."""

from __future__ import annotations

import subprocess
import sys

MANY = 30_000

PROGRAM = f"""
from PySide6.QtWidgets import QApplication, QWidget

app = QApplication(["-platform", "offscreen"])
widget = QWidget()
for _ in range({MANY}):
    widget.update()  # PySide6 6.12 on Python 3.11 takes a reference from None with each void call
print("alive")
"""


def test_some_thousand_calls_do_not_kill_the_interpreter() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"QT_QPA_PLATFORM": "offscreen", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.stdout.strip() == "alive", done.stderr
