"""A port for whoever binds it later."""

from __future__ import annotations

import contextlib
import secrets
import socket


def free_port(*, udp: bool = False) -> int:
    """Find a port of this computer that nobody else comes by meanwhile.

    It lies below those that systems give out by themselves, and below those of LSL in these tests.
    """
    kind = socket.SOCK_DGRAM if udp else socket.SOCK_STREAM
    while True:
        port = 10_000 + secrets.randbelow(7_000)
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, kind) as side:
            side.bind(("127.0.0.1", port))
            return port
