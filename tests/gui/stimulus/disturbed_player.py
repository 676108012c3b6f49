"""The player's process, with a window that something happens to: DISTURBANCE names its method."""

from __future__ import annotations

import os
from typing import Any

from PySide6.QtCore import QTimer

import gui.stimulus.__main__ as player

AFTER_MS = 1500
make = player.make_window


def make_window(*arguments: Any, **options: Any) -> Any:
    window = make(*arguments, **options)
    name, *numbers = os.environ["DISTURBANCE"].split()
    QTimer.singleShot(AFTER_MS, lambda: getattr(window, name)(*map(int, numbers)))
    return window


if __name__ == "__main__":
    player.make_window = make_window
    player.main()
