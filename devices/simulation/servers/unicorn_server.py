"""Stands in for Unicorn UDP: a datagram a sample."""

from __future__ import annotations

import socket
import struct

from devices.simulation.servers.serving import Packet, no_door


class UnicornServer:
    """Sends to one address; who listens there, it does not know."""

    def __init__(self, host: str, port: int) -> None:
        """Find the address.

        Raises:
            DeviceError: there is none of that name.
        """
        try:
            family, _, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)[0]
        except OSError as error:
            raise no_door(host, port, error) from error
        self._to = place
        self._socket = socket.socket(family, socket.SOCK_DGRAM)
        self.port = port

    def turn(self, packet: Packet | None) -> None:
        """Send its first eight channels, and still gravity."""
        if packet is None:
            return
        for number, row in enumerate(packet.rows, packet.first):
            eeg = [*row[:8].tolist(), *[0.0] * (8 - min(8, len(row)))]
            values = (*eeg, 0, 0, 1, 0, 0, 0, 90, number % (1 << 24), 1)
            try:
                self._socket.sendto(struct.pack("<17f", *values), self._to)
            except ConnectionRefusedError:  # nobody listens there yet
                continue

    def close(self) -> None:
        """Close it."""
        self._socket.close()
