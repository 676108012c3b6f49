"""Servers that send rows and nothing else: no greeting, no header, no number.

The rig file says what cannot be asked: channels and rate. What came is counted; that something is
missing shows in the time that the rest comes alone (`stand_still`). A wrong number of channels
shows as garbage: where the protocol has a word that would show it, that is looked at.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from pydantic import Field, model_validator

from devices.arrays import F32Array, I64Array, U8Array
from devices.base import Channel
from devices.channel_kinds import kind_of
from devices.network.amplifier import NetworkSettings
from devices.network.client import AmplifierClient, Description, Message, Samples, code_marks
from devices.network.framing import WireError
from devices.network.labels import unique_labels

MOST_CODE = 0xFFFF
SURE_S = 0.1
"""So much is to come before it is taken for rows: a greeting of another program is shorter."""


class UnframedSettings(NetworkSettings):
    """`channels`: as many as the server sends, without the trigger; it does not tell."""

    channels: int = Field(
        ge=1, le=512, description="how many the server sends, without the trigger"
    )
    labels: tuple[str, ...] = Field(default=(), description="one a channel; else 1, 2, 3…")
    rate_hz: float = Field(gt=0, le=20_000, description="as set in the amplifier's program")

    @model_validator(mode="after")
    def _labels_fit(self) -> UnframedSettings:
        if self.labels and len(self.labels) != self.channels:
            raise ValueError(f"{len(self.labels)} labels for {self.channels} channels")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The labels, or the numbers of the channels."""
        return self.labels or tuple(str(n) for n in range(1, self.channels + 1))


class UnframedClient(AmplifierClient):
    """Rows of a fixed number of bytes; the last channel is the trigger."""

    counts = False

    def __init__(self, labels: tuple[str, ...], rate_hz: float, model: str, item: int) -> None:
        """Take the labels without the trigger's, and the bytes of a value."""
        super().__init__()
        names = tuple(unique_labels((*labels, "Trigger")))
        channels = [Channel(name, "microvolts", kind_of(name, "EEG")) for name in names[:-1]]
        self._description = Description(
            (*channels, Channel(names[-1], "", "Trigger")), rate_hz, model
        )
        self._row_bytes = item * len(names)
        self._rest = b""
        self._number = 0
        self._code = 0
        self._told = False
        self._enough = max(1, math.ceil(SURE_S * rate_hz))  # rows

    @abstractmethod
    def decode(self, data: bytes) -> tuple[F32Array, I64Array]:
        """Read whole rows: values (n, channels) with 0 for the trigger, and its words (n,)."""

    @abstractmethod
    def code(self, words: I64Array) -> I64Array:
        """Take the code out of the trigger's words, shape (n,).

        Raises:
            WireError: they cannot be such words: the rows are others than the rig file says.
        """

    def receive(self, data: bytes) -> Iterator[Message]:
        """Yield what these bytes complete; they describe themselves by coming at all."""
        self._rest += data
        usable = len(self._rest) // self._row_bytes * self._row_bytes
        if not self._told:  # zeros without end are rows of whatever one likes
            zeros = (len(self._rest) - len(self._rest.lstrip(b"\0"))) // self._row_bytes
            spared = max(0, zeros - self._enough) * self._row_bytes
            self._rest, usable = self._rest[spared:], usable - spared
            if usable == zeros * self._row_bytes - spared:
                return
        if not usable:
            return
        rows, words = self.decode(self._rest[:usable])
        codes = self.code(words)
        if not self._told and len(rows) < self._enough:
            return
        self._rest = self._rest[usable:]
        if not self._told:
            self._told = True
            yield self._description
        rows[:, -1] = codes
        first, self._number = self._number, self._number + len(rows)
        yield Samples(rows, first)
        yield from code_marks(codes, self._code, range(first, self._number))
        self._code = int(codes[-1])


class BiosemiClient(UnframedClient):
    """ActiView: 24-bit numbers, little-endian, two's complement; the last one is the status."""

    LSB_MICROVOLTS = 0.03125
    SPEED_MODE = 1 << 17 | 1 << 18 | 1 << 19 | 1 << 21
    """The bits of the status word that hold the speed mode, which never changes."""

    def __init__(self, labels: tuple[str, ...], rate_hz: float) -> None:
        super().__init__(labels, rate_hz, "BioSemi ActiView (TCP)", 3)
        self._speed: int | None = None

    def decode(self, data: bytes) -> tuple[F32Array, I64Array]:
        """Sign-extend 24 bits."""
        raw: U8Array = np.frombuffer(data, np.uint8).reshape(-1, 3)
        padded = np.zeros((len(raw), 4), np.uint8)
        padded[:, 1:] = raw
        signed = padded.view("<i4")[:, 0] >> 8
        table = signed.reshape(-1, len(self._description.channels))
        rows = (table * np.float32(self.LSB_MICROVOLTS)).astype(np.float32)
        return rows, table[:, -1].astype(np.int64) & 0xFFFFFF

    def code(self, words: I64Array) -> I64Array:
        """Bits 0 to 15; `words` are one at least."""
        speed = words & self.SPEED_MODE
        self._speed = int(speed[0]) if self._speed is None else self._speed
        if (speed != self._speed).any():
            raise WireError(
                "the status word jumps: ActiView sends other channels than `channels` says; "
                "compare them with its TCP tab"
            )
        return words & 0xFFFF


class NeuracleClient(UnframedClient):
    """Neuracle's DataService: float32, little-endian; the last one is the trigger."""

    def __init__(self, labels: tuple[str, ...], rate_hz: float) -> None:
        super().__init__(labels, rate_hz, "Neuracle (DataService)", 4)

    def decode(self, data: bytes) -> tuple[F32Array, I64Array]:
        """Take the numbers as they are."""
        table: npt.NDArray[np.float32] = np.frombuffer(data, "<f4").astype(np.float32)
        rows = table.reshape(-1, len(self._description.channels))
        with np.errstate(invalid="ignore"):  # of numbers that are none
            words = rows[:, -1].astype(np.float64)
            is_code = (words >= 0) & (words <= MOST_CODE) & (words == np.floor(words))
        return rows.copy(), np.where(is_code, words, -1).astype(np.int64)

    def code(self, words: I64Array) -> I64Array:
        """The trigger is a small whole number; `decode` gives -1 for what is none."""
        if (words < 0).any():
            raise WireError(
                "the last channel is no trigger: the amplifier sends other channels than "
                "`channels` says"
            )
        return words
