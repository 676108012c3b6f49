"""Windows: children that end with this process, however it ends. Never run there.

Elsewhere a process group does it. For pools of workers alone: a device process or an encoder ends
by the end of its pipe, because it has files to finish first.
"""

from __future__ import annotations

import ctypes
import sys
from typing import Any, Final

_EXTENDED_LIMITS: Final = 9  # JobObjectExtendedLimitInformation
_KILL_ON_CLOSE: Final = 0x2000


class _Limits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION; what is not asked for stays 0."""

    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("active_processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
        ("io", ctypes.c_uint64 * 6),
        ("memory", ctypes.c_size_t * 4),
    )


def keep_children() -> None:
    """Have the children that this process starts from now on end with it, even with a killed one.

    Does nothing but on Windows, and nothing where the system refuses.
    """
    if sys.platform == "win32":
        join_job(ctypes.windll.kernel32)


def join_job(kernel32: Any) -> None:
    """Put this process into a job that ends with its last handle, which this process keeps."""
    for function in (kernel32.CreateJobObjectW, kernel32.GetCurrentProcess):
        function.restype = ctypes.c_void_p
    job = ctypes.c_void_p(kernel32.CreateJobObjectW(None, None))
    limits = _Limits(flags=_KILL_ON_CLOSE)
    told = kernel32.SetInformationJobObject(
        job, _EXTENDED_LIMITS, ctypes.byref(limits), ctypes.sizeof(limits)
    )
    if told:
        kernel32.AssignProcessToJobObject(job, ctypes.c_void_p(kernel32.GetCurrentProcess()))
