"""An HTTPS connection to the one certificate that is known, and to no other."""

from __future__ import annotations

import contextlib
import errno
import hmac
import http.client
import math
import os
import selectors
import socket
import ssl
import time
from typing import Any, Final

from acquire.errors import ConfigError, ControlError
from acquire.node.pairing.known import fingerprint_of
from acquire.rig.node import NODE_PORT
from devices.addresses import host_and_port

CONNECT_S: Final = 5.0
LOOK_S: Final = 0.1
"""How often who connects sees whether anybody still waits for it."""


class Unreachable(ControlError):
    """Nobody answers at a node's address."""


class WrongCertificate(ControlError):
    """Somebody else answers at a node's address."""


class PatientSocket(ssl.SSLSocket):
    """Ends all waiting at a deadline: a timeout begins anew with each byte, however slow they come.

    Without it headers that never end, or interim answers, would hold a thread for good.
    """

    deadline: float = math.inf  # monotonic time

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        """Receive, until the deadline at most.

        Raises:
            TimeoutError: that is over.
        """
        if self.deadline < math.inf:
            if (left := self.deadline - time.monotonic()) <= 0:
                raise TimeoutError("its answer does not come to an end")
            self.settimeout(min(left, self.gettimeout() or left))
        return super().recv_into(buffer, nbytes, flags)


def client_context() -> ssl.SSLContext:
    """Make a TLS context that takes every certificate: `PinnedConnection` looks at it itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.sslsocket_class = PatientSocket
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # no authority has signed it; its hash is what counts
    return context


class PinnedConnection(http.client.HTTPConnection):
    """A connection on which nothing is sent before the other side has shown its certificate.

    Args:
        address: of the node.
        fingerprint: what its certificate must have; None: any, as `fingerprint` then tells.
        timeout_s: for connecting, and for every wait for the other side.

    Raises:
        ConfigError: `address` is none.
    """

    def __init__(self, address: str, fingerprint: str | None, timeout_s: float = CONNECT_S) -> None:
        try:
            host, port = host_and_port(address)
        except ValueError as error:
            raise ConfigError(f"address {address[:100]!r}: {error}") from error
        super().__init__(host, port or NODE_PORT, timeout=timeout_s)
        self._timeout_s = timeout_s
        self.address = address
        self._is_interrupted = False
        self._expected = fingerprint
        self.fingerprint = ""
        """Of the certificate that was shown, once connected."""

    def interrupt(self) -> None:
        """Have whatever waits for the other side fail, from another thread; for good.

        Only the search for a host's address is waited for: the system has no end for that.
        """
        self._is_interrupted = True  # first: a socket that is just being made is left, too
        if (sock := self.sock) is not None:
            with contextlib.suppress(OSError):  # it is closed already
                # Not `SSLSocket.shutdown`, which takes from the reader what it reads by.
                socket.socket.shutdown(sock, socket.SHUT_RDWR)

    def connect(self) -> None:
        """Connect, and see who is there.

        Raises:
            Unreachable: nobody, or nobody who speaks TLS.
            WrongCertificate: somebody else.
        """
        try:
            self.sock = self._reach()
            # Not by `HTTPSConnection`: before the other side has spoken nobody can interrupt that.
            self.sock = client_context().wrap_socket(
                self.sock, do_handshake_on_connect=False, server_hostname=self.host
            )
            self._see_whether_wanted()
            self.sock.do_handshake()
        except (OSError, UnicodeError) as error:  # SSLError is an OSError
            self.close()
            reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise Unreachable(
                f"{self.address}: no node answers ({reason}); is it running, and does a firewall "
                "let it be reached?"
            ) from error
        assert isinstance(self.sock, PatientSocket)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.fingerprint = fingerprint_of(self.sock.getpeercert(binary_form=True) or b"")
        if self._expected is not None and not hmac.compare_digest(self.fingerprint, self._expected):
            self.close()
            raise WrongCertificate(
                f"{self.address}: shows the certificate {self.fingerprint[:16]}…, and "
                f"{self._expected[:16]}… is known; if the node was set up anew, pair with it anew"
            )

    def _reach(self) -> socket.socket:
        """Connect to the first of the host's addresses where somebody answers.

        Raises:
            OSError: nobody does, or nobody waits for it any more.
        """
        failure = OSError(f"{self.host} has no address")
        for family, kind, protocol, _, place in socket.getaddrinfo(
            self.host, self.port, type=socket.SOCK_STREAM
        ):
            sock = socket.socket(family, kind, protocol)
            try:
                self._connect(sock, place)
            except OSError as error:
                sock.close()
                failure = error
            else:
                return sock
        raise failure

    def _connect(self, sock: socket.socket, place: Any) -> None:
        """Connect a socket within the timeout; nobody can interrupt a plain `connect`."""
        sock.setblocking(False)
        code = sock.connect_ex(place)
        if code in (errno.EINPROGRESS, errno.EWOULDBLOCK):
            deadline = time.monotonic() + self._timeout_s
            with selectors.DefaultSelector() as selector:
                selector.register(sock, selectors.EVENT_WRITE)
                while not selector.select(LOOK_S):
                    self._see_whether_wanted()
                    if time.monotonic() > deadline:
                        raise TimeoutError("timed out")
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        sock.settimeout(self._timeout_s)

    def _see_whether_wanted(self) -> None:
        if self._is_interrupted:
            raise OSError("is not waited for any more")
