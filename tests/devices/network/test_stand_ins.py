"""Stand-ins whose clients talk nonsense, say nothing, or never stop: the others are served on."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from devices.simulation.servers.biopac_server import BiopacServer
from devices.simulation.servers.curry_server import CurryConversation
from devices.simulation.servers.egi_server import EgiServer
from devices.simulation.servers.gaze_server import GazeConversation
from devices.simulation.servers.scan_server import ScanConversation, packet_of
from devices.simulation.servers.serving import Conversation, Server
from devices.simulation.servers.shimmer_unit import ShimmerConversation
from tests.devices.network.server import numbered, signals

WAIT_S = 10.0


def told(client: socket.socket, server: Server, size: int) -> bytes:
    """Turn a server until it has answered so much, or has hung up."""
    client.settimeout(0.01)
    data = b""
    for _ in range(500):
        server.turn(None)
        with contextlib.suppress(TimeoutError):
            try:
                piece = client.recv(size - len(data))
            except ConnectionError:
                return data
            data += piece
            if not piece or len(data) == size:
                return data
    raise AssertionError(f"{len(data)} of {size} bytes, and it has not hung up")


def door(server: Server) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), WAIT_S)


@contextlib.contextmanager
def served(make: Callable[[], Conversation]) -> Iterator[Server]:
    server = Server("127.0.0.1", 0, make)
    try:
        yield server
    finally:
        server.close()


@pytest.mark.parametrize(
    ("make", "nonsense"),
    [
        (ScanConversation, packet_of(b"CTRL", 3, 5)[:8] + struct.pack(">i", -12)),
        (ScanConversation, b"GET / HTTP/1.1\r\n"),
        (CurryConversation, b"GET / HTTP/1.1\r\nHost: amp-pc\r\n\r\n"),
        (GazeConversation, b"x" * 100_000),
    ],
)
def test_who_speaks_something_else_is_hung_up_on(
    make: Callable[..., Conversation], nonsense: bytes
) -> None:
    with served(lambda: make(signals())) as server, door(server) as client:
        client.sendall(nonsense)
        assert told(client, server, 1) == b""


def test_an_order_without_an_end_is_hung_up_on() -> None:
    server = EgiServer(signals(), "127.0.0.1", 0)
    try:
        with socket.create_connection(("127.0.0.1", server.command_port), WAIT_S) as client:
            client.sendall(b"(" * 100_000)
            assert told(client, server._orders, 1) == b""
    finally:
        server.close()


def test_who_never_stops_asking_is_not_alone_there() -> None:
    question = packet_of(b"CTRL", 3, 5)
    with served(lambda: ScanConversation(signals())) as server, door(server) as first:
        server.turn(None)
        ended = threading.Event()

        def flood() -> None:
            with contextlib.suppress(OSError):
                while not ended.is_set():
                    first.sendall(question * 100)

        thread = threading.Thread(target=flood)
        thread.start()
        try:
            with door(server) as second:
                second.sendall(question)
                assert told(second, server, 40)[:4] == b"DATA"
        finally:
            ended.set()
            server.hang_up()
            thread.join()


def test_a_rate_of_nothing_is_no_rate() -> None:
    unit = ShimmerConversation(signals())
    unit.hear(bytes([0x08, 0x04, 0, 0, 0x05, 0, 0, 0x07]))
    assert unit.send(numbered(0, 100))


def test_acqknowledge_answers_beside_a_client_that_says_nothing_and_ends() -> None:
    server = BiopacServer(signals(), "127.0.0.1")
    with socket.create_connection(("127.0.0.1", server.port), WAIT_S):
        ending = threading.Thread(target=server.close)
        ending.start()
        ending.join(WAIT_S)
        assert not ending.is_alive()


def test_a_client_that_leaves_amid_a_call_leaves_no_traceback(
    capsys: pytest.CaptureFixture[str],
) -> None:
    server = BiopacServer(signals(), "127.0.0.1")
    try:
        for text in (b"nonsense\r\n\r\n", b"POST /RPC2 HTTP/1.0\r\nContent-Length: 99\r\n\r\n<"):
            with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as client:
                client.sendall(text)
                linger = struct.pack("ii", 1, 0)
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        with socket.create_connection(("127.0.0.1", server.port), WAIT_S) as client:
            client.sendall(b"nonsense\r\n\r\n")
            assert client.recv(1)
    finally:
        server.close()
    assert capsys.readouterr().err == ""
