"""Whether a window can be opened at all: Qt ends the process over a missing display."""

from __future__ import annotations

import ctypes
import os
import sys

from acquire.errors import ConfigError

XCB_CURSOR = "libxcb-cursor.so.0"


def check_display(instead: str) -> None:
    """Find out what cannot work before Qt does.

    Raises:
        ConfigError: there is no display, or Qt's plugin for X does not load; `instead` says what
            works without a window.
    """
    shown = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform != "linux":
        return
    if not any(os.environ.get(name) for name in shown):
        raise ConfigError(f"no display: neither X nor Wayland; {instead}")
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform == "xcb" or not (platform or os.environ.get("WAYLAND_DISPLAY")):
        _check_xcb()


def _check_xcb() -> None:
    """See that the library is there without which Qt's plugin for X aborts the process."""
    try:
        ctypes.CDLL(XCB_CURSOR)
    except OSError:
        raise ConfigError(
            f"{XCB_CURSOR} is missing, which Qt needs for a window; install it with: "
            "sudo apt-get install libxcb-cursor0 (Debian, Ubuntu) or "
            "sudo dnf install xcb-util-cursor (Fedora)"
        ) from None
