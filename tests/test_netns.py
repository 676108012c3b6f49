"""The test's own cable: what it lets through, and that nothing of it stays."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.netns import Cable, needs

ECHO = """
import socket
with socket.create_server(("", 7001)) as server, socket.socket(type=socket.SOCK_DGRAM) as many:
    many.bind(("", 7002))
    print("ready", flush=True)
    while True:
        one, _ = server.accept()
        one.sendall(one.recv(16))
        one.close()
"""


@pytest.fixture
def cable() -> Iterator[Cable]:
    needs()
    with Cable() as cable:
        yield cable


def names() -> str:
    found = [
        subprocess.run(["ip", *what], check=True, capture_output=True, text=True).stdout
        for what in (("netns", "list"), ("link",))
    ]
    return "".join(found)


def test_a_cut_cable_lets_nothing_through_until_it_is_mended(cable: Cable) -> None:
    command = [*cable.prefix, sys.executable, "-c", ECHO]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"

            def echo(timeout_s: float) -> bytes:
                with socket.create_connection((cable.there, 7001), timeout_s) as one:
                    one.sendall(b"hello")
                    return one.recv(16)

            assert echo(30) == b"hello"
            cable.cut()
            with pytest.raises(TimeoutError):
                echo(0.5)
            cable.mend()
            assert echo(30) == b"hello"
            cable.without_multicast()
            assert echo(30) == b"hello"
            cable.lose(0.05)
            assert echo(30) == b"hello"
            cable.limit(50)
            assert echo(30) == b"hello"
        finally:
            process.kill()


def test_nothing_stays_also_after_a_failure() -> None:
    needs()
    with contextlib.suppress(ZeroDivisionError), Cable() as cable:
        assert cable.name in names()
        assert cable.near in names()
        raise ZeroDivisionError
    assert cable.name not in names()
    assert cable.near not in names()


def test_what_a_killed_test_has_left_is_removed() -> None:
    needs()
    code = (
        "import os; from tests.netns import Cable; c = Cable(); c.__enter__(); "
        "print(c.name, flush=True); os.kill(os.getpid(), 9)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, env=environment
    )
    name = done.stdout.strip()
    assert name in names()
    with Cable():
        assert name not in names()
