"""AcqKnowledge asked: where its control port is (UDP), and everything else over XML-RPC."""

from __future__ import annotations

import socket
import time
import xmlrpc.client
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import Any, Final

import defusedxml.xmlrpc

from devices.base import MAX_RATE_HZ, MIN_RATE_HZ, DeviceError
from devices.network.biopac.ndt import KINDS, LONGEST_CYCLE, NdtChannel
from devices.network.connection import addresses_of, explain

defusedxml.xmlrpc.monkey_patch()  # answers are bounded, and no entity is expanded

DISCOVERY_PORT: Final = 15012
QUESTION: Final = b"AcqP Client"
ANSWER: Final = b"AcqP Server Port:"
SECOND_S: Final = 0.3
"""How long a second program is waited for that answers the same question."""
MOST_CHANNELS: Final = 256
LARGEST_ANSWER: Final = 4 << 20
"""Bytes of what no answer needs: the list of 256 channels takes 20 kB."""
_REMEDY: Final = "in AcqKnowledge switch on Networking (Preferences) and compare the port"


def port_in(answer: bytes) -> int | None:
    """Read the control port out of an answer to the question; None where it is something else."""
    number = answer[len(ANSWER) :].strip(b" \0\r\n")
    if not answer.startswith(ANSWER) or not number.isdigit() or len(number) > 5:
        return None
    port = int(number)
    return port if 0 < port < 1 << 16 else None


def discover(
    address: str, wait_s: float, port: int = DISCOVERY_PORT, *, host: str = ""
) -> tuple[str, int]:
    """Ask `address` where AcqKnowledge's control port is: its address and port.

    Where several programs answer a broadcast, the one at `host` is meant.

    Raises:
        DeviceError: nobody answers within `wait_s`, or several that may be meant.
    """
    found = set(_answers(address, wait_s, port))
    if not found:
        raise DeviceError(
            f"no AcqKnowledge answers at {address} (UDP port {port}); in AcqKnowledge switch on "
            "Networking and its automatic discovery, or write its control port as `port`"
        )
    if len(found) > 1:
        here = addresses_of(host)
        found = {one for one in found if one[0] in here} or found
    if len(found) > 1:
        listed = " and ".join(f"{host} port {number}" for host, number in sorted(found))
        raise DeviceError(
            f"several AcqKnowledge answer at {address}: {listed}; write the one that is meant as "
            "`host` and `port`"
        )
    return found.pop()


def _answers(address: str, wait_s: float, port: int) -> Iterator[tuple[str, int]]:
    """Yield what answers, until `SECOND_S` after the first one; what others send counts nothing."""
    deadline, asked = time.monotonic() + wait_s, 0.0
    try:
        family, _, _, _, place = socket.getaddrinfo(address, port, type=socket.SOCK_DGRAM)[0]
    except OSError as error:
        raise DeviceError(explain(error, address, port, _REMEDY)) from error
    with socket.socket(family, socket.SOCK_DGRAM) as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        while (now := time.monotonic()) < deadline:
            try:
                if now >= asked:  # a datagram may be lost
                    asked = now + wait_s / 4
                    asking.sendto(QUESTION, place)
                asking.settimeout(max(0.001, min(asked, deadline) - now))
                answer, (host, *_) = asking.recvfrom(256)
            except TimeoutError:
                continue
            except OSError as error:
                raise DeviceError(explain(error, address, port, _REMEDY)) from error
            if (found := port_in(answer)) is not None:
                deadline = min(deadline, now + SECOND_S)
                yield host, found


class _TooLongError(Exception):
    """An answer has no end."""


class _Punctual(socket.socket):
    """A socket from which nothing is read beyond a deadline or a length, however bytes come."""

    deadline: float  # time.monotonic()
    room: int = LARGEST_ANSWER

    def recv_into(self, *args: Any) -> int:  # what a file made of it reads by
        left = self.deadline - time.monotonic()
        if left <= 0:  # what comes without end never lets it wait
            raise TimeoutError
        self.settimeout(left)
        count = super().recv_into(*args)
        self.room -= count
        if self.room < 0:
            raise _TooLongError
        return count


class _Connection(HTTPConnection):
    """A connection whose one request ends in time."""

    def __init__(self, host: str, wait_s: float) -> None:
        super().__init__(host, timeout=wait_s)
        self._deadline = time.monotonic() + wait_s

    def connect(self) -> None:
        super().connect()
        plain: Any = self.sock
        self.sock = _Punctual(plain.family, plain.type, plain.proto, plain.detach())
        self.sock.deadline = self._deadline
        self.sock.settimeout(max(0.001, self._deadline - time.monotonic()))


class _Transport(xmlrpc.client.Transport):
    """Every call has a connection of its own, ends in time, and is made once.

    A dialog that waits on AcqKnowledge's screen would hold it for ever. `Transport` calls again
    where a connection is closed without an answer: an order that was carried out all the same would
    be carried out twice, and a toggle undone.
    """

    def __init__(self, wait_s: float) -> None:
        super().__init__()
        self._wait_s = wait_s

    def make_connection(self, host: Any) -> HTTPConnection:
        self.close()
        made = _Connection(host, self._wait_s)
        self._connection = host, made
        return made

    def request(self, host: Any, handler: str, request_body: Any, verbose: bool = False) -> Any:
        return self.single_request(host, handler, request_body, verbose)


@dataclass(frozen=True, slots=True)
class Setup:
    """What AcqKnowledge records: the channels in the order in which they are sent, the rate."""

    channels: tuple[NdtChannel, ...]
    rate_hz: float  # of the hardware


class Unanswered(DeviceError):
    """There was no answer in time: a dialog may wait on the program's screen."""


class Refused(DeviceError):
    """The program answers that it does not do it."""


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
            Refused: the program refuses.
            Unanswered: there is no answer in time.
            DeviceError: it is no such program.
        """
        try:
            return getattr(self._proxy, f"acq.{name}")(*args)
        except xmlrpc.client.Fault as error:
            text = " ".join(str(error.faultString).split())[:200]
            raise Refused(f"AcqKnowledge refuses {name}: {text}") from error
        except TimeoutError as error:
            raise Unanswered(
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
        except _TooLongError as error:
            raise DeviceError(
                f"{self.host} port {self.port} answers {name} with more than "
                f"{LARGEST_ANSWER >> 20} MB: is it another program's port? {_REMEDY}"
            ) from error
        except Exception as error:  # the parser raises its own kinds at what is no XML
            raise DeviceError(
                f"{self.host} port {self.port} answers what is no XML-RPC "
                f"({type(error).__name__}); {_REMEDY}"
            ) from error

    def change(self, what: str, value: Any, *of: Any) -> None:
        """Change a setting (`of` a channel), and look whether it has changed.

        Raises:
            DeviceError: it is refused, or tells that it is something else.
        """
        self.call(f"change{what}", *of, value)
        try:
            told = self.call(f"get{what}", *of)
        except Refused:  # a version that takes this and does not tell it
            return
        if _contradicts(told, value):
            raise DeviceError(
                f"AcqKnowledge was asked for {what} {value!r} and keeps {told!r:.100}; change it "
                "there, or load a template that lets programs do so"
            )

    def setup(self) -> Setup:
        """Ask what is recorded, and at which rate.

        Raises:
            DeviceError: nothing is, or what is answered cannot be used.
        """
        steps = self.setup_steps()
        while True:
            try:
                next(steps)
            except StopIteration as end:
                found: Setup = end.value
                return found

    def setup_steps(self) -> Generator[None, None, Setup]:
        """Do the same, with a pause for the caller after each call."""
        enabled: list[tuple[str, int]] = []
        for kind in KINDS:
            indices = _numbers(self.call("getEnabledChannels", kind), f"{kind} channels", 0)
            enabled += [(kind, index) for index in dict.fromkeys(indices)]
            yield
        if not enabled:
            raise DeviceError("AcqKnowledge records no channel; switch some on in its set-up")
        if len(enabled) > MOST_CHANNELS:  # before each is asked about
            raise DeviceError(
                f"AcqKnowledge names {len(enabled):,} channels; {MOST_CHANNELS} are read"
            )
        channels = []
        for kind, index in enabled:
            channels.append(self._channel(kind, index))
            yield
        return Setup(tuple(channels), self._rate_hz())

    def _channel(self, kind: str, index: int) -> NdtChannel:
        id_ = {"type": kind, "index": index}
        label = str(self.call("getChannelLabel", id_))
        what = f"the divider of {label[:40]!r}"
        (divider,) = _numbers([self.call("getDownsamplingDivider", id_)], what, 1)
        return NdtChannel(kind, index, label, divider)

    def _rate_hz(self) -> float:
        rate = self.call("getSamplingRate")
        if not isinstance(rate, int | float) or not MIN_RATE_HZ <= rate <= MAX_RATE_HZ:
            raise DeviceError(f"AcqKnowledge says that it samples {rate!r:.40} times a second")
        return float(rate)

    def close(self) -> None:
        """Hang up."""
        self._proxy("close")()

    @property
    def running(self) -> bool:
        """Whether an acquisition is in progress."""
        told = self.call("getAcquisitionInProgress")
        if told not in (True, False):  # 1 and 0 are these, too
            raise DeviceError(f"AcqKnowledge says that its acquisition is {told!r:.40}")
        return bool(told)


def _contradicts(told: Any, wanted: Any) -> bool:
    """Whether what is told is the same kind of answer, and another one."""
    if isinstance(told, dict) and isinstance(wanted, dict):
        return any(_contradicts(told.get(key), value) for key, value in wanted.items())
    if isinstance(told, str) and isinstance(wanted, str):
        return told.casefold() != wanted.casefold()
    return isinstance(told, int) and isinstance(wanted, int) and told != wanted


def _numbers(values: Any, what: str, least: int) -> Sequence[int]:
    if isinstance(values, list) and all(
        type(v) is int and least <= v <= LONGEST_CYCLE for v in values
    ):
        return values
    raise DeviceError(f"AcqKnowledge's answer about {what} is not understood: {values!r:.60}")
