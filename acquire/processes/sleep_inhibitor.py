"""Keeps the computer from going to sleep while something is recorded."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

from acquire.own_program import NO_WINDOW
from acquire.processes.child import signals_kept_from_children

log = logging.getLogger(__name__)

CLOSE_S = 2.0

# Both end with this process, even a killed one: `cat` when its input ends, caffeinate by itself.
_LINUX = ("systemd-inhibit", "--what=idle:sleep", "--who=Unisono", "--why=recording", "cat")
_MACOS = ("caffeinate", "-dims", "-w", str(os.getpid()))

_CONTINUOUS, _SYSTEM, _DISPLAY = 0x80000000, 0x1, 0x2  # SetThreadExecutionState


@contextlib.contextmanager
def kept_awake() -> Iterator[None]:
    """Inhibit sleep and screen saver meanwhile, where the system has a way; never an error.

    Linux: systemd-inhibit. macOS: caffeinate. Windows: SetThreadExecutionState.
    """
    if sys.platform == "win32":
        import ctypes

        with held_by_a_thread(ctypes.windll.kernel32.SetThreadExecutionState):
            yield
        return
    helper = _start(_MACOS if sys.platform == "darwin" else _LINUX)
    try:
        yield
    finally:
        if helper is not None:
            _end(helper)


@contextlib.contextmanager
def held_by_a_thread(set_state: Callable[[int], object]) -> Iterator[None]:
    """Set Windows' state from a thread of its own: it ends with the thread that has set it.

    Whoever orders a recording may be a thread of the API's, which ends when nobody calls.
    """
    done = threading.Event()
    held = threading.Event()

    def hold() -> None:
        set_state(_CONTINUOUS | _SYSTEM | _DISPLAY)
        held.set()
        done.wait()
        set_state(_CONTINUOUS)

    thread = threading.Thread(target=hold, name="awake", daemon=True)
    thread.start()
    held.wait()  # what is begun next relies on it
    try:
        yield
    finally:
        done.set()
        thread.join()


def _start(command: tuple[str, ...]) -> subprocess.Popen[bytes] | None:
    path = shutil.which(command[0])
    if path is None:
        log.info("no %s here: the system may go to sleep", command[0])
        return None
    with signals_kept_from_children():
        return subprocess.Popen(
            [path, *command[1:]],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            creationflags=NO_WINDOW,
        )


def _end(helper: subprocess.Popen[bytes]) -> None:
    assert helper.stdin is not None
    helper.stdin.close()
    if sys.platform == "darwin":
        helper.kill()
    try:
        helper.wait(CLOSE_S)
    except subprocess.TimeoutExpired:
        helper.kill()
        helper.wait()
