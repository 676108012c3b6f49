"""What the protocol of an amplifier gives, whatever its bytes look like; no sockets in here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from devices.arrays import F32Array, I64Array
from devices.base import Channel


@dataclass(frozen=True, slots=True)
class Description:
    """What the amplifier sends: microvolts where a channel says nothing else."""

    channels: tuple[Channel, ...]
    rate_hz: float
    model: str
    impedances: bool = False  # whether it can measure them


@dataclass(frozen=True, slots=True)
class Samples:
    """Rows (n, channels), n ≥ 1; `number` is the first one's."""

    rows: F32Array
    number: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A marker at sample `number`, counted as `Samples` are."""

    text: str
    number: int


@dataclass(frozen=True, slots=True)
class Impedances:
    """kΩ of each channel, (channels,)."""

    kiloohms: F32Array


@dataclass(frozen=True, slots=True)
class Restarted:
    """The amplifier has been started (again): its count may begin anew."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """The amplifier was stopped at its own program: it sends nothing until it is started there."""


@dataclass(frozen=True, slots=True)
class Warned:
    """Something that somebody should know."""

    code: str
    text: str


Message = Description | Samples | Mark | Impedances | Restarted | Stopped | Warned


def code_marks(codes: I64Array, before: int, numbers: Sequence[int] | I64Array) -> Iterator[Mark]:
    """Make a marker of each code, shape (n,), that comes onto the lines; it may be held.

    `before`: the code that was on them; `numbers`: those of the samples, (n,).
    """
    for at in np.flatnonzero(np.diff(codes, prepend=before)).tolist():
        if codes[at]:
            yield Mark(str(codes[at]), int(numbers[at]))


class AmplifierClient(ABC):
    """One conversation with an amplifier's server, as bytes in and bytes out."""

    counts: bool = True
    """Whether the server numbers its samples; else the client counts what came."""
    wraps: int = 1 << 32
    """Where that number begins again."""

    def __init__(self) -> None:
        self._outgoing = bytearray()
        self.speaks = False
        """Whether something whole of this protocol has come, whatever it says."""

    def begin(self) -> None:
        """Ask the first question, if it is for us to begin."""
        return

    def take_outgoing(self) -> bytes:
        """Return what is to be sent now."""
        data = bytes(self._outgoing)
        self._outgoing.clear()
        return data

    @abstractmethod
    def receive(self, data: bytes) -> Iterator[Message]:
        """Yield what these bytes complete.

        Raises:
            WireError: they are not this protocol's.
        """

    def end(self) -> None:
        """Say goodbye, if the protocol has a word for it."""
        return

    def measure_impedances(self, *, on: bool) -> None:
        """Ask for impedances instead of signals, or for signals again, where it can."""
        return
