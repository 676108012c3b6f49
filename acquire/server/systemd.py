"""What systemd wants to hear (sd_notify): ready, alive, ending."""

from __future__ import annotations

import contextlib
import os
import socket

SEND_S = 1.0
"""A manager that takes nothing in this time shall not hold up the daemon."""


def notify(text: str) -> None:
    """Tell the service manager, where there is one: `READY=1`, `WATCHDOG=1`, `STOPPING=1`."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address or not hasattr(socket, "AF_UNIX"):
        return
    if address.startswith("@"):  # Linux: a name outside the file system
        address = "\0" + address[1:]
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as out:
        out.settimeout(SEND_S)
        out.sendto(text.encode(), address)


def watchdog_s() -> float | None:
    """Return how often to say `WATCHDOG=1`: half of what systemd allows; None = not at all."""
    text = os.environ.get("WATCHDOG_USEC", "")
    pid = os.environ.get("WATCHDOG_PID", str(os.getpid()))
    if not text.isdecimal() or pid != str(os.getpid()):
        return None
    return int(text) / 2e6
