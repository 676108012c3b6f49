"""The daemon tells a service manager when it is ready, that it lives, and that it ends."""

from __future__ import annotations

import socket
import sys
import threading
from pathlib import Path

import pytest

from acquire.server import systemd
from tests.acquire.daemon_program import Daemon
from tests.acquire.program import wait_for

if sys.platform != "linux":
    pytest.skip("systemd is Linux", allow_module_level=True)


def listen(manager: socket.socket, heard: list[bytes]) -> None:
    while not heard or heard[-1] != b"STOPPING=1":
        heard.append(manager.recv(100))


def test_ready_alive_and_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[bytes] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        listener = threading.Thread(target=listen, args=(manager, heard))
        listener.start()
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "200000")
        with Daemon(tmp_path) as daemon:
            wait_for(lambda: heard, what="READY=1")
            assert daemon.url, "ready is said when it can be asked"
            wait_for(lambda: len(heard) > 3, what="signs of life")
            daemon.idle().end()
        listener.join()
    assert heard[0] == b"READY=1"
    assert heard[-1] == b"STOPPING=1"
    assert set(heard[1:-1]) == {b"WATCHDOG=1"}


@pytest.mark.parametrize(
    ("usec", "pid", "expected"),
    [("30000000", None, 15.0), ("", None, None), ("soon", None, None), ("30000000", "1", None)],
)
def test_how_often(
    usec: str, pid: str | None, expected: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WATCHDOG_USEC", usec)
    if pid is None:
        monkeypatch.delenv("WATCHDOG_PID", raising=False)
    else:
        monkeypatch.setenv("WATCHDOG_PID", pid)
    assert systemd.watchdog_s() == expected


def test_where_there_is_no_manager(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    systemd.notify("READY=1")
    monkeypatch.setenv("NOTIFY_SOCKET", "/nowhere/at/all")
    systemd.notify("READY=1")
