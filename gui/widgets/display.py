"""Whether a window can be opened at all: Qt ends the process over a missing display."""

from __future__ import annotations

import ctypes
import os
import sys

from acquire.errors import ConfigError

XCB, XCB_CURSOR = "libxcb.so.1", "libxcb-cursor.so.0"


def check_display(instead: str) -> None:
    """Find out what cannot work before Qt does.

    Raises:
        ConfigError: there is no display, it does not answer, or Qt's plugin for X does not load;
            `instead` says what works without a window.
    """
    shown = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform != "linux":
        return
    if not any(os.environ.get(name) for name in shown):
        raise ConfigError(f"no display: neither X nor Wayland; {instead}")
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    if platform == "xcb" or not (platform or os.environ.get("WAYLAND_DISPLAY")):
        _check_xcb()
        _check_answer(instead)


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


def _check_answer(instead: str) -> None:
    """See that the X server is there and lets us in: DISPLAY outlives it, in a tmux for one."""
    xcb = ctypes.CDLL(XCB)  # libxcb-cursor needs it
    xcb.xcb_connect.restype = ctypes.c_void_p
    # To be given back even where it failed: xcb_connect never returns NULL.
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    failed = xcb.xcb_connection_has_error(connection)
    xcb.xcb_disconnect(connection)
    if failed:
        raise ConfigError(
            f"the display {os.environ.get('DISPLAY', '')!r} does not answer, or does not let you "
            f"in: log in at the screen anew, or ssh -X; {instead}"
        )
