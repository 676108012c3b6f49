"""A TCP connection to a device's server; every wait on it has an end."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import Annotated

from pydantic import AfterValidator, Field

from devices.addresses import host_and_port
from devices.base import DeviceError, DeviceLost

WAIT_S = 0.1
"""How long a read waits: a driver owes something every 200 ms."""
COALESCE_S = 0.005
"""Bytes are fetched no more often than this: small packets would take a core."""
WRITE_S = 2.0
READ_BYTES = 1 << 18


def _without_port(text: str) -> str:
    host, port = host_and_port(text)
    if port is not None:
        raise ValueError(f"it is {host!r} alone; the port, {port}, has a setting of its own")
    return host


Host = Annotated[str, Field(min_length=1, max_length=253), AfterValidator(_without_port)]
"""A computer's name or address, in settings; an IPv6 address with [ ] or without."""

Port = Annotated[int, Field(ge=1, le=65535, description="of the amplifier's program")]
"""A driver that has a default gives it as `port: Port = 4455`, and keeps the limits."""

_KEEP_ALIVE = (("TCP_KEEPIDLE", 5), ("TCP_KEEPINTVL", 2), ("TCP_KEEPCNT", 3))
"""After 5 s without a byte the system asks; unanswered for 6 s more, the line is dead."""


def keep_alive(link: socket.socket) -> None:
    """Have the system find out that a line is dead, though nothing is sent."""
    with contextlib.suppress(OSError):  # not every stack has it
        link.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in _KEEP_ALIVE:
            if (option := getattr(socket, name, None)) is not None:
                link.setsockopt(socket.IPPROTO_TCP, option, value)


def explain(error: OSError, host: str, port: int, remedy: str) -> str:
    """Say why a server cannot be reached and what to do about it."""
    place = f"{host} port {port}"
    if isinstance(error, socket.gaierror):
        return f"no computer is called {host!r}; write its address (192.168.0.10) as `host`"
    if isinstance(error, ConnectionRefusedError):
        return f"{place} refuses the connection: nothing listens there; {remedy}"
    if isinstance(error, TimeoutError):
        return (
            f"{place} does not answer; is that computer on, in this network, and does its "
            f"firewall let port {port} through? Then: {remedy}"
        )
    if error.errno in (errno.ENETUNREACH, errno.EHOSTUNREACH):
        return f"there is no way to {host}; check the network cable and both computers' addresses"
    return f"{place}: {error.strerror or error}; {remedy}"


def addresses_of(host: str) -> set[str]:
    """Give the addresses of a computer, and its name where it has none."""
    with contextlib.suppress(OSError):
        return {str(found[4][0]) for found in socket.getaddrinfo(host, None)}
    return {host}


class Connection:
    """One connection."""

    def __init__(self, host: str, port: int, *, wait_s: float, remedy: str) -> None:
        """Connect.

        Raises:
            DeviceError: nobody answers.
        """
        self.place = f"{host} port {port}"
        try:
            self._socket = socket.create_connection((host, port), timeout=wait_s)
        except OSError as error:
            raise DeviceError(explain(error, host, port, remedy)) from error
        self._socket.settimeout(WAIT_S)
        with contextlib.suppress(OSError):  # small requests leave at once; not every stack has it
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        keep_alive(self._socket)

    def read(self) -> bytes:
        """Wait up to 0.1 s for bytes, and take what is there; b"" where nothing came.

        Raises:
            DeviceLost: the other side has closed, or cannot be reached any more.
        """
        try:
            data = self._socket.recv(READ_BYTES)
        except TimeoutError:
            return b""
        except OSError as error:
            raise DeviceLost(f"{self.place} is gone: {error.strerror or error}") from error
        if not data:
            raise DeviceLost(f"{self.place} has closed the connection")
        return data

    def write(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            DeviceLost: the other side takes nothing.
        """
        try:
            self._socket.settimeout(WRITE_S)
            self._socket.sendall(data)
            self._socket.settimeout(WAIT_S)
        except OSError as error:
            raise DeviceLost(
                f"{self.place} takes nothing any more: {error.strerror or error}"
            ) from error

    def close(self) -> None:
        """Close it."""
        self._socket.close()
