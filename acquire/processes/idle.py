"""Work that gets processor and disk only when nobody else wants them."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading

_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
_IDLE = 3 << 13  # the class of those that get the disk when nobody else wants it
_WHO_PROCESS = 1


def be_idle() -> None:
    """Make this thread, and those that it starts, idle; does nothing where it is not known how."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 19)
    leave_the_disk()


def leave_the_disk() -> None:
    """Let this thread have the disk only when nobody else wants it, where it is known how."""
    if sys.platform != "linux":
        return
    if (number := _IOPRIO_SET.get(os.uname().machine)) is not None:
        ctypes.CDLL(None).syscall(number, _WHO_PROCESS, threading.get_native_id(), _IDLE)
