"""A TCP server that plays a simulated device's signals to whoever connects."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from devices.arrays import F32Array, I64Array
from devices.base import Channel, Chunk, Device, DeviceError, StreamSpec

SEND_S = 1.0
"""A client that takes nothing for so long is hung up on, as the vendors' programs do."""
MOST_ASKED = 1 << 16
"""Bytes of a request; who sends more without an end speaks something else, and is hung up on."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What is played: the channels of a simulated amplifier."""

    channels: tuple[Channel, ...]
    rate_hz: float
    trigger: int | None  # its column, where it has one

    @property
    def electrodes(self) -> list[int]:
        """The columns that are no trigger."""
        return [i for i in range(len(self.channels)) if i != self.trigger]


@dataclass(frozen=True, slots=True)
class Packet:
    """Rows (n, channels); `first` counts samples since the amplifier was switched on."""

    first: int
    rows: F32Array

    def codes(self, trigger: int | None) -> I64Array:
        """Return the code on the lines at each row, shape (n,)."""
        if trigger is None:
            return np.zeros(len(self.rows), np.int64)
        return self.rows[:, trigger].astype(np.int64)


class Conversation(ABC):
    """The server's side of one connection."""

    def greet(self) -> bytes:
        """Say what is said before anything was asked."""
        return b""

    @abstractmethod
    def hear(self, data: bytes) -> bytes:
        """Answer what a client sent, in whatever pieces.

        Raises:
            ValueError: no client of this program sends that.
        """

    @abstractmethod
    def send(self, packet: Packet) -> bytes:
        """Write a packet; nothing where it was not asked for."""


def as_asked(size: int) -> int:
    """Return how many bytes a request has, or what is there of one.

    Raises:
        ValueError: none has so many.
    """
    if size > MOST_ASKED:
        raise ValueError(f"a request of {size} bytes, expected {MOST_ASKED} at most")
    return size


def codes_begun(codes: I64Array, before: int) -> Iterator[tuple[int, int]]:
    """Yield (row, code) wherever a code comes onto the lines."""
    for at in np.flatnonzero(np.diff(codes, prepend=before)).tolist():
        if codes[at]:
            yield at, int(codes[at])


def signals_of(specs: Sequence[object]) -> Signals:
    """Describe what a simulated device sends."""
    (spec,) = specs
    assert isinstance(spec, StreamSpec)
    kinds = [channel.kind for channel in spec.channels]
    trigger = kinds.index("Trigger") if "Trigger" in kinds else None
    return Signals(spec.channels, spec.rate_hz, trigger)


def packets(device: Device) -> Iterator[Packet | None]:
    """Yield what a simulated device delivers, and None when there is nothing to send."""
    first = 0
    for item in device.read():
        if isinstance(item, Chunk):
            first += item.lost  # the amplifier's count goes on where its link lost something
            yield Packet(first, item.data)
            first += len(item.times)
        else:
            yield None


def no_door(host: str, port: int, error: OSError) -> DeviceError:
    """Say why nobody can listen there, and which option of the stand-in to change."""
    if isinstance(error, socket.gaierror):
        return DeviceError(f"no computer is called {host!r}; choose another --host")
    if error.errno == errno.EADDRNOTAVAIL:
        return DeviceError(f"{host} is no address of this computer; choose another --host")
    why = os.strerror(error.errno or 0)
    return DeviceError(f"{host} port {port}: {why}; choose another --port")


class Server:
    """One listening port; all clients get the same signals."""

    def __init__(self, host: str, port: int, make: Callable[[], Conversation]) -> None:
        """Listen.

        Raises:
            DeviceError: the port is taken or may not be used.
        """
        try:
            family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
            self._door = socket.create_server((host, port), family=family)
        except OSError as error:
            raise no_door(host, port, error) from error
        self._door.setblocking(False)
        self._make = make
        self._clients: dict[socket.socket, Conversation] = {}

    @property
    def port(self) -> int:
        """The port, chosen by the system where 0 was asked for."""
        return int(self._door.getsockname()[1])

    def turn(self, packet: Packet | None) -> None:
        """Let in who waits, answer who asks, and send a packet to all."""
        self._let_in()
        for client, conversation in list(self._clients.items()):
            try:
                if answer := self._answer(client, conversation):
                    _send(client, answer)
                if packet is not None and (data := conversation.send(packet)):
                    _send(client, data)
            except (OSError, ValueError):
                del self._clients[client]
                client.close()

    def _let_in(self) -> None:
        with contextlib.suppress(BlockingIOError):
            client, _ = self._door.accept()
            client.setblocking(False)
            conversation = self._make()
            self._clients[client] = conversation
            if greeting := conversation.greet():
                with contextlib.suppress(OSError):  # gone at once: seen at its next turn
                    _send(client, greeting)

    def _answer(self, client: socket.socket, conversation: Conversation) -> bytes:
        try:
            data = client.recv(1 << 16)  # once a turn: who never stops is not alone here
        except BlockingIOError:
            return b""
        if not data:
            raise ConnectionResetError("the client has closed")
        return conversation.hear(data)

    def hang_up(self) -> None:
        """Close all connections, as a program does that is restarted; the port stays."""
        for client in self._clients:
            client.close()
        self._clients.clear()

    def close(self) -> None:
        """Close everything."""
        self.hang_up()
        self._door.close()


def _send(client: socket.socket, data: bytes) -> None:
    client.settimeout(SEND_S)
    try:
        client.sendall(data)
    finally:
        client.setblocking(False)
