"""What the engine and a device process say to each other over their pipe.

Down: `Open`, `ArmVideo`, `StartVideo`, `StopVideo`, `TakePreview`, `Command`, `Finish`, `Close`.
Up: the rest. Every message down is answered by one `Answer` with its number, except
`Close`, which the end of the pipe answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from acquire.lsl.config import BUFFER_S
from acquire.rig.video import VideoOptions
from devices.base import MediaSpec, StreamSpec
from recordings.manifest_entries import Level
from recordings.stream_kinds import Fate


class DeviceState(StrEnum):
    """What a device is doing."""

    CLOSED = "closed"
    OPENING = "opening"
    RUNNING = "running"
    STALLED = "stalled"  # open, but silent
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Open:
    """Open the device: the first message of all."""

    driver: str
    settings: Mapping[str, Any]
    folder: Path | None  # where the rig keeps drivers of its own
    lsl_config: str | None
    video: VideoOptions  # what applies where it is a camera
    buffer_s: int = BUFFER_S  # what its outlets keep for a listener that is cut off
    origin: str = ""  # what the source ids of its streams begin with


@dataclass(frozen=True, slots=True)
class Interval:
    """When a take is: LSL seconds, and both ends belong to it.

    A start that is infinite is still to be ordered, and so is such a stop.
    """

    start: float = math.inf
    stop: float = math.inf

    @property
    def runs(self) -> bool:
        """Whether it was begun and nobody has ended it."""
        return self.start < math.inf and self.stop == math.inf

    def has(self, time: float) -> bool:
        """Whether an LSL time is within."""
        return self.start <= time <= self.stop


@dataclass(frozen=True, slots=True)
class ArmVideo:
    """Prepare the files of a take, so that `StartVideo` takes effect at once.

    `paths` maps streams to path stems; the answer maps them to the files' paths. `hash_raw` are the
    streams whose file is hashed while it is written even where it is raw. `copy` is where the
    device's own copy of the take goes, an XDF file of all that is pushed for it: on a node alone,
    so that a cut cable loses nothing.
    """

    take: int
    paths: Mapping[str, Path]
    hash_raw: frozenset[str] = frozenset()
    copy: Path | None = None


@dataclass(frozen=True, slots=True)
class StartVideo:
    """Store in the files of a take every frame whose stamp is at or after `lsl_start`."""

    take: int
    lsl_start: float


@dataclass(frozen=True, slots=True)
class StopVideo:
    """Store no frame of a take whose stamp is after `lsl_stop`.

    The answer, a list of `VideoSummary`, comes once the files are closed.
    """

    take: int
    lsl_stop: float


@dataclass(frozen=True, slots=True)
class TakePreview:
    """Make a preview of a camera's next frame; the answer is a `Preview`, or None."""

    stream: str


@dataclass(frozen=True, slots=True)
class Command:
    """Pass a command to the driver."""

    name: str
    args: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Finish:
    """Publish all that is left: a device ends with that, and its streams stay until `Close`.

    The answer, an `Ends`, is what whoever records has to have before they may go.
    """


@dataclass(frozen=True, slots=True)
class Close:
    """Close the device and end."""


@dataclass(frozen=True, slots=True)
class Request:
    """A message down, with the number that its answer will carry."""

    number: int
    body: Open | ArmVideo | StartVideo | StopVideo | TakePreview | Command | Finish | Close


Ends = dict[str, float]
"""The stamps of the last samples of streams, by LSL uid; streams without any are left out."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a request: a value, or an error in words."""

    number: int
    value: Any = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Opened:
    """The device runs: its streams, and the LSL uid of each."""

    specs: tuple[StreamSpec | MediaSpec, ...]
    uids: Mapping[str, str]
    simulated: bool
    seed: int | None  # of the simulated world


@dataclass(frozen=True, slots=True)
class Loss:
    """Samples that the device knows to be missing right before LSL time `time`."""

    stream: str
    time: float
    count: int


@dataclass(frozen=True, slots=True)
class VideoSummary:
    """One closed file of a take: a video or, with blocks for frames, a sound."""

    take: int
    stream: str
    path: Path
    codec: str
    tiling: str
    frames: int
    bytes: int
    sha256: str | None
    late_p99_ms: float | None = None  # from a frame's arrival until it was taken in
    taken_back: int = 0  # frames whose rows say stored, and which the encoder then lost
    error: str | None = None
    disk_full: bool = False
    is_left: bool = False  # by a process that is gone: nobody has closed it


@dataclass(frozen=True, slots=True)
class HostStatus:
    """What a device process tells at most ten times a second."""

    state: DeviceState
    samples: Mapping[str, int] = field(default_factory=dict)
    losses: tuple[Loss, ...] = ()
    drift_ppm: float | None = None
    ring_fill: float = 0.0  # 0…1, the fullest of its cameras
    fates: Mapping[str, Mapping[Fate, int]] = field(default_factory=dict)  # by camera


@dataclass(frozen=True, slots=True)
class HostEvent:
    """Something happened in a device process."""

    time: float
    level: Level
    code: str
    text: str
    take: int | None = None  # the recording that it concerns, where it concerns one


Tell = Callable[[str, Level, str, str], None]
"""Tells everybody what happened: source, level, code, text. From any thread."""


def internal(report: Tell) -> Callable[[str], None]:
    """Say through `report` what should not happen in the engine itself."""
    return lambda text: report("engine", "error", "internal", text)


class TellOfTake(Protocol):
    """Tells everybody what happened, and which take it concerns, where it concerns one."""

    def __call__(
        self, source: str, level: Level, code: str, text: str, take: int | None = None
    ) -> None:
        """Tell it; from any thread."""


Upward = Answer | Opened | HostStatus | HostEvent


@dataclass(frozen=True, slots=True)
class Preview:
    """A preview. `focus` is the variance of the Laplacian: higher is sharper, for one scene."""

    jpeg: bytes
    stamp: float  # LSL time of the frame
    device_frame: int
    saturated: float  # share of pixels at or above 250 of 255
    focus: float


OVER = "replay-over"
"""The code of the event that tells the end."""
