"""A simulated amplifier's server in a thread, and one that sends whatever it is given."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import numpy as np

from devices.base import Channel
from devices.simulation.servers.serving import Conversation, Packet, Server, Signals
from tests.devices.wire import RealClock

RATE_HZ = 500.0
LABELS = ("Fp1", "Cz", "VEOG", "Trigger")


class Turning(Protocol):
    """What is turned with packets."""

    @property
    def port(self) -> int: ...
    def turn(self, packet: Packet | None) -> None: ...
    def close(self) -> None: ...


def has_ipv6() -> bool:
    """Whether this computer can listen at `::1`."""
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


def signals(count: int = 4, rate_hz: float = RATE_HZ) -> Signals:
    """Describe `count` channels, the last one a trigger."""
    names = [*(f"E{i}" for i in range(count - 4)), *LABELS]
    channels = tuple(
        Channel(
            x,
            "" if x == "Trigger" else "microvolts",
            {"Trigger": "Trigger", "VEOG": "EOG"}.get(x, "EEG"),
        )
        for x in names
    )
    return Signals(channels, rate_hz, count - 1)


def numbered(first: int, count: int, channels: int = 4) -> Packet:
    """Make rows whose first column is the sample's number, and whose last one holds codes."""
    rows = np.zeros((count, channels), np.float32)
    number = np.arange(first, first + count)
    rows[:, 0] = number
    rows[:, 1] = -number
    rows[:, -1] = np.where(number % 100 == 50, number // 100 + 1, 0)
    return Packet(first, rows)


class Playing:
    """Turns a server in a thread, 20 ms a packet; `skip`: packets that it loses."""

    def __init__(self, server: Turning, rate_hz: float = RATE_HZ, channels: int = 4) -> None:
        self.server = server
        self.skip = 0
        self.hold = threading.Event()
        self.cut = False  # closes all connections once
        self._size = round(rate_hz * 0.02)
        self._channels = channels
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play)
        self._thread.start()

    def _play(self) -> None:
        first = 0
        while not self._stop.wait(0.02):
            if self.hold.is_set():
                self.server.turn(None)
                continue
            if self.cut and isinstance(self.server, Server):
                self.cut = False
                self.server.hang_up()
            if self.skip:
                first, self.skip = first + self.skip * self._size, 0
            self.server.turn(numbered(first, self._size, self._channels))
            first += self._size

    def close(self) -> None:
        """Stop and close the server."""
        self._stop.set()
        self._thread.join()
        self.server.close()


@contextlib.contextmanager
def playing(make: Callable[[], Conversation]) -> Iterator[Playing]:
    """Serve conversations on a free port."""
    played = Playing(Server("127.0.0.1", 0, make))
    try:
        yield played
    finally:
        played.close()


class Scripted:
    """Answers each connection with the next of its scripts, byte for byte, then stays or closes."""

    def __init__(self, scripts: Iterable[tuple[Iterable[bytes], bool]]) -> None:
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._scripts = list(scripts)
        self._links: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        for pieces, stays in self._scripts:
            try:
                link, _ = self._door.accept()
            except OSError:
                return
            self._links.append(link)
            link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with contextlib.suppress(OSError):  # the driver has hung up
                for piece in pieces:
                    link.sendall(piece)
                if not stays:
                    link.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close everything."""
        with contextlib.suppress(OSError):
            self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join()
        for link in self._links:
            link.close()


@contextlib.contextmanager
def scripted(*scripts: tuple[Iterable[bytes], bool]) -> Iterator[Scripted]:
    """Serve scripts: (pieces, whether the connection stays open)."""
    server = Scripted(scripts)
    try:
        yield server
    finally:
        server.close()


def opened(driver: Any, port: int, **more: Any) -> Any:
    """Make a driver for a port of this computer."""
    settings = {"name": "amp", "host": "127.0.0.1", "port": port, "connect_s": 5.0, **more}
    return driver(driver.Settings(**settings), RealClock())
