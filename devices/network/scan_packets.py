"""The server of SCAN 4.5 Acquire, as bytes: the client's side.

A packet is 12 bytes of header, big-endian (id, i16 code, i16 request, i32 body bytes), and a body,
little-endian. Signals are whole numbers with one resolution for all; nothing numbers them, so what
came is counted. Facts: BCI2000's source module and three clients.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from devices.base import Channel, DeviceLost
from devices.channel_kinds import kind_of
from devices.network.client import AmplifierClient, Description, Message, Samples, code_marks
from devices.network.framing import Framer, UnusableError, WireError
from devices.network.labels import unique_labels

HEADER: Final = struct.Struct(">4shhi")
MOST_CHANNELS: Final = 4096
# Control: code 1 general, 2 of the acquisition, 3 what a client asks for.
GENERAL, SERVER, CLIENT = 1, 2, 3
CLOSING, DISCONNECTED = 2, 3
START_ACQUISITION, STOP_ACQUISITION = 1, 2
ASK_EDF_HEADER, START_DATA, STOP_DATA, ASK_BASIC = 1, 3, 4, 5
# Data.
INFO, SIGNALS = 1, 2
INFO_EDF_HEADER, INFO_BASIC = 2, 3
_DTYPES: Final[dict[int, np.dtype[Any]]] = {1: np.dtype("<i2"), 2: np.dtype("<i4")}
_EDF_HEADER, _EDF_LABEL = 256, 16


def body_bytes(header: bytes) -> int:
    """Return how long the body behind a header is.

    Raises:
        WireError: it is no header of this protocol.
    """
    name, _, _, size = HEADER.unpack(header)
    if name not in (b"CTRL", b"DATA", b"FILE") or size < 0:
        raise WireError("what comes is not SCAN's Acquire server")
    return int(size)


def edf_labels(body: bytes) -> list[str]:
    """Read the labels out of an EDF header; none where it is cut off."""
    try:
        count = int(body[252:_EDF_HEADER])
    except ValueError:
        return []
    ends = range(_EDF_HEADER, _EDF_HEADER + _EDF_LABEL * count, _EDF_LABEL)
    if count > MOST_CHANNELS or len(body) < _EDF_HEADER + _EDF_LABEL * count:
        return []
    return [body[at : at + _EDF_LABEL].decode("latin-1").strip() for at in ends]


class ScanClient(AmplifierClient):
    """Asks for labels and basic information, starts the acquisition, then the signals."""

    counts = False

    def __init__(self) -> None:
        super().__init__()
        self._framer = Framer(HEADER.size, body_bytes)
        self._labels: list[str] = []
        self._signals = self._events = 0
        self._microvolts = np.float32(1)
        self._described = False
        self._first = 0  # number of the next sample
        self._code = 0  # on the lines now

    def begin(self) -> None:
        """Ask for the header with the labels, and for the rest."""
        self._ask(CLIENT, ASK_EDF_HEADER)
        self._ask(CLIENT, ASK_BASIC)

    def _ask(self, code: int, request: int) -> None:
        self._outgoing += HEADER.pack(b"CTRL", code, request, 0)

    def receive(self, data: bytes) -> Iterator[Message]:
        """Yield what these bytes complete; what is not known is skipped by its size."""
        for header, body in self._framer.feed(data):
            self.speaks = True
            name, code, request, _ = HEADER.unpack(header)
            if name == b"CTRL" and code == GENERAL and request in (CLOSING, DISCONNECTED):
                raise DeviceLost("Acquire says that its server closes")
            elif name == b"DATA" and code == INFO and request == INFO_EDF_HEADER:
                self._labels = edf_labels(body)
            elif name == b"DATA" and code == INFO and request == INFO_BASIC:
                yield from self._basic(body)
            elif name == b"DATA" and code == SIGNALS and request in _DTYPES and self._described:
                yield from self._samples(body, _DTYPES[request])

    def _basic(self, body: bytes) -> Iterator[Message]:
        if len(body) < 28:
            raise WireError(f"its basic information has {len(body)} bytes")
        _, signals, events, _, rate, item, resolution = struct.unpack_from("<6if", body)
        if not 0 < signals <= MOST_CHANNELS or not 0 <= events <= 64 or item not in (2, 4):
            raise WireError(f"it announces {signals} + {events} channels of {item} bytes")
        self._signals, self._events = signals, events
        if not (math.isfinite(resolution) and resolution > 0):
            raise UnusableError(
                f"it announces a resolution of {resolution:g} µV: set it in Acquire"
            )
        self._microvolts = np.float32(resolution)
        named = [*self._labels[:signals], *[""] * (signals - len(self._labels))]
        labels = unique_labels([*named, *["Trigger"] * events])
        channels = [
            Channel(x, "microvolts", kind_of(x, "EEG"))
            if number < signals
            else Channel(x, "", "Trigger")
            for number, x in enumerate(labels)
        ]
        first = not self._described
        self._described = True
        yield Description(tuple(channels), float(rate), "SCAN 4.5 Acquire")
        if first:
            self._ask(SERVER, START_ACQUISITION)
            self._ask(CLIENT, START_DATA)

    def _samples(self, body: bytes, dtype: np.dtype[Any]) -> Iterator[Message]:
        width = self._signals + self._events
        if len(body) % (width * dtype.itemsize):
            raise WireError(f"{len(body)} bytes of signals are no multiple of {width} channels")
        raw = np.frombuffer(body, dtype).reshape(-1, width)
        if not len(raw):
            return
        rows = raw.astype(np.float32)
        with np.errstate(over="ignore"):
            rows[:, : self._signals] *= self._microvolts
        first, self._first = self._first, self._first + len(raw)
        codes = raw[:, self._signals :].astype(np.int64) & 0xFF
        rows[:, self._signals :] = codes
        yield Samples(rows, first)
        if self._events:
            yield from code_marks(codes[:, 0], self._code, range(first, self._first))
            self._code = int(codes[-1, 0])

    def end(self) -> None:
        """Stop what was started, and say goodbye."""
        if self._described:
            self._ask(CLIENT, STOP_DATA)
            self._ask(SERVER, STOP_ACQUISITION)
        self._ask(GENERAL, CLOSING)
