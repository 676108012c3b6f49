"""The device contract: what a driver announces, yields and raises.

A driver describes its streams in `open`, yields data from `read`, and frees everything in `close`.
It never sees a thread, an LSL outlet or a file: the host that runs it owns those.

Errors::

    DeviceError            the device cannot go on; the message says what to do about it
    └── DeviceLost         it went away (cable out, battery empty): worth opening again
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo

from devices.arrays import Array, F64Array

BEAT_S = 0.1
"""A driver that waits yields at least this often; the contract says 200 ms."""

ARRIVAL = "arrival"
"""The `time_source` of a device whose own clock does not tell: transport and waits are in there."""

MIN_RATE_HZ, MAX_RATE_HZ = 1e-3, 1e6
"""Rates that a stream may announce; else its recorder refuses it."""

Dtype = Literal["float32", "float64", "int8", "int16", "int32", "int64", "string"]


class DeviceError(Exception):
    """A device cannot do what was asked; the message names the value, the limit and the remedy."""


class DeviceLost(DeviceError):
    """A device that was running went away; the host opens it again and marks the gap."""


def one_line(error: BaseException) -> str:
    """Give what an error says, in one line; of one that says nothing, what it is."""
    return " ".join(str(error).split()) or type(error).__name__


class Clock(Protocol):
    """The LSL clock as a driver sees it: seconds, monotonic."""

    def now(self) -> float:
        """Return the LSL time in seconds."""

    def sleep_until(self, time: float) -> None:
        """Sleep until LSL time `time`; return at once where it has passed or the device closes."""


def wait(clock: Clock, time: float) -> Iterator[None]:
    """Sleep until `time`, yielding None often enough for the contract."""
    while (now := clock.now()) < time:
        clock.sleep_until(min(time, now + BEAT_S))
        if clock.now() < time:
            yield None


@dataclass(frozen=True, slots=True)
class Channel:
    """One channel; `unit` in the words of the XDF meta-data (microvolts, microsiemens…)."""

    label: str
    unit: str = ""
    kind: str = ""  # EEG, EOG, ECG, PPG, RSP, EDA, SKT, EMG, Trigger…


@dataclass(frozen=True, slots=True)
class StreamSpec:
    """What an outlet announces. A rate of 0 means irregular.

    `counts_losses`: the device numbers its samples, so `Chunk.lost` is all that is lost.
    `latency_s`: by how much its stamps are too late, where that is known (a filter's group delay).
    `time_source`: what its times come from, where that is another than one would expect: `ARRIVAL`.
    """

    name: str
    type: str
    channels: tuple[Channel, ...]
    rate_hz: float
    dtype: Dtype
    source_id: str = ""  # tells it from the device's others, where its name does not
    manufacturer: str = ""
    model: str = ""
    can_drop_samples: bool = False
    counts_losses: bool = False
    latency_s: float | None = None
    time_source: str = ""
    desc: Mapping[str, str] = field(default_factory=dict)  # further flat entries of <desc>


@dataclass(frozen=True, slots=True)
class VideoSpec:
    """One video; the host publishes its index stream and writes its file.

    `pixel_format` is a GenICam PFNC name: Mono8, BayerRG8, Mono12p… `time_source`: as of a stream.
    """

    name: str
    width: int
    height: int
    pixel_format: str
    rate_hz: float
    source_id: str = ""
    manufacturer: str = ""
    model: str = ""
    time_source: str = ""
    desc: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SoundSpec:
    """One sound, in blocks of `block` samples; each is a `Frame`, and lies in a file as one does.

    `image` of such a frame has shape (block, channel_count), int16; its time is that of the first
    sample.
    """

    name: str
    sample_rate_hz: float
    channel_count: int
    block: int
    source_id: str = ""
    manufacturer: str = ""
    model: str = ""
    desc: Mapping[str, str] = field(default_factory=dict)

    @property
    def rate_hz(self) -> float:
        """Blocks a second."""
        return self.sample_rate_hz / self.block


MediaSpec = VideoSpec | SoundSpec
"""What is stored in a file of its own, with an index stream."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples of one stream, oldest first.

    `times` has shape (n,), LSL seconds. Without `device_times` they are the times of the samples.
    With `device_times`, shape (n,), seconds of the device's own clock, they are the times at which
    the samples arrived, and the host maps device time to LSL time with its clock model.
    `data` has shape (n, channels); for string streams it is an object array of str.
    `lost` counts samples known to be missing right before this chunk.
    """

    stream: str
    times: F64Array
    data: Array
    device_times: F64Array | None = None
    lost: int = 0

    @classmethod
    def of(
        cls,
        stream: str | StreamSpec,
        time: float,
        values: Sequence[float] | Sequence[str],
        *,
        device_time: float | None = None,
        lost: int = 0,
    ) -> Chunk:
        """Make a chunk of one sample; numbers take the stream's format where its spec is given.

        Args:
            stream: its spec, or its name.
            time: LSL seconds; with `device_time` (seconds of the device's clock), when it arrived.
            values: one a channel.
            device_time, lost: as in a chunk.
        """
        dtype: Any = stream.dtype if isinstance(stream, StreamSpec) else None
        if dtype == "string" or (dtype is None and any(isinstance(v, str) for v in values)):
            dtype = object
        return cls(
            stream.name if isinstance(stream, StreamSpec) else stream,
            np.array([time], np.float64),
            np.array([values], dtype),
            None if device_time is None else np.array([device_time], np.float64),
            lost,
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """One video frame; `image` is a view, valid until the next iteration.

    `time` is the middle of the exposure in LSL seconds, or, where `device_time` (the middle of the
    exposure on the camera's clock) is given, the time at which the frame arrived.
    `fault` says in words why a frame is incomplete; `lost` counts the frames missing before it.
    """

    stream: str
    device_frame: int
    time: float
    image: Array | None
    device_time: float | None = None
    exposure_us: float | None = None
    code: int | None = None
    fault: str | None = None
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that somebody should know: it becomes an event of the recording."""

    level: Literal["info", "warning"]
    code: str  # two or three words with hyphens: unknown-code
    text: str


@dataclass(frozen=True, slots=True)
class StreamQuery:
    """A stream that a device listens to, by name or by type."""

    name: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Plugged:
    """A device that is plugged in; `snippet` is a `[[device]]` table to paste into a rig file.

    Where it cannot be known what the device is, the table is a comment, to be completed.
    """

    id: str
    description: str
    snippet: str


class Settings(BaseModel):
    """What every device takes: frozen, and a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$")


ELSEWHERE = "elsewhere"
"""The key of the context in which settings are checked that are another computer's."""


def runs_elsewhere(info: ValidationInfo) -> bool:
    """Say whether settings are checked here of a device that another computer will run.

    What only this system lacks is no fault of theirs: the computer that runs it checks again.
    """
    return bool((info.context or {}).get(ELSEWHERE))


class Device(ABC):
    """A driver. Life: `open` once, iterate `read` until told to stop, `close` always."""

    Settings: ClassVar[type[Settings]] = Settings
    summary: ClassVar[str] = ""  # one line for `unisono devices`
    simulated: ClassVar[bool] = False
    resting: bool = False
    """Whether it has nothing to send at present, as it should be: then it is not stalled."""

    settings: Any

    def __init__(self, settings: Any, clock: Clock) -> None:
        """Keep both; nothing is opened yet."""
        self.settings, self.clock = settings, clock

    @classmethod
    def unavailable(cls) -> str | None:
        """Say why this driver cannot run here and what to do, or None where it can."""
        return None

    @classmethod
    def found(cls) -> Sequence[Plugged]:
        """List what is plugged in, within about a second; nothing where the SDK is missing."""
        return ()

    @abstractmethod
    def open(self) -> Sequence[StreamSpec | MediaSpec]:
        """Open the device and describe its streams.

        Raises:
            DeviceError: it cannot be opened; the message names the remedy. Of a device that had
                been open before, the host tries again.
        """

    @abstractmethod
    def read(self) -> Iterator[Chunk | Frame | Notice | None]:
        """Yield what the device delivers, and something (None if need be) at least every 200 ms.

        Raises:
            DeviceLost: the device went away and may come back.
            DeviceError: the device failed for good.
        """

    def held_back(self) -> Iterator[Chunk | Frame | Notice]:
        """Yield what `read` holds back; asked once when it has ended, before `close`.

        For whoever waits for the next sample to say what the newest one is worth: none will come.
        Nothing unless overridden.
        """
        return iter(())

    def while_away(self) -> Iterator[Chunk | Notice]:
        """Yield what is to be told though the device has gone; asked while it is opened again.

        A chunk may tell of a loss and has no samples. Nothing unless overridden.
        """
        return iter(())

    @abstractmethod
    def close(self) -> None:
        """Free everything; called in every case, possibly twice, possibly without `open`."""

    def until(self, time: float) -> Iterator[None]:
        """Wait until LSL time `time`: `yield from self.until(due)` keeps the rhythm of `read`."""
        return wait(self.clock, time)

    def ticks(self, rate_hz: float) -> Iterator[float | None]:
        """Yield each LSL time that is due, `rate_hz` a second from now on, and None meanwhile.

        Times are counted from the start, so that the rate holds; those that were slept through
        are left out.
        """
        start, number = self.clock.now(), 0
        while True:
            due = start + number / rate_hz
            yield from self.until(due)
            yield due
            number = max(number + 1, math.ceil((self.clock.now() - start) * rate_hz - 1.0))

    def inputs(self) -> Sequence[StreamQuery]:
        """Name the streams that `take` wants; none unless overridden."""
        return ()

    def hear(self, stream: str, labels: Sequence[str]) -> None:  # noqa: B027 - few need it
        """Learn the channels of a stream named by `inputs`, before its first samples come.

        Raises:
            DeviceError: it is not what this device can use; the message says why.
        """

    def take(self, chunk: Chunk) -> None:
        """Receive samples of a stream named by `inputs`, stamped in the LSL clock."""
        raise NotImplementedError

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Carry out a command (exposure, impedance…) and answer what is now true.

        `status` asks and changes nothing; each other one becomes an event of the recording.

        Raises:
            DeviceError: the command is unknown or its arguments are out of range.
        """
        raise DeviceError(f"{type(self).__name__} has no command {name!r}")
