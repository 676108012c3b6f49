"""One recording, from its first sample to its closing."""

from __future__ import annotations

import math
import threading
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path

from acquire.processes.messages import Interval
from acquire.take.disk import DiskWatch
from acquire.take.folder import SessionFolder
from acquire.take.videos import TakeVideos
from acquire.take.xdf_recorder import XdfRecorder
from recordings.errors import RecordingError
from recordings.manifest import State
from recordings.manifest_entries import PendingFile, SoundEntry, StreamEntry, VideoEntry

STOP_DRAIN_S = 0.35
"""How long a stop waits for samples from before it."""
GATED_DRAIN_S = 0.8
"""How long it does where a camera's gate may still have to decide on frames that it holds."""
SPLIT_DRAIN_S = 3.0
"""How long a split does: nobody waits for that."""
LATE_DRAIN_S = 3.0
"""How long anything does where samples from before it are known to be on their way."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a recording ended. `path` is the session's folder, or the XDF file."""

    take: int
    path: Path
    state: State
    streams: tuple[StreamEntry, ...]
    videos: tuple[VideoEntry, ...]
    alarms: int
    error: str | None = None
    seconds: float = 0.0  # from start to stop
    pending: tuple[PendingFile, ...] = ()  # what is still on nodes
    sounds: tuple[SoundEntry, ...] = ()

    @property
    def lost(self) -> int:
        """Samples and frames that should be there and are not."""
        return sum(stream.lost for stream in self.streams)


@dataclass(eq=False)
class Take:
    """One recording that is being made: everything that is its own, and nothing that is not."""

    number: int
    xdf: XdfRecorder
    videos: TakeVideos
    disk: DiskWatch
    folder: SessionFolder | None  # None: a bare XDF file
    names: frozenset[str] | None  # of the streams that it gets; None = all
    continues: bool = False  # goes on where the take before it ends
    goes_on: bool = False  # another one goes on where it ends
    interval: Interval = field(default_factory=Interval)  # replaced whole, under the pump's lock
    drain_s: float = STOP_DRAIN_S
    gated: frozenset[str] = frozenset()  # devices whose rows may come late
    alarms: int = 0
    failure: RecordingError | None = None
    told_absent: set[str] = field(default_factory=set)  # what has no stream, told already
    late: Counter[str] = field(default_factory=Counter)  # samples after its drain, by stream
    drained: threading.Event = field(default_factory=threading.Event)
    outcome: Future[Outcome] = field(default_factory=Future)
    hashed: threading.Event = field(default_factory=threading.Event)

    @property
    def drained_by(self) -> float:
        """LSL time until which what was stamped before its stop is waited for, at most."""
        return self.interval.stop + max(self.drain_s, LATE_DRAIN_S)

    @property
    def usually_by(self) -> float:
        """And where nothing is known to be late."""
        return self.interval.stop + self.drain_s

    @property
    def path(self) -> Path:
        """The session's folder, or the XDF file."""
        return self.folder.folder if self.folder is not None else self.xdf.file.path

    @property
    def is_open(self) -> bool:
        """Whether its stop is still to come: what comes new belongs to it, too."""
        return self.interval.stop == math.inf

    def gets(self, name: str) -> bool:
        """Say whether a stream was chosen for it."""
        return self.names is None or name in self.names
