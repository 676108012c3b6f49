"""A GigE Vision camera on loopback: `arv-fake-gv-camera-0.8` of Debian's package aravis-tools."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

PROGRAM = "arv-fake-gv-camera-0.8"
ADDRESS = "127.0.0.1"
PORT = 3956
"""Of the GigE Vision control channel; fixed by the standard, so there is one camera at a time."""


class Monotonic:
    """The clock of this computer, as the host gives it to a driver."""

    def now(self) -> float:
        return time.monotonic()

    def sleep_until(self, moment: float) -> None:
        time.sleep(max(0.0, moment - time.monotonic()))


def wait_until(true: Callable[[], object], seconds: float, what: str) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"not within {seconds:g} s: {what}"
        time.sleep(0.01)


class FakeGige:
    """The camera's process; `restart` is a power cut."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        self.kill()
        command = [PROGRAM, "-i", ADDRESS, *options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        wait_until(self._listens, 60, "the camera listens")

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "another program holds the port of the camera"
        sockets = psutil.Process(self._process.pid).net_connections("udp")
        return any(socket.laddr.port == PORT for socket in sockets)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextlib.contextmanager
def fake_gige() -> Iterator[FakeGige]:
    """Give a camera that is not yet started, and that no other test run has at the same time."""
    if shutil.which(PROGRAM) is None:
        pytest.skip(f"there is no {PROGRAM} here; it is in Debian's package aravis-tools")
    with (Path(tempfile.gettempdir()) / "unisono-fake-gige.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        camera = FakeGige()
        try:
            yield camera
        finally:
            camera.kill()
