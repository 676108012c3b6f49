"""A daemon that other computers may reach: TLS, token, and RCS only where its risk is named."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import trustme
from websockets.sync.client import connect

from tests.acquire.daemon_program import Daemon, Remote
from tests.acquire.program import TIMEOUT_S, unisono, wait_for, write_rig

TOKEN = "0123456789abcdef-secret"
RIG = '[[device]]\nname = "{eeg}"\ndriver = "simulated-eeg"\nchannels = 2\nrate_hz = 100\n'


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a certificate that a client can verify, and a token."""
    folder = tmp_path_factory.mktemp("network")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(folder / "cert.pem", append=True)
    (folder / "token").write_text(TOKEN)
    (folder / "token").chmod(0o600)
    return folder


@pytest.fixture(scope="module")
def daemon(folder: Path) -> Iterator[Daemon]:
    files = {"--token-file": "token", "--tls-cert": "cert.pem", "--tls-key": "key.pem"}
    options = [x for option, name in files.items() for x in (option, str(folder / name))]
    with Daemon(folder, "--host", "0.0.0.0", *options, rig=RIG) as daemon:
        wait_for(lambda: daemon.url, what="ready line")
        yield daemon


@pytest.fixture
def trust(folder: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(folder / "ca.pem"))


def address(daemon: Daemon) -> str:
    return daemon.url.replace("0.0.0.0", "127.0.0.1")


def test_encrypted_and_closed_to_strangers(daemon: Daemon, trust: ssl.SSLContext) -> None:
    assert daemon.url.startswith("https://0.0.0.0:")
    assert "warning" not in daemon.stderr
    with httpx.Client(base_url=address(daemon), verify=trust, timeout=TIMEOUT_S) as http:
        assert http.get("/healthz").status_code == 200
        assert http.get("/api/status").status_code == 401
        assert http.get("/metrics").status_code == 401
        told = http.get("/api/status", headers={"authorization": f"Bearer {TOKEN}"}).json()
        assert told["state"] in ("opening", "idle")
    url = address(daemon).replace("https", "wss") + "/api/ws"
    headers = {"authorization": f"Bearer {TOKEN}"}
    with connect(url, ssl=trust, additional_headers=headers) as stream:
        assert json.loads(stream.recv(TIMEOUT_S))["type"] == "status"


def test_remote_control_has_no_password_and_stays_here(daemon: Daemon) -> None:
    listening = next(x for x in daemon.stderr.splitlines() if x.startswith("rcs "))
    assert listening.startswith("rcs 127.0.0.1:")
    with Remote(daemon.rcs_port) as remote:
        assert remote.ask("status").startswith("OK ")


def test_remote_control_for_anyone_is_asked_for_by_name(tmp_path: Path, folder: Path) -> None:
    options = ("--host", "0.0.0.0", "--token-file", str(folder / "token"), "--rcs-to-anyone")
    with Daemon(tmp_path, *options, rig=RIG) as daemon:
        wait_for(lambda: daemon.url, what="ready line")
        assert "the token goes over the network unencrypted" in daemon.stderr
        assert "rcs 0.0.0.0:" in daemon.stderr
        with socket.create_connection(("127.0.0.1", daemon.rcs_port)) as there:
            there.sendall(b"status\n")
            assert there.recv(100).startswith(b"OK ")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (("--tls-cert", "cert.pem"), "--tls-cert and --tls-key go together"),
        (("--tls-cert", "none.pem", "--tls-key", "key.pem"), "cannot be used for TLS"),
        (("--tls-cert", "key.pem", "--tls-key", "cert.pem"), "both as PEM"),
    ],
)
def test_files_that_are_no_certificate(
    options: tuple[str, ...], reason: str, tmp_path: Path, folder: Path
) -> None:
    named = [str(folder / o) if o.endswith(".pem") else o for o in options]
    data = ("--data-dir", str(tmp_path / "data"))
    refused = unisono("daemon", write_rig(tmp_path, ""), *named, *data, folder=tmp_path)
    assert refused.code == 2
    assert reason in refused.error
