"""The screen: which one, what it says of itself, and what may spoil its timing."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from PySide6.QtGui import QGuiApplication, QScreen

from acquire.errors import ConfigError
from gui.stimulus.screen_calibration import recall

FALLBACK_PX_PER_MM = 3.78
"""96 dots per inch: for screens that do not tell their size."""
TOLERANCE = 0.01


def find_screen(number: int) -> QScreen:
    """Give screen `number`, counted from 0.

    Raises:
        ConfigError: there is none of that number.
    """
    screens = QGuiApplication.screens()
    if not 0 <= number < len(screens):
        names = ", ".join(f"{n} = {s.name()}" for n, s in enumerate(screens)) or "none"
        raise ConfigError(f"screen {number}: not there; there are: {names}; choose with --screen")
    return screens[number]


def pixels_per_mm(screen: QScreen) -> float:
    """How many device-independent pixels a millimetre has."""
    width_mm = screen.physicalSize().width()
    return screen.size().width() / width_mm if width_mm > 50 else FALLBACK_PX_PER_MM


def facts(screen: QScreen, surface: str) -> dict[str, Any]:
    """What goes into the session."""
    size, mm = screen.size(), screen.physicalSize()
    return {
        "name": screen.name(),
        "surface": surface,
        "platform": QGuiApplication.platformName(),
        "width": round(size.width() * screen.devicePixelRatio()),
        "height": round(size.height() * screen.devicePixelRatio()),
        "width_mm": round(mm.width()),
        "height_mm": round(mm.height()),
        "refresh_hz": screen.refreshRate(),
        "calibration": recall(screen_key(screen, surface)),
    }


def screen_key(screen: QScreen, surface: str) -> str:
    """Name a screen as it is set up: what was measured of it holds for no other mode."""
    size = screen.size() * screen.devicePixelRatio()
    rate = round(screen.refreshRate())
    return f"{screen.name()} {size.width()}x{size.height()} {rate} Hz {surface}"


def warnings(screen: QScreen, wanted_hz: float | None) -> list[str]:
    """What may spoil the timing, each with its remedy."""
    found = []
    rate = screen.refreshRate()
    if wanted_hz is not None and abs(rate / wanted_hz - 1) > TOLERANCE:
        found.append(
            f"screen {screen.name()} refreshes at {rate:.2f} Hz, asked for were {wanted_hz:g}; "
            "set it in the system's display settings"
        )
    twins = [s.name() for s in QGuiApplication.screens() if s.geometry() == screen.geometry()]
    if len(twins) > 1:
        found.append(
            f"screens {' and '.join(twins)} show the same: the slower one may set the pace; "
            "extend the desktop instead"
        )
    if _composited():
        found.append(
            "a compositor draws this desktop and may delay each frame by one or more; calibrate "
            "with a photodiode, or use a session without one"
        )
    if _on_battery():
        found.append("the computer runs on battery and saves power; plug it in")
    return found


def _composited() -> bool:
    """Whether a compositor is known to be between the window and the screen."""
    if sys.platform in ("win32", "darwin"):
        return True  # always, there, unless it steps aside for a full-screen window
    return QGuiApplication.platformName() == "wayland" or "GNOME" in os.environ.get(
        "XDG_CURRENT_DESKTOP", ""
    )


def _on_battery() -> bool:
    supplies = Path("/sys/class/power_supply")
    try:
        states = [
            (entry / "online").read_text().strip()
            for entry in supplies.iterdir()
            if (entry / "online").exists()
        ]
    except OSError:
        return False
    return bool(states) and "1" not in states
