"""Who knows whom: the node's certificate, the engines that it lets in, the nodes that we know.

All of it lies in the user's configuration folder, in files that only the user may read: `node/NAME`
on the node's computer, `nodes` on the engine's. A token is in no rig file and in no data folder.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import secrets
import socket
import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from acquire.errors import ConfigError
from acquire.node.wire.models import NodeName, Sha256, ShortText, Token
from acquire.validation_text import first_problem
from recordings.disk.atomic import put_in_place

YEARS: Final = 20
TOKEN_BYTES: Final = 32
MAX_ENGINES: Final = 100


class _Kept(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class KnownNode(_Kept):
    """A node that this user has paired with."""

    name: NodeName
    address: ShortText  # host or host:port
    fingerprint: Sha256  # of its certificate
    token: Token


class KnownEngine(_Kept):
    """An engine that a node lets in."""

    name: ShortText
    token_sha256: Sha256
    since: ShortText


class _Engines(_Kept):
    engines: tuple[KnownEngine, ...] = ()


def config_folder() -> Path:
    """Return where this user's trust is kept."""
    from platformdirs import user_config_path

    return user_config_path("unisono")


def fingerprint_of(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate (DER), in hexadecimal."""
    return hashlib.sha256(certificate).hexdigest()


# On the node.


@dataclass(frozen=True, slots=True)
class Identity:
    """What a node shows of itself: files as PEM, and what is pinned."""

    certificate: Path
    key: Path
    fingerprint: str


def identity(name: str, folder: Path) -> Identity:
    """Find a node's certificate and key in `folder`, or make them: at its first start.

    Raises:
        ConfigError: they cannot be read, written, or do not belong together.
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not certificate.exists():  # it is written last
        _make_certificate(name, certificate, key)
    return Identity(certificate, key, _read_certificate(certificate, key))


def _make_certificate(name: str, certificate: Path, key: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a lab's computers disagree about the date
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .sign(private, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    _write_secret(key, private.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    _write_secret(certificate, made.public_bytes(pem))


def _read_certificate(certificate: Path, key: Path) -> str:
    import ssl

    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key, password="")
        return fingerprint_of(ssl.PEM_cert_to_DER_cert(certificate.read_text("ascii")))
    except (OSError, ValueError) as error:  # SSLError is an OSError
        raise ConfigError(
            f"{certificate}: this node's certificate and key cannot be used ({error}); delete "
            f"{certificate.parent} and pair anew"
        ) from error


class Engines:
    """The engines that a node lets in; the tokens themselves are not kept."""

    def __init__(self, folder: Path) -> None:
        """Read them.

        Raises:
            ConfigError: the file cannot be read.
        """
        self._path = folder / "engines.json"
        # Requests ask, in threads of their own; a pairing adds.
        self._lock = threading.Lock()
        self._known = self._read()

    def _read(self) -> tuple[KnownEngine, ...]:
        try:
            text = self._path.read_text(encoding="utf-8")
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{self._path}: cannot be read: {error}") from error
        try:
            return _Engines.model_validate_json(text).engines
        except ValidationError as error:
            raise ConfigError(
                f"{self._path}: {first_problem(error)}; delete it and pair anew"
            ) from error

    @property
    def known(self) -> tuple[KnownEngine, ...]:
        """All of them, the newest last."""
        return self._known

    def permits(self, token: str) -> bool:
        """Say whether a token is one of theirs."""
        given = hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
        return any(hmac.compare_digest(given, e.token_sha256) for e in self._known)

    def add(self, name: str) -> str:
        """Let another engine in, and return its token.

        One of the same name is replaced: it has been paired anew.

        Raises:
            OSError: it cannot be written down; the engine is not let in then.
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        digest = hashlib.sha256(token.encode()).hexdigest()
        new = KnownEngine(
            name=name, token_sha256=digest, since=datetime.now(UTC).isoformat(timespec="seconds")
        )
        with self._lock:
            others = tuple(e for e in self._known if e.name != name)[-MAX_ENGINES + 1 :]
            known = (*others, new)
            _write_secret(self._path, _Engines(engines=known).model_dump_json(indent=1).encode())
            self._known = known
        return token


# On the engine.


def remember(node: KnownNode, folder: Path | None = None) -> Path:
    """Keep a node that was paired with; return the file.

    Raises:
        OSError: it cannot be written.
    """
    path = _path_of(node.fingerprint, folder)
    _write_secret(path, node.model_dump_json(indent=1).encode())
    return path


def _path_of(fingerprint: str, folder: Path | None) -> Path:
    return (folder or config_folder()) / "nodes" / f"{fingerprint}.json"


def _read_node(path: Path) -> KnownNode:
    try:
        return KnownNode.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        raise ConfigError(f"{path}: cannot be read; delete it and pair anew") from error


def known_nodes(folder: Path | None = None) -> list[KnownNode]:
    """List the nodes that this user has paired with, by name.

    Raises:
        ConfigError: one of the files cannot be read.
    """
    found = [_read_node(path) for path in ((folder or config_folder()) / "nodes").glob("*.json")]
    return sorted(found, key=lambda node: (node.name, node.fingerprint))


def known_node(fingerprint: str, folder: Path | None = None) -> KnownNode:
    """Give the node that has a fingerprint.

    Raises:
        ConfigError: this user has not paired with it, or what is known cannot be read.
    """
    path = _path_of(fingerprint, folder)
    if path.exists():  # alone: a damaged file of another node is none of its business
        return _read_node(path)
    raise ConfigError(
        f"fingerprint {fingerprint[:16]}…: this user has paired with no such node; start it with "
        "--pair and call `unisono pair ADDRESS` here"
    )


def host_name() -> str:
    """Name this computer with the letters that a node may have."""
    name = socket.gethostname().partition(".")[0]
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in name)
    return kept.lstrip("_-")[:63] or "node"


def _write_secret(path: Path, data: bytes) -> None:
    """Write a file that only this user may read, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    with contextlib.suppress(FileNotFoundError):
        part.unlink()
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    put_in_place(part, path)
