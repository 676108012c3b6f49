"""Doors through which a program on another computer connects to us, and what comes through."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator

from devices.base import DeviceError, DeviceLost
from devices.network.connection import READ_BYTES, addresses_of, keep_alive


class Doors:
    """One door for each connection that is to come from `host`; nobody else is let in."""

    def __init__(self, host: str, port: int, count: int) -> None:
        """Open `count` doors at that address of ours which `host` sees.

        Raises:
            DeviceError: there is no way to `host`.
        """
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.here = _own_address(host, port, family)
        self.ended: DeviceLost | None = None
        """Why the first of the connections has ended."""
        self.strangers_to_tell: list[str] = []
        """Who was not let in, each once."""
        self._strangers: set[str] = set()
        self._host = host
        self._selector = selectors.DefaultSelector()
        self._doors = [
            socket.create_server((self.here, 0), family=family, backlog=1) for _ in range(count)
        ]
        self._links: list[socket.socket] = []
        for place, door in enumerate(self._doors):
            door.setblocking(False)
            self._selector.register(door, selectors.EVENT_READ, (place, None))

    @property
    def ports(self) -> list[int]:
        """The number of each door."""
        return [int(door.getsockname()[1]) for door in self._doors]

    @property
    def entered(self) -> bool:
        """Whether anybody has come through yet."""
        return bool(self._links)

    @property
    def connected(self) -> bool:
        """Whether a connection is open."""
        return any(key.data[1] is not None for key in self._selector.get_map().values())

    def received(self, wait_s: float) -> Iterator[tuple[int, bytes]]:
        """Wait for something, and yield (place of the door, bytes) of each that has some."""
        for key, _ in self._selector.select(wait_s):
            place, link = key.data
            if link is None:
                self._let_in(place)
                continue
            try:
                yield place, _received(link)
            except DeviceLost as gone:
                self._selector.unregister(link)
                self.ended = self.ended or gone

    def _let_in(self, place: int) -> None:
        try:
            link, address = self._doors[place].accept()
        except OSError:  # it has changed its mind
            return
        if address[0] not in addresses_of(self._host):
            link.close()
            if address[0] not in self._strangers:
                self._strangers.add(address[0])
                self.strangers_to_tell.append(address[0])
            return
        link.setblocking(False)
        keep_alive(link)
        self._links.append(link)
        self._selector.unregister(self._doors[place])
        self._selector.register(link, selectors.EVENT_READ, (place, link))

    def close(self) -> None:
        """Shut all."""
        self._selector.close()  # before what it watches: it asks each for its number
        for one in (*self._links, *self._doors):
            one.close()


def _received(link: socket.socket) -> bytes:
    try:
        data = link.recv(READ_BYTES)
    except OSError as error:
        raise DeviceLost(f"AcqKnowledge is gone: {error.strerror or error}") from error
    if not data:
        raise DeviceLost("AcqKnowledge has closed the connection: its acquisition has ended")
    return data


def _own_address(host: str, port: int, family: int) -> str:
    """Find the address of this computer that `host` sees: only there are the doors."""
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((host, port))  # of a datagram socket: nothing is sent
            return str(probe.getsockname()[0])
        except OSError as error:
            raise DeviceError(f"there is no way to {host}: {error.strerror or error}") from error
