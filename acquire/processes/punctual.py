"""A process that is woken when it asked to be, on systems that would rather save power.

Linux does so by itself. Windows wakes a process every 15.6 ms unless it asks for more, and from
Windows 11 on forgets that it asked once its window is covered; macOS lets a program nap whose
windows nobody sees. Neither of the two was tried.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import sys
from typing import Any, Final

TIMER_MS: Final = 1

_POWER_THROTTLING: Final = 4  # ProcessPowerThrottling of PROCESS_INFORMATION_CLASS
_EXECUTION_SPEED: Final = 1
_IGNORE_TIMER_RESOLUTION: Final = 4

_ALLOWING_IDLE_SLEEP: Final = 0x00EFFFFF  # NSActivityUserInitiatedAllowingIdleSystemSleep
_LATENCY_CRITICAL: Final = 0xFF00000000


class _Throttling(ctypes.Structure):
    """PROCESS_POWER_THROTTLING_STATE."""

    _fields_ = (
        ("version", ctypes.c_uint32),
        ("control", ctypes.c_uint32),
        ("state", ctypes.c_uint32),
    )


def be_punctual() -> None:
    """Ask the system to wake this process on time, for as long as it lives; never an error."""
    if sys.platform == "win32":
        on_windows(ctypes.windll.winmm, ctypes.windll.kernel32)
    elif sys.platform == "darwin":
        ctypes.CDLL(ctypes.util.find_library("Foundation"))  # else the classes are not there
        on_macos(ctypes.CDLL(ctypes.util.find_library("objc")))


def on_windows(winmm: Any, kernel32: Any) -> None:
    """Ask for a timer of 1 ms, and that neither it nor the processor is throttled."""
    winmm.timeBeginPeriod(TIMER_MS)
    ours = _EXECUTION_SPEED | _IGNORE_TIMER_RESOLUTION
    nothing_throttled = _Throttling(version=1, control=ours, state=0)
    kernel32.GetCurrentProcess.restype = ctypes.c_void_p
    kernel32.SetProcessInformation(  # Windows before 11 knows one of the two and refuses: no harm
        ctypes.c_void_p(kernel32.GetCurrentProcess()),
        _POWER_THROTTLING,
        ctypes.byref(nothing_throttled),
        ctypes.sizeof(nothing_throttled),
    )


def on_macos(objc: Any) -> None:
    """Begin an activity that must not nap, and never end it."""
    info = _sent(objc, _class(objc, b"NSProcessInfo"), b"processInfo")
    reason = _sent(
        objc, _class(objc, b"NSString"), b"stringWithUTF8String:", ctypes.c_char_p(b"recording")
    )
    options = ctypes.c_uint64(_ALLOWING_IDLE_SLEEP | _LATENCY_CRITICAL)
    activity = _sent(
        objc, info, b"beginActivityWithOptions:reason:", options, ctypes.c_void_p(reason)
    )
    _sent(objc, activity, b"retain")


def _class(objc: Any, name: bytes) -> int | None:
    objc.objc_getClass.restype = ctypes.c_void_p
    found: int | None = objc.objc_getClass(ctypes.c_char_p(name))
    return found


def _sent(objc: Any, receiver: int | None, selector: bytes, *arguments: Any) -> int | None:
    """Send a message; the function is typed for each, as its arguments go by their types."""
    objc.sel_registerName.restype = ctypes.c_void_p
    send = objc["objc_msgSend"]  # a new object each time, unlike the attribute
    send.restype = ctypes.c_void_p
    send.argtypes = [ctypes.c_void_p, ctypes.c_void_p, *map(type, arguments)]
    answer: int | None = send(
        receiver, objc.sel_registerName(ctypes.c_char_p(selector)), *arguments
    )
    return answer
