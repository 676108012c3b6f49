"""Packets as the protocols' descriptions have them, and a driver that faces a server of them."""

from __future__ import annotations

import contextlib
import struct
import time
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from devices.base import Chunk, Notice
from devices.drivers.egi_ampserver import EgiAmpserver
from tests.devices.network.server import opened, scripted

RATE_HZ = 500


@contextlib.contextmanager
def facing(driver: Any, *scripts: tuple[Iterable[bytes], bool], **more: Any) -> Iterator[Any]:
    """Give a driver for a server that says this; it hangs up first, which ends the longest one."""
    with scripted(*scripts) as server:
        if driver is EgiAmpserver:
            more["command_port"] = server.port
        one = opened(driver, server.port, **more)
        try:
            yield one
        finally:
            one.close()


def rda(kind: int, body: bytes = b"") -> bytes:
    guid = bytes.fromhex("8e45584396c9864caf4a98bbf6c91450")
    return guid + struct.pack("<II", 24 + len(body), kind) + body


def rda_start(resolutions: tuple[float, ...] = (1.0, 1.0), interval_us: float = 2000.0) -> bytes:
    names = b"".join(f"E{i}\0".encode() for i in range(len(resolutions)))
    head = struct.pack("<Id", len(resolutions), interval_us)
    return rda(1, head + struct.pack(f"<{len(resolutions)}d", *resolutions) + names)


def rda_block(number: int, rows: Any, marks: bytes = b"", count: int = 0) -> bytes:
    data = np.asarray(rows, "<f4")
    return rda(4, struct.pack("<III", number, len(data), count) + data.tobytes() + marks)


def rda_mark(text: bytes) -> bytes:
    body = b"Stimulus\0" + text + b"\0"
    return struct.pack("<IIIi", 16 + len(body), 0, 1, -1) + body


def curry(name: bytes, code: int, request: int, body: bytes = b"", start: int = 0) -> bytes:
    return struct.pack(">4sHHIII", name, code, request, start, len(body), len(body)) + body


def curry_info(channels: int) -> bytes:
    return curry(b"DATA", 1, 2, struct.pack("<6i", 24, channels, RATE_HZ, 4, 0, 0))


def curry_channels(channels: int) -> bytes:
    labels = (f"E{i}".encode("utf-16-le").ljust(80, b"\0") for i in range(channels))
    records = (struct.pack("<i", i) + x + bytes(60) for i, x in enumerate(labels))
    return curry(b"DATA", 1, 4, b"".join(records))


def curry_signals(start: int, rows: int, channels: int = 2) -> bytes:
    return curry(b"DATA", 2, 1, np.ones((rows, channels), "<f4").tobytes(), start)


def curry_opening(channels: int = 2) -> bytes:
    version = curry(b"DATA", 1, 1, struct.pack("<i", 803))
    return version + curry_info(channels) + curry_channels(channels)


def scan(name: bytes, code: int, request: int, body: bytes = b"") -> bytes:
    return struct.pack(">4shhi", name, code, request, len(body)) + body


def scan_basic(resolution: float = 1.0) -> bytes:
    return scan(b"DATA", 1, 3, struct.pack("<6if", 28, 2, 1, 20, RATE_HZ, 4, resolution))


def egi_packet(counter: int, net: int = 3) -> bytes:
    head = struct.pack("<HB22xQQB38x", 0xFFFF, 0, counter % 2**64, 0, net)
    return head + bytes(1264 - len(head))


def egi(*packets: bytes) -> bytes:
    data = b"".join(packets)
    return struct.pack(">qQ", 0, len(data)) + data


def record(number: int, more: str = "") -> bytes:
    return f'<REC CNT="{number}" BPOGX="0.5" {more}/>\r\n'.encode()


def items_of(device: Any, wanted: int) -> list[Any]:
    """Read until so many chunks of signals are there."""
    found: list[Any] = []
    end = time.monotonic() + 60
    for item in device.read():
        found.append(item)
        signals = [x for x in found if isinstance(x, Chunk) and x.stream == "amp"]
        if len(signals) >= wanted:
            return found
        assert time.monotonic() < end, found[-3:]
    raise AssertionError("read() ended by itself")


def codes(items: list[Any]) -> list[str]:
    return [item.code for item in items if isinstance(item, Notice)]


def forever(*pieces: bytes) -> Iterator[bytes]:
    """Go on with the last of the pieces, 50 times a second, until the driver hangs up."""
    yield from pieces
    while True:
        time.sleep(0.02)
        yield pieces[-1]
