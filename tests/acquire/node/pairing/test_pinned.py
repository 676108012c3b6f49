"""Whoever waits for a node that does not answer is let go at once."""

from __future__ import annotations

import contextlib
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from acquire.node.client import NodeAddress, NodeClient
from acquire.node.pairing.pinned import PinnedConnection, Unreachable
from acquire.node.wire.models import NodeInfo
from tests.acquire.program import wait_for

pytestmark = pytest.mark.skipif(
    sys.platform != "linux", reason="elsewhere a full queue refuses, or takes more"
)


@contextlib.contextmanager
def silence() -> Iterator[int]:
    """Give a port where connecting is neither taken nor refused: the queue before it is full."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        stack.enter_context(socket.create_connection(listener.getsockname()))
        yield listener.getsockname()[1]


def is_connecting(port: int) -> bool:
    return any(
        one.status == psutil.CONN_SYN_SENT and one.raddr.port == port
        for one in psutil.Process().net_connections("tcp")
    )


def let_go(port: int, wait: Callable[[], object], end: Callable[[], None]) -> tuple[str, float]:
    """Wait in a thread until it connects, and end that; gives what it said, and after how long."""
    said: list[Unreachable] = []

    def connect() -> None:
        try:
            wait()
        except Unreachable as error:
            said.append(error)

    thread = threading.Thread(target=connect)
    thread.start()
    wait_for(lambda: is_connecting(port), what="a connection on its way")
    before = time.monotonic()
    end()
    thread.join(60)
    return str(said[0]), time.monotonic() - before


def test_a_connection_that_nobody_takes_ends_when_it_is_interrupted() -> None:
    """An engine whose node was switched off ended 5 s later than it could."""
    with silence() as port:
        connection = PinnedConnection(f"127.0.0.1:{port}", "0" * 64, timeout_s=60)
        said, took_s = let_go(port, connection.connect, connection.interrupt)
    assert "not waited for" in said
    assert took_s < 3


def test_so_does_a_client_that_is_abandoned_and_connects_no_more() -> None:
    with silence() as port:
        client = NodeClient(NodeAddress("cam-pc", f"127.0.0.1:{port}", "0" * 64, "token"))
        _, took_s = let_go(port, lambda: client.ask("GET", "/api/node", NodeInfo), client.abandon)
        assert took_s < 3
        with pytest.raises(Unreachable, match="not waited for"):
            client.ask("GET", "/api/node", NodeInfo)
        assert not is_connecting(port)


def test_a_connection_that_nobody_takes_is_given_up_in_its_time() -> None:
    with silence() as port, pytest.raises(Unreachable, match="timed out"):
        PinnedConnection(f"127.0.0.1:{port}", "0" * 64, timeout_s=0.3).connect()
