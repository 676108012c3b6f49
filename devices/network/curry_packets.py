"""NetStreaming of CURRY 8 and 9, as bytes: the client's side.

A packet is 20 bytes of header, big-endian (id, u16 code, u16 request, u32 start sample, u32 body
bytes, u32 uncompressed bytes), and a body, little-endian. Facts: the vendor's demo clients and
three programs that descend from them. The unit of the signals is nowhere stated; no reader scales
them, so they are taken for microvolts.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

from devices.base import Channel
from devices.channel_kinds import kind_of
from devices.network.client import (
    AmplifierClient,
    Description,
    Impedances,
    Mark,
    Message,
    Restarted,
    Samples,
    Stopped,
    Warned,
)
from devices.network.framing import Framer, UnusableError, WireError
from devices.network.labels import unique_labels

HEADER: Final = struct.Struct(">4sHHIII")
INFO_BYTES: Final = 144  # of a channel
EVENT_BYTES: Final = 536
MOST_CHANNELS: Final = 4096
KNOWN_VERSIONS: Final = range(800, 1000)

# Control: code 1 = the server's notices, code 2 = our requests.
NOTICE, REQUEST = 1, 2
VERSION, CHANNELS, BASIC = 1, 3, 6
START, STOP = 8, 9
CONNECT = 10  # the amplifier, where CURRY lets programs do so
IMPEDANCE_START, IMPEDANCE_STOP = 12, 13
ACQUISITION_STARTED, ACQUISITION_STOPPED = 1, 2
# Data.
INFO, EEG, EVENTS, IMPEDANCES = 1, 2, 3, 4
INFO_VERSION, INFO_BASIC, INFO_CHANNELS = 1, 2, 4
EEG_ZIPPED = 2

_KINDS: Final = {0: "EEG", 1: "", 2: "", 3: "Trigger", 4: ""}
_TRIGGER: Final = 3


def body_bytes(header: bytes) -> int:
    """Return how long the body behind a header is.

    Raises:
        WireError: it is no header of this protocol.
    """
    name, code, _, _, size, _ = HEADER.unpack(header)
    if name not in (b"CTRL", b"DATA") or not 1 <= code <= 64:
        raise WireError("what comes is not CURRY's NetStreaming")
    return int(size)


def channels_of(body: bytes) -> tuple[Channel, ...]:
    """Read the channels' records, 144 bytes each."""
    records = [body[at : at + INFO_BYTES] for at in range(0, len(body), INFO_BYTES)]
    if records and len(records[-1]) < INFO_BYTES - 4:  # the last one may lack its padding
        raise WireError(f"its list of channels has {len(body)} bytes, not a multiple of 144")
    labels = unique_labels(
        record[4:84].decode("utf-16-le", "replace").split("\0")[0] for record in records
    )
    kinds = (struct.unpack_from("<i", record, 84)[0] for record in records)
    return tuple(
        Channel(label, "" if kind == _TRIGGER else "microvolts", _kind(label, kind))
        for label, kind in zip(labels, kinds, strict=True)
    )


def _kind(label: str, kind: int) -> str:
    told = _KINDS.get(kind, "")
    return told if kind == _TRIGGER else kind_of(label, told)


def marks_of(body: bytes) -> Iterator[Mark]:
    """Read events, 536 bytes each: type, latency, start, end (i32) and a text."""
    for at in range(0, len(body) - EVENT_BYTES + 1, EVENT_BYTES):
        kind, latency = struct.unpack_from("<ii", body, at)
        text = body[at + 16 : at + EVENT_BYTES].decode("utf-16-le", "replace").split("\0")[0]
        yield Mark(text.strip() or str(kind), latency)


class CurryClient(AmplifierClient):
    """Asks for version, basic information and channels, then for the signals."""

    def __init__(self) -> None:
        super().__init__()
        self._framer = Framer(HEADER.size, body_bytes)
        self._rate_hz = 0.0
        self._count = 0
        self._dtype = np.dtype("<f4")
        self._described: Description | None = None
        self._starts = False  # whether the acquisition was stopped and may begin again
        self._connects = False  # whether CURRY was asked to connect the amplifier

    def begin(self) -> None:
        """Ask for the version."""
        self._ask(VERSION)

    def _ask(self, *requests: int) -> None:
        for request in requests:
            self._outgoing += HEADER.pack(b"CTRL", REQUEST, request, 0, 0, 0)

    def receive(self, data: bytes) -> Iterator[Message]:
        """Yield what these bytes complete; replies may come between data."""
        for header, body in self._framer.feed(data):
            self.speaks = True
            name, code, request, start, _, _ = HEADER.unpack(header)
            if name == b"CTRL":
                yield from self._notice(code, request)
            elif code == INFO:
                yield from self._answer(request, body)
            elif code == EEG:
                yield from self._samples(request, start, body)
            elif code == EVENTS:
                yield from marks_of(body)
                if len(body) % EVENT_BYTES:
                    yield Warned("event-cut", f"an event has {len(body) % EVENT_BYTES} bytes only")
            elif code == IMPEDANCES:
                usable = len(body) // 4 * 4
                ohms = np.frombuffer(body[:usable], "<f4")
                with np.errstate(all="ignore"):  # of numbers that are none
                    yield Impedances((ohms / 1000).astype(np.float32))

    def _notice(self, code: int, request: int) -> Iterator[Message]:
        if code != NOTICE:
            return
        if request == ACQUISITION_STOPPED:
            self._starts = True
            yield Stopped()
        elif request == ACQUISITION_STARTED and self._starts:
            self._starts = False
            self._ask(BASIC)  # another amplifier may hang there now
            yield Restarted()

    def _answer(self, request: int, body: bytes) -> Iterator[Message]:
        if request == INFO_VERSION:
            version = int.from_bytes(body[:4], "little")
            if version not in KNOWN_VERSIONS:
                yield Warned("other-version", f"CURRY speaks version {version}; 802, 803 are known")
            self._ask(BASIC)
        elif request == INFO_BASIC:
            self._ask(*(CHANNELS,) if self._read_basic(body) else (CONNECT, BASIC))
        elif request == INFO_CHANNELS:
            yield from self._describe(channels_of(body))

    def _read_basic(self, body: bytes) -> bool:
        """Take in what the amplifier gives; False = it is to be connected first, which is allowed.

        Raises:
            WireError: there is none that can be used.
        """
        if len(body) < 16:
            raise WireError(f"its basic information has {len(body)} bytes")
        _, count, rate, item, allowed = struct.unpack_from("<5i", body.ljust(20, b"\0"))
        if count <= 0 or rate <= 0:
            if allowed and not self._connects:
                self._connects = True
                return False
            raise UnusableError("CURRY says that no amplifier is connected: switch it on there")
        if count > MOST_CHANNELS or item not in (2, 4):
            raise WireError(f"it announces {count} channels of {item} bytes")
        self._count, self._rate_hz = count, float(rate)
        self._dtype = np.dtype("<i2" if item == 2 else "<f4")
        self._connects = False
        return True

    def _describe(self, channels: tuple[Channel, ...]) -> Iterator[Message]:
        if len(channels) != self._count:
            raise WireError(f"it names {len(channels)} channels and announces {self._count}")
        again = self._described is not None
        self._described = Description(channels, self._rate_hz, "CURRY NetStreaming", True)
        yield self._described
        if not again:
            self._ask(START)

    def _samples(self, request: int, start: int, body: bytes) -> Iterator[Message]:
        if self._described is None or len(self._described.channels) != self._count:
            return  # it has not said yet which channels these are
        if request == EEG_ZIPPED:
            raise UnusableError("CURRY sends compressed signals: switch compression off there")
        row = self._count * self._dtype.itemsize
        if len(body) % row:
            raise WireError(
                f"{len(body)} bytes of signals are no multiple of {self._count} channels"
            )
        if body:
            rows = np.frombuffer(body, self._dtype).reshape(-1, self._count)
            yield Samples(rows.astype(np.float32), start)

    def measure_impedances(self, *, on: bool) -> None:
        """Ask for impedances instead of signals, or for signals again."""
        if on:
            self._ask(STOP)
        self._ask(IMPEDANCE_START if on else IMPEDANCE_STOP)
        if not on:
            self._ask(START)

    def end(self) -> None:
        """Stop the signals."""
        if self._described is not None:
            self._ask(STOP)
