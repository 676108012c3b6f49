"""BIOPAC's network data transfer: what is asked over XML-RPC, and how its samples are laid out.

In single mode all channels come on one connection, without any framing: at hardware sample i each
channel whose divider divides i, in the order analog, digital, calc. Facts: BIOPAC's own Python and
Java modules and a third-party one in C++, which agree.
"""

from __future__ import annotations

import math
import socket
import time
import xmlrpc.client
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

import defusedxml.xmlrpc
import numpy as np

from devices.arrays import F32Array
from devices.base import DeviceError
from devices.network.connection import explain

defusedxml.xmlrpc.monkey_patch()  # answers are bounded, and no entity is expanded

DISCOVERY_PORT: Final = 15012
QUESTION: Final = b"AcqP Client"
ANSWER: Final = b"AcqP Server Port:"
KINDS: Final = ("analog", "digital", "calc")
LONGEST_CYCLE: Final = 1 << 16
MOST_CHANNELS: Final = 256
_REMEDY: Final = "in AcqKnowledge switch on Networking (Preferences) and compare the port"


@dataclass(frozen=True, slots=True)
class NdtChannel:
    """One channel that AcqKnowledge records: every `divider`-th hardware sample."""

    kind: str
    index: int
    label: str
    divider: int

    @property
    def id(self) -> dict[str, Any]:
        """The channel as the server wants it named."""
        return {"type": self.kind, "index": self.index}


def port_in(answer: bytes) -> int | None:
    """Read the control port out of an answer to the question; None where it is something else."""
    number = answer[len(ANSWER) :].strip(b" \0\r\n")
    if not answer.startswith(ANSWER) or not number.isdigit() or len(number) > 5:
        return None
    port = int(number)
    return port if 0 < port < 1 << 16 else None


def discover(address: str, wait_s: float, port: int = DISCOVERY_PORT) -> tuple[str, int]:
    """Ask `address` where AcqKnowledge's control port is: its address and port.

    Raises:
        DeviceError: nobody answers within `wait_s`.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.settimeout(wait_s / 4)
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        for _ in range(4):  # a datagram may be lost
            try:
                asking.sendto(QUESTION, (address, port))
                answer, (host, _) = asking.recvfrom(256)
            except OSError:
                continue
            if (found := port_in(answer)) is not None:
                return host, found
    raise DeviceError(
        f"no AcqKnowledge answers at {address} (UDP port {port}); in AcqKnowledge switch on "
        "Networking and its automatic discovery, or write its control port as `port`"
    )


class _Punctual(socket.socket):
    """A socket from which nothing is read beyond a deadline, however slowly or long bytes come."""

    deadline: float  # time.monotonic()

    def recv_into(self, *args: Any) -> int:  # what a file made of it reads by
        left = self.deadline - time.monotonic()
        if left <= 0:  # what comes without end never lets it wait
            raise TimeoutError
        self.settimeout(left)
        return super().recv_into(*args)


class _Connection(HTTPConnection):
    """A connection each of whose requests ends in time."""

    sock: _Punctual | None

    def connect(self) -> None:
        super().connect()
        plain: Any = self.sock
        self.sock = _Punctual(plain.family, plain.type, plain.proto, plain.detach())

    def begin(self, wait_s: float) -> None:
        """Allow so much for the next answer."""
        if self.sock is None:
            self.connect()
        assert self.sock is not None
        self.sock.settimeout(wait_s)
        self.sock.deadline = time.monotonic() + wait_s


class _Transport(xmlrpc.client.Transport):
    """Every call ends: a dialog that waits on AcqKnowledge's screen would hold it for ever."""

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self._wait_s = wait_s

    def make_connection(self, host: Any) -> HTTPConnection:
        known = self._connection[1]
        if not isinstance(known, _Connection):  # kept by `Transport` from call to call
            known = _Connection(host, timeout=self._wait_s)
            self._connection = host, known
        known.begin(self._wait_s)
        return known


class Control:
    """AcqKnowledge's XML-RPC interface; each call within `wait_s`."""

    def __init__(self, host: str, port: int, wait_s: float) -> None:
        self.host, self.port = host, port
        self._wait_s = wait_s
        place = f"[{host}]" if ":" in host else host
        self._proxy = xmlrpc.client.ServerProxy(
            f"http://{place}:{port}/RPC2", transport=_Transport(wait_s), allow_none=True
        )

    def call(self, name: str, *args: Any) -> Any:
        """Call `acq.name`.

        Raises:
            DeviceError: it is refused, or there is no answer in time.
        """
        try:
            return getattr(self._proxy, f"acq.{name}")(*args)
        except xmlrpc.client.Fault as error:
            text = " ".join(str(error.faultString).split())[:200]
            raise DeviceError(f"AcqKnowledge refuses {name}: {text}") from error
        except TimeoutError as error:
            raise DeviceError(
                f"AcqKnowledge has not answered {name} for {self._wait_s:g} s: does a dialog wait "
                "on its screen? Close it"
            ) from error
        except OSError as error:
            raise DeviceError(explain(error, self.host, self.port, _REMEDY)) from error
        except (xmlrpc.client.Error, HTTPException, ValueError, TypeError) as error:
            raise DeviceError(
                f"{self.host} port {self.port} is not AcqKnowledge's control port "
                f"({type(error).__name__}); {_REMEDY}"
            ) from error
        except Exception as error:  # the parser raises its own kinds at what is no XML
            raise DeviceError(
                f"{self.host} port {self.port} answers what is no XML-RPC "
                f"({type(error).__name__}); {_REMEDY}"
            ) from error

    def channels(self) -> tuple[NdtChannel, ...]:
        """List what is recorded, in the order in which it is sent."""
        enabled = [
            (kind, index)
            for kind in KINDS
            for index in _integers(self.call("getEnabledChannels", kind), kind)
        ]
        if not enabled:
            raise DeviceError("AcqKnowledge records no channel; switch some on in its set-up")
        if len(enabled) > MOST_CHANNELS:  # before each is asked about
            raise DeviceError(
                f"AcqKnowledge names {len(enabled):,} channels; {MOST_CHANNELS} are read"
            )
        return tuple(self._channel(kind, index) for kind, index in enabled)

    def _channel(self, kind: str, index: int) -> NdtChannel:
        id_ = {"type": kind, "index": index}
        label = str(self.call("getChannelLabel", id_))
        (divider,) = _integers([self.call("getDownsamplingDivider", id_)], "divider")
        return NdtChannel(kind, index, label, max(1, divider))

    def rate_hz(self) -> float:
        """Return the hardware's rate."""
        rate = self.call("getSamplingRate")
        if not isinstance(rate, int | float) or not 1e-3 <= rate <= 1e6:
            raise DeviceError(f"AcqKnowledge says that it samples {rate!r} times a second")
        return float(rate)

    def close(self) -> None:
        """Hang up."""
        self._proxy("close")()

    @property
    def running(self) -> bool:
        """Whether an acquisition is in progress."""
        return bool(self.call("getAcquisitionInProgress"))


def _integers(values: Any, what: str) -> list[int]:
    if not isinstance(values, list) or not all(isinstance(v, int) for v in values):
        raise DeviceError(f"AcqKnowledge's answer about {what} channels is not understood")
    return values


@dataclass(frozen=True, slots=True)
class Group:
    """The channels with one divider: they come together, so they are one stream."""

    divider: int
    columns: tuple[int, ...]  # places in the list of channels


def groups_of(channels: Sequence[NdtChannel]) -> tuple[Group, ...]:
    """Group channels by divider, the fastest first."""
    dividers = sorted({c.divider for c in channels})
    return tuple(
        Group(d, tuple(i for i, c in enumerate(channels) if c.divider == d)) for d in dividers
    )


class Interleaved:
    """Single mode: one stream of float32 for all channels, cut into groups of one rate."""

    def __init__(self, channels: Sequence[NdtChannel]) -> None:
        """Take the channels in the order in which they are sent.

        Raises:
            DeviceError: their dividers have no reasonable common multiple.
        """
        cycle = math.lcm(*(c.divider for c in channels))
        if cycle > LONGEST_CYCLE:
            raise DeviceError(
                f"the channels' dividers repeat after {cycle} samples only; choose powers of two"
            )
        self._groups = groups_of(channels)
        group_of = {c: g for g, group in enumerate(self._groups) for c in group.columns}
        self._pattern = np.array(
            [group_of[c] for i in range(cycle) for c, x in enumerate(channels) if not i % x.divider]
        )
        # After how many values of the cycle its hardware samples are complete.
        counts = [sum(not i % c.divider for c in channels) for i in range(cycle)]
        self._ends = np.concatenate([[0], np.cumsum(counts)])
        self._at = 0  # values of the cycle that have been given out
        self._rest = b""
        self._counts = [0] * len(self._groups)

    def feed(self, data: bytes) -> Iterator[tuple[int, int, F32Array]]:
        """Yield (group, number of the first row, rows (n, channels of it)), n ≥ 1."""
        self._rest += data
        size = len(self._pattern)
        usable = self._whole(len(self._rest) // 4)
        if not usable:
            return
        values = np.frombuffer(self._rest[: 4 * usable], "<f4").astype(np.float32)
        self._rest = self._rest[4 * usable :]
        of_group = self._pattern[(self._at + np.arange(usable)) % size]
        self._at = (self._at + usable) % size
        for g, group in enumerate(self._groups):
            rows = values[of_group == g].reshape(-1, len(group.columns))
            if len(rows):
                yield g, self._counts[g], rows
                self._counts[g] += len(rows)

    def _whole(self, values: int) -> int:
        """Say how many values end with a hardware sample."""
        stop, size = self._at + values, len(self._pattern)
        inside = stop % size
        whole = int(self._ends[np.searchsorted(self._ends, inside, side="right") - 1])
        return max(0, stop - inside + whole - self._at)
