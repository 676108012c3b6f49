"""A node and those who should not get anything from it."""

from __future__ import annotations

import http.client
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from acquire.node.client import NodeAddress, NodeClient, NodeRefused
from acquire.node.pairing.pinned import client_context
from acquire.node.store.store import Store
from acquire.node.wire.coding import MAX_BODY, encode
from acquire.node.wire.messages import WIRE
from acquire.node.wire.models import NodeInfo, RecordingState, RunOrder
from acquire.serving.connections import FIRST_S
from tests.acquire.node.node_program import SESSION, Asking, Node, Refusal
from tests.acquire.node.requests import Bad, bad_requests

FUZZED = 1500  # over TLS; tests.bench.bench_node_fuzz sends 10^5 in process
DATA = bytes(range(256)) * 20


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    folder = tmp_path_factory.mktemp("node")
    (folder / "data").mkdir()
    (folder / "secret.txt").write_text("not for you")
    kept, _ = Store(folder / "data").armed("r", SESSION, 1, "face", {"face": "face"})
    (kept.folder / "face.nut").write_bytes(DATA)
    kept.change(state=RecordingState.CLOSED)
    options = ("--pair", "--host", "127.0.0.1")
    with Node(folder, *options, data_dir=folder / "data") as program:
        yield program.ready()


@pytest.fixture(scope="module")
def engine(node: Node) -> Asking:
    asking = node.paired()
    asking.wait_ready()
    return asking


PATHS = [
    *("/api/node", "/api/node/recordings", f"/api/node/recordings/{SESSION}", "/nothing"),
    f"/api/node/recordings/{SESSION}/files/face.nut",
]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", ["", "x" * 43, "\xff", "Bearer", "a b"])
def test_without_the_token_nothing_is_told(engine: Asking, path: str, token: str) -> None:
    for method in ("GET", "PUT", "POST", "DELETE"):
        status, _, data = engine.raw(method, path, b"{}", token=token)
        assert status == 401
        assert b"face" not in data


def test_an_engine_that_is_let_in_no_more_is_told_to_pair_anew(engine: Asking) -> None:
    known = engine.known
    other = NodeAddress(known.name, known.address, known.fingerprint, "another-token")
    with NodeClient(other) as client, pytest.raises(NodeRefused, match=r"pair anew$"):
        client.ask("GET", "/api/node", NodeInfo)


def test_nothing_describes_the_interface_to_strangers(engine: Asking) -> None:
    for path in ("/docs", "/redoc", "/openapi.json", "/", "/healthz"):
        assert engine.raw("GET", path, token="")[0] == 401
        assert engine.raw("GET", path)[0] == 404


WRONG_NAMES = [
    *(
        "..",
        "../secret.txt",
        "%2e%2e",
        "..%2fsecret.txt",
        "..%2f..%2fsecret.txt",
        "%2fetc%2fpasswd",
    ),
    *("face.nut%00", "face.nut%2f..", "NUL", "node-recording.json", "face.nut.blocks.json"),
    *("face.copy.xdf", ".", "%5c..%5csecret.txt", "face.nut/..", "face.nut/", "FACE.NUT"),
]


@pytest.mark.parametrize("name", WRONG_NAMES)
def test_no_name_leads_elsewhere(engine: Asking, name: str) -> None:
    for path in (f"{SESSION}/files/{name}", f"{name}/files/face.nut", name):
        status, _, data = engine.raw("GET", f"/api/node/recordings/{path}")
        assert status in (404, 307), (path, status, data)
        assert b"not for you" not in data
        assert b"root:" not in data


@pytest.mark.parametrize("session", ["../x", "/tmp/x", "..", "a/b", "NUL", "a\0b", ""])
def test_no_order_writes_elsewhere(engine: Asking, node: Node, session: str) -> None:
    engine.begin()
    before = sorted(node.folder.rglob("*"))
    body = {"take": 1, "session": session, "paths": {"a": "a"}, "hash_raw": [], "copy": None}
    request = {"device": "face", "number": 1, "body": {"kind": "ArmVideo", "body": body}}
    text = json.dumps({"requests": [request]})
    with pytest.raises(Refusal) as refusal:
        engine.ask("POST", f"{engine.run_path}/requests", text.encode())
    assert refusal.value.status == 422
    assert sorted(node.folder.rglob("*")) == before


def test_a_body_too_large_is_refused(engine: Asking) -> None:
    with pytest.raises(Refusal) as refusal:
        engine.ask("PUT", engine.run_path, b" " * (MAX_BODY + 1))
    assert refusal.value.status == 413


def test_a_body_without_a_length_that_is_too_large_is_refused(engine: Asking) -> None:
    connection = connected(engine)
    pieces = iter([b" " * 65536] * 17)
    headers = {"Authorization": f"Bearer {engine.known.token}"}
    connection.request("PUT", engine.run_path, pieces, headers, encode_chunked=True)
    assert connection.getresponse().status == 413
    connection.close()


def test_nobody_else_is_held_up_by_those_who_say_nothing(engine: Asking, node: Node) -> None:
    """Neither by those who never begin TLS, nor by those who never ask, nor by a slow body."""
    place = ("127.0.0.1", node.port)
    alone_s = asking_s(engine)
    silent = [socket.create_connection(place) for _ in range(100)]
    idle = [client_context().wrap_socket(socket.create_connection(place)) for _ in range(10)]
    slow = idle[0]
    head = f"PUT {engine.run_path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
    slow.sendall(f"{head}{engine.known.token}\r\nContent-Length: 100\r\n\r\n{{".encode())
    try:
        assert asking_s(engine) < alone_s + FIRST_S
        slow.settimeout(60)
        assert slow.recv(4096).startswith(b"HTTP/1.1 408")
    finally:
        for connection in (*silent, *idle):
            connection.close()


def asking_s(engine: Asking) -> float:
    """How long it takes to ask a few times, s."""
    began = time.monotonic()
    for _ in range(5):
        engine.info()
    return time.monotonic() - began


def test_plain_http_gets_no_answer(node: Node) -> None:
    with socket.create_connection(("127.0.0.1", node.port), timeout=60) as connection:
        connection.sendall(b"GET /api/node HTTP/1.1\r\nHost: x\r\n\r\n")
        heard = b""
        while data := connection.recv(4096):
            heard += data
    assert b"HTTP" not in heard


def test_a_request_of_yesterday_changes_nothing(engine: Asking) -> None:
    """The very bytes of an order, sent again: neither begins a run anew nor ends one."""
    order = RunOrder(engine="e", version=_version(), wire=WIRE)
    engine.ask("PUT", engine.run_path, encode(order))
    assert engine.info().run_id == engine.run
    replay = Asking(engine.known, engine.run)
    replay.ask("PUT", replay.run_path, encode(order))
    assert engine.info().run_id == engine.run


def _version() -> str:
    import acquire

    return acquire.__version__


def test_fuzzed_requests(engine: Asking, node: Node) -> None:
    """Each is refused or answered, none is a fault of the node's, and all is as it was."""
    engine.begin()
    before = tree(node.data_dir)
    counts: dict[int, int] = {}
    connection = connected(engine)
    for bad in bad_requests(21, FUZZED, engine.run, SESSION):
        for _ in range(2):
            try:
                status = send(connection, engine, bad)
                break
            except (http.client.HTTPException, OSError):  # it was refused without more words
                connection.close()
                connection = connected(engine)
        else:
            pytest.fail(f"{bad}: no answer")
        counts[status] = counts.get(status, 0) + 1
        assert status < 500, bad
    connection.close()
    assert sum(counts.values()) == FUZZED
    assert {200, 401, 403, 404, 405, 422} >= set(counts) - {206, 400, 202, 307, 416, 426}, counts
    assert engine.info().run_id == engine.run
    assert engine.wait_ready().files[0].bytes == len(DATA)
    assert tree(node.data_dir) == before
    assert "Traceback" not in node.stderr, node.stderr


def connected(engine: Asking) -> http.client.HTTPSConnection:
    host, _, port = engine.known.address.partition(":")
    return http.client.HTTPSConnection(host, int(port), timeout=60, context=client_context())


def send(connection: http.client.HTTPSConnection, engine: Asking, bad: Bad) -> int:
    token = {"Authorization": f"Bearer {engine.known.token}"}
    connection.request(bad.method, bad.path, bad.body, {**bad.headers, **token})
    answer = connection.getresponse()
    answer.read()
    return answer.status


def tree(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != ".unisono-daemon.lock"
    }
