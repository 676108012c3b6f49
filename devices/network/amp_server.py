"""EGI's AmpServer, as bytes: lines of commands, and packets of the amplifier (NA400, NA410).

Data: 16 bytes of header, big-endian (i64 amplifier, u64 length), then packets of 1264 bytes,
little-endian. Facts: the LSL project's own app and its mock server.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final

import numpy as np

from devices.base import Channel, DeviceError
from devices.network.client import AmplifierClient, Description, Message, Samples, code_marks
from devices.network.framing import Framer, UnusableError, WireError

HEADER: Final = struct.Struct(">qQ")
PACKET: Final = np.dtype(
    [
        ("inputs", "<u2"),  # active low
        ("tr", "u1"),
        ("aux_pib", "u1", 22),
        ("counter", "<u8"),
        ("microseconds", "<u8"),
        ("net", "u1"),
        ("reserved", "u1", 38),
        ("eeg", "<i4", 256),
        ("aux", "<i4", 3),
        ("others", "<i4", 5),
        ("pib1", "<i4", 16),
        ("pib2", "<i4", 16),
    ]
)
NETS: Final = {3: 32, 7: 32, 0: 64, 4: 64, 8: 64, 1: 128, 5: 128, 9: 128, 2: 256, 6: 256, 10: 256,
               14: 256}  # fmt: skip
"""The electrodes of a net, by its code; 15 is none."""
MICROVOLTS: Final = {"NA400": 0.00015522042, "NA410": 0.00009636188}
"""Of one unit, by the amplifier's type."""
DELAY_MS: Final = {250: 111.0, 500: 61.0, 1000: 35.0}
"""The group delay of the amplifier's filter, as the LSL project measured it."""
_PAIR: Final = re.compile(r"\(([a-z_]+) ([^()\s]+)\)")


def command(name: str, value: int = 0) -> bytes:
    """Write a command for amplifier 0."""
    return f"(sendCommand {name} 0 0 {value})\n".encode()


def details(line: bytes) -> dict[str, str]:
    """Read the pairs of an answer.

    Raises:
        WireError: it is none, or says that the command was not carried out.
    """
    text = line.decode("ascii", "replace")
    if not text.startswith("(sendCommand_return"):
        raise WireError("what comes is not EGI's AmpServer")
    found = dict(_PAIR.findall(text))
    if found.get("status") != "complete":
        raise WireError(f"AmpServer has not carried out a command: {text.strip()[:200]}")
    return found


def microvolts_of(found: dict[str, str]) -> float:
    """Return the scale of the amplifier that answers describe.

    Raises:
        DeviceError: it is one that is not read here.
    """
    kind = found.get("amp_type", "?")
    if found.get("packet_format") != "2" or kind not in MICROVOLTS:
        raise DeviceError(
            f"an amplifier {kind} with packets of format {found.get('packet_format', '?')} is not "
            f"read here; read are {', '.join(MICROVOLTS)} with format 2"
        )
    return MICROVOLTS[kind]


def _body_bytes(header: bytes) -> int:
    _, length = HEADER.unpack(header)
    if length % PACKET.itemsize:
        raise WireError(f"a block of {length} bytes is no multiple of a packet's")
    return int(length)


class AmpServerClient(AmplifierClient):
    """The data connection: asks for the packets, drops repeated ones, counts missing ones."""

    wraps = 1 << 40  # of 64 bits: beyond, a time in seconds would have steps of its own

    def __init__(self, microvolts: float, rate_hz: float, model: str) -> None:
        """Take what the command connection has told."""
        super().__init__()
        self._framer = Framer(HEADER.size, _body_bytes)
        self._scale = np.float32(microvolts)
        self._rate_hz, self._model = rate_hz, model
        self._net: int | None = None
        self._last: int | None = None
        self._lines = 0

    def begin(self) -> None:
        """Ask for the packets."""
        self._outgoing += command("cmd_ListenToAmp")

    def receive(self, data: bytes) -> Iterator[Message]:
        """Yield what these bytes complete."""
        for _, body in self._framer.feed(data):
            self.speaks = True
            packets = np.frombuffer(body, PACKET)
            if len(packets):
                yield from self._block(packets)

    def _block(self, packets: np.ndarray[Any, Any]) -> Iterator[Message]:
        net = int(packets["net"][-1])
        if net != self._net:
            yield self._describe(net)
        counters = (packets["counter"] & np.uint64(self.wraps - 1)).astype(np.int64)
        before = self._last if self._last is not None else -1
        fresh = np.diff(counters, prepend=before) != 0
        packets, counters = packets[fresh], counters[fresh]
        if not len(packets):
            return
        self._last = int(counters[-1])
        rows = packets["eeg"][:, : NETS[net]].astype(np.float32) * self._scale
        # Each run without a gap is one message: the first number says where it belongs.
        edges = [0, *(np.flatnonzero(np.diff(counters) != 1) + 1).tolist(), len(rows)]
        for a, b in pairwise(edges):
            yield Samples(np.ascontiguousarray(rows[a:b]), int(counters[a]))
        lines = (~packets["inputs"]).astype(np.int64)
        yield from code_marks(lines, self._lines, counters)
        self._lines = int(lines[-1])

    def _describe(self, net: int) -> Description:
        if net not in NETS:
            raise UnusableError("the amplifier has no net: connect one")
        self._net = net
        channels = tuple(Channel(f"E{n}", "microvolts", "EEG") for n in range(1, NETS[net] + 1))
        return Description(channels, self._rate_hz, self._model)

    def end(self) -> None:
        """Stop listening."""
        self._outgoing += command("cmd_StopListeningToAmp")
