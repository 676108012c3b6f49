"""Certificates, tokens and the code that makes two computers known to each other."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acquire.errors import ConfigError, ControlError
from acquire.node.client import NodeAddress, NodeClient
from acquire.node.pairing.code import (
    HALF,
    LETTERS,
    MAX_TRIES,
    VALID_S,
    PairingWindow,
    check_value,
    code_of,
    halves,
    new_secret,
)
from acquire.node.pairing.known import (
    Engines,
    Identity,
    KnownNode,
    fingerprint_of,
    host_name,
    identity,
    known_node,
    known_nodes,
    remember,
)
from acquire.node.pairing.pair import add_to_rig, pair, rig_lines
from acquire.node.pairing.pinned import PinnedConnection, Unreachable, WrongCertificate
from acquire.node.wire.models import NodeInfo
from acquire.rig.file import load_rig
from acquire.rig.node import NODE_PORT

fingerprints = st.binary(min_size=32, max_size=32).map(bytes.hex)
secret_halves = st.text(LETTERS, min_size=HALF, max_size=HALF)


@pytest.fixture(scope="module")
def me(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity("cam-pc", tmp_path_factory.mktemp("me"))


def test_a_certificate_is_made_once_and_nobody_else_reads_it(tmp_path: Path) -> None:
    first = identity("cam-pc", tmp_path / "node")
    assert identity("cam-pc", tmp_path / "node") == first
    der = ssl.PEM_cert_to_DER_cert(first.certificate.read_text())
    assert first.fingerprint == fingerprint_of(der)
    for path in (first.certificate, first.key):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "node").stat().st_mode) == 0o700
    assert identity("cam-pc", tmp_path / "other").fingerprint != first.fingerprint


def test_a_start_that_was_killed_between_key_and_certificate_is_made_good(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("half")
    assert identity("cam-pc", tmp_path).fingerprint


@pytest.mark.parametrize("damage", ["", "no certificate"])
def test_a_damaged_certificate_says_what_to_do(tmp_path: Path, damage: str) -> None:
    identity("cam-pc", tmp_path).certificate.write_text(damage)
    with pytest.raises(ConfigError, match="pair anew"):
        identity("cam-pc", tmp_path)


def test_a_token_is_known_by_its_hash_alone(tmp_path: Path) -> None:
    engines = Engines(tmp_path)
    assert not engines.permits("")
    token = engines.add("lab-1")
    assert engines.permits(token)
    assert not engines.permits(token[:-1])
    assert not engines.permits(engines.known[0].token_sha256)
    assert Engines(tmp_path).permits(token)
    text = (tmp_path / "engines.json").read_text()
    assert token not in text
    assert stat.S_IMODE((tmp_path / "engines.json").stat().st_mode) == 0o600
    again = engines.add("lab-1")  # paired anew: the old token is worth nothing
    assert engines.permits(again)
    assert not engines.permits(token)
    (tmp_path / "engines.json").write_text("{")
    with pytest.raises(ConfigError, match="pair anew"):
        Engines(tmp_path)


def test_a_token_that_cannot_be_kept_lets_nobody_in(tmp_path: Path) -> None:
    engines = Engines(tmp_path / "file" / "x")
    (tmp_path / "file").write_text("")
    with pytest.raises(NotADirectoryError):
        engines.add("lab-1")
    assert engines.known == ()


def test_known_nodes(tmp_path: Path) -> None:
    assert known_nodes(tmp_path) == []
    one = KnownNode(name="cam-pc", address="10.0.0.2", fingerprint="ab" * 32, token="t")
    path = remember(one, tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert known_nodes(tmp_path) == [one]
    assert known_node("ab" * 32, tmp_path) == one
    with pytest.raises(ConfigError, match="unisono pair"):
        known_node("cd" * 32, tmp_path)
    path.write_text('{"name": "../x"}')
    with pytest.raises(ConfigError, match="pair anew"):
        known_nodes(tmp_path)


def test_a_host_name_is_a_name_that_a_node_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    for given_name, name in [("cam.lab.org", "cam"), ("-ä b", "b"), ("ü", "node"), ("", "node")]:
        monkeypatch.setattr(socket, "gethostname", lambda given_name=given_name: given_name)
        assert host_name() == name


# The code.


@given(secret_halves, fingerprints)
def test_a_code_is_read_as_it_is_shown(secret: str, fingerprint: str) -> None:
    code = code_of(secret, fingerprint)
    assert halves(code) == (secret, check_value(secret, fingerprint))
    sloppy = code.lower().replace("0", "o").replace("1", "l").replace("-", " ")
    assert halves(sloppy) == halves(code)


@given(secret_halves, fingerprints, fingerprints)
def test_the_check_value_is_that_of_one_certificate(secret: str, one: str, other: str) -> None:
    assert (check_value(secret, one) == check_value(secret, other)) == (one == other)


def test_the_check_value_depends_on_the_secret() -> None:
    """Else a certificate with this value could be looked for before the code is shown."""
    values = {check_value(new_secret(), "ab" * 32) for _ in range(100)}
    assert len(values) == 100


@pytest.mark.parametrize("code", ["", "ABCD", "U" * 16, "A" * 17, "ÄBCD-ABCD-ABCD-ABCD"])
def test_what_is_no_code_is_not_tried(code: str) -> None:
    with pytest.raises(ConfigError, match="16"):
        halves(code)


def test_a_window_closes_with_the_fifth_wrong_try() -> None:
    window = PairingWindow("ab" * 32)
    secret, _ = halves(window.code)
    for _ in range(MAX_TRIES):
        assert window.is_open
        assert not window.admits("0" * HALF)
    assert not window.is_open
    assert not window.admits(secret)


def test_a_window_closes_with_the_first_engine() -> None:
    window = PairingWindow("ab" * 32)
    secret, _ = halves(window.code)
    assert not window.admits("x")
    assert window.admits(secret)
    assert not window.admits(secret)


def test_a_window_closes_with_the_time() -> None:
    now = [100.0]
    window = PairingWindow("ab" * 32, lambda: now[0])
    secret, _ = halves(window.code)
    now[0] += VALID_S
    assert not window.admits(secret)


# The connection.


@contextmanager
def serving(who: Identity, answer: bytes = b"") -> Iterator[tuple[str, list[bytes]]]:
    """Speak TLS as `who`, once; gives the address, and what was said to it.

    `answer` is said again and again.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(who.certificate, who.key)
    heard: list[bytes] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            connection, _ = listener.accept()
            with connection, context.wrap_socket(connection, server_side=True) as tls:
                tls.settimeout(0.05 if answer else None)
                while True:
                    tls.sendall(answer)
                    with contextlib.suppress(TimeoutError):
                        if not (data := tls.recv(4096)):
                            break
                        heard.append(data)
        except OSError:
            pass

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}", heard
    finally:
        listener.close()
        thread.join(60)


def test_nothing_is_said_to_another_certificate(me: Identity, tmp_path: Path) -> None:
    other = identity("cam-pc", tmp_path)
    with serving(other) as (address, heard):
        connection = PinnedConnection(address, me.fingerprint)
        with pytest.raises(WrongCertificate, match="pair with it anew"):
            connection.request("GET", "/api/node", headers={"Authorization": "Bearer secret"})
    assert heard == []


def test_the_certificate_that_is_known_is_talked_to(me: Identity) -> None:
    with serving(me) as (address, heard):
        connection = PinnedConnection(address, me.fingerprint)
        connection.request("GET", "/api/node")
        connection.close()
    assert b"GET /api/node" in b"".join(heard)


@pytest.mark.parametrize("answer", [b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "])
def test_an_answer_that_never_begins_is_not_waited_for(me: Identity, answer: bytes) -> None:
    with serving(me, answer) as (address, _):
        node = NodeAddress("cam-pc", address, me.fingerprint, "token")
        before = time.monotonic()
        with NodeClient(node) as client, pytest.raises(Unreachable, match="does not answer"):
            client.ask("GET", "/api/node", NodeInfo, timeout_s=0.5)
        assert time.monotonic() - before < 10  # it goes on for ever


def test_a_code_is_not_given_to_another_certificate(me: Identity, tmp_path: Path) -> None:
    """Somebody between the two shows a certificate of his own, and learns nothing of the code."""
    code = PairingWindow(me.fingerprint).code
    between = identity("cam-pc", tmp_path)
    with serving(between) as (address, heard), pytest.raises(ControlError, match="between"):
        pair(address, code, "lab-1")
    assert heard == []


def test_nobody_there() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # it does not listen, and nobody else has the port
        port = nobody.getsockname()[1]
        with pytest.raises(Unreachable, match="firewall"):
            PinnedConnection(f"127.0.0.1:{port}", None).connect()


def test_somebody_who_speaks_no_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer() -> None:
            with listener.accept()[0] as connection:
                connection.sendall(b"HTTP/1.1 400 what\r\n\r\n")

        thread = threading.Thread(target=answer)
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(Unreachable):
            PinnedConnection(f"127.0.0.1:{port}", None).connect()
        thread.join(60)


@pytest.mark.parametrize("address", ["", "a b", "http://x", "x:99999", "x:0", "x/y", "[::1"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(ConfigError, match="address"):
        PinnedConnection(address, None)


def test_an_address_without_a_port_has_that_of_nodes() -> None:
    assert PinnedConnection("cam-pc", None).port == NODE_PORT


# The rig.


def test_a_node_is_added_to_a_rig_file(tmp_path: Path) -> None:
    known = KnownNode(name="cam-pc", address="10.0.0.2", fingerprint="ab" * 32, token="t0ken")
    assert "t0ken" not in rig_lines(known)
    path = tmp_path / "rig.toml"
    path.write_text('# mine\n[rig]\nname = "lab"')
    add_to_rig(known, path)
    (node,) = load_rig(path).nodes
    assert (node.name, node.address, node.fingerprint) == ("cam-pc", "10.0.0.2", "ab" * 32)
    assert path.read_text().startswith("# mine\n")
    before = path.read_text()
    add_to_rig(known.model_copy(update={"fingerprint": "cd" * 32}), path)  # it was set up anew
    assert path.read_text() == before.replace("ab" * 32, "cd" * 32)
    before = path.read_text()
    with pytest.raises(ConfigError, match="cam-pc"):
        add_to_rig(known.model_copy(update={"address": "10.0.0.3"}), path)  # twice the same name
    assert path.read_text() == before
    with pytest.raises(ConfigError, match="yourself"):
        add_to_rig(known, tmp_path / "none.toml")


def test_a_damaged_file_of_one_node_costs_no_other(tmp_path: Path) -> None:
    one = KnownNode(name="cam-pc", address="10.0.0.2", fingerprint="ab" * 32, token="t")
    damaged = remember(one, tmp_path).with_name(f"{'cd' * 32}.json")
    damaged.write_text("{")
    assert known_node("ab" * 32, tmp_path) == one
    with pytest.raises(ConfigError, match=r"cannot be read; delete it and pair anew"):
        known_node("cd" * 32, tmp_path)


@pytest.mark.parametrize("token", ["", "日本", "a b", "a\r\nX: 1", "a" * 201])
def test_a_token_that_no_header_can_carry_is_none(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        KnownNode(name="cam-pc", address="10.0.0.2", fingerprint="ab" * 32, token=token)


def test_the_umask_is_of_no_matter(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        made = identity("cam-pc", tmp_path / "x" / "y")
    finally:
        os.umask(before)
    assert stat.S_IMODE(made.key.stat().st_mode) == 0o600
