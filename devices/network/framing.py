"""Packets whose header says how long they are, out of a stream of bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from devices.base import DeviceError

LARGEST = 16 << 20
"""What no packet of an amplifier needs: a second of 256 channels at 16 kHz, bytes."""


class WireError(DeviceError):
    """What came is not the protocol that was expected; the message says what was seen."""


class UnusableError(WireError):
    """What came is the protocol that was expected, and nothing that can be recorded."""


class Framer:
    """Cuts bytes into header and body, whatever pieces they arrive in."""

    def __init__(self, header_bytes: int, body_bytes: Callable[[bytes], int]) -> None:
        """Take how long a header is, and what tells from one how long its body is.

        `body_bytes` raises `WireError` where the header cannot be one.
        """
        self._header_bytes = header_bytes
        self._body_bytes = body_bytes
        self._buffer = bytearray()

    def feed(self, data: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield (header, body) of each packet that is complete now.

        Raises:
            WireError: the bytes are no such packets; nothing behind them can be read.
        """
        self._buffer += data
        at = 0
        try:
            while len(self._buffer) - at >= self._header_bytes:
                header = bytes(self._buffer[at : at + self._header_bytes])
                size = self._body_bytes(header)
                if not 0 <= size <= LARGEST:
                    raise WireError(f"a packet says that it has {size} bytes: no such protocol")
                stop = at + self._header_bytes + size
                if len(self._buffer) < stop:
                    break
                body = bytes(self._buffer[at + self._header_bytes : stop])
                at = stop
                yield header, body
        finally:
            del self._buffer[:at]
