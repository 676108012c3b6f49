"""Who makes a session: the process that records it, and whether it still lives."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

_STATE_AT, _STARTED_AT = 2, 21
"""Where state and start time stand in what /proc says of a process, counted from 0."""
_ENDED = ("Z", "X")
"""States of one that has ended, and whose parent has not asked for its exit code."""


def this_process() -> dict[str, str]:
    """Describe this process, for `lives`."""
    pid = os.getpid()
    return {"pid": str(pid), "pid_started": _started(pid) or "", "pid_space": _space()}


def lives(host: Mapping[str, str]) -> bool | None:
    """Say whether the process that a manifest's `host` names still runs; None = nobody can tell.

    The number of a process is given out again: where it is known when it was started, that counts.
    A container may have the name of its host, and numbers of its own.
    """
    if host.get("name") != socket.gethostname() or not host.get("pid", "").isdecimal():
        return None
    if host.get("pid_space", _space()) != _space():
        return None
    pid = int(host["pid"])
    if host.get("pid_started"):
        return _started(pid) == host["pid_started"]
    return False if has_ended(pid) else None


def has_ended(pid: int) -> bool | None:
    """Say whether no process of this number runs; None = nobody can tell."""
    if sys.platform == "win32":  # signal 0 would end it there
        return None
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (PermissionError, OverflowError):
        return None
    return False


def _started(pid: int) -> str | None:
    """Give when a process was started, in ticks since the system's start.

    None where that is unknown, or it has ended.
    """
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    # The name stands in brackets and may hold anything.
    fields = text.rpartition(")")[2].split()
    return None if fields[_STATE_AT - 2] in _ENDED else fields[_STARTED_AT - 2]


def _space() -> str:
    """Name what the numbers of processes here are valid in; empty where the system has one."""
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
