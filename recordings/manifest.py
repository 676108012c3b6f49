"""The models of `session.json`, the manifest.

Only the engine writes the manifest. Times called `lsl` are seconds of the recording computer's LSL
clock; times called `stamp` are raw stamps of a stream's own clock.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from recordings import owner
from recordings.disk.atomic import replace_file
from recordings.disk.hashing import sha256_of
from recordings.disk.regular import read_text
from recordings.errors import RecordingError, bad_key, why
from recordings.layout import RATINGS_NAME, XDF_NAME
from recordings.manifest_fields import (
    FileName,
    Finite,
    Moment,
    Participant,
    RigTables,
    SessionLabel,
    StudyName,
    Task,
)
from recordings.stream_kinds import Fate

FORMAT: Final = "unisono-session"
VERSION = 1
MANIFEST_NAME = "session.json"


class State(StrEnum):
    """What a session on disk is: a crashed one stays in `armed` or `recording`."""

    ARMED = "armed"  # its files are there, and its start is still to come
    RECORDING = "recording"
    COMPLETE = "complete"
    REPAIRED = "repaired"
    FAILED = "failed"


class Frozen(BaseModel):
    """What is written once and refuses unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class ClockPair(Frozen):
    """One moment on two clocks."""

    utc: Moment  # ISO 8601 with microseconds and Z
    lsl: Finite

    @classmethod
    def of(cls, utc: datetime, lsl: float) -> Self:
        """Pair a moment of the world's clock, which has a time zone, with that of LSL's, s."""
        text = utc.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        return cls(utc=text, lsl=lsl)

    @property
    def when(self) -> datetime:
        """The moment on the world's clock, in UTC."""
        return datetime.fromisoformat(self.utc).astimezone(UTC)


class Gap(Frozen):
    """Time without samples: after the stamp `start`, until the stamp `end`."""

    start: float
    end: float
    lost: int


AlignedBy = Literal["clock", "events"]


class Alignment(Frozen):
    """How what was stored elsewhere came onto the session's clock."""

    by: AlignedBy
    error_s: float  # how far off its times may be, 99 %
    source: str  # the file's name where it was imported from
    source_sha256: str
    drift_ppm: float | None = None  # how its clock ran, where events tell
    events: int = 0  # that it was fitted to
    residual_s: float | None = None  # the largest distance of one of them from the line


class StreamEntry(Frozen):
    """One stream of the XDF file, or of one that was imported beside it."""

    id: int
    name: str
    type: str
    source_id: str
    hostname: str
    device: str | None = None  # the rig's device it comes from
    channels: int
    rate_hz: float
    dtype: str
    original_header: str = ""  # of LSL, where characters that are none of XML were replaced
    samples: int = 0
    lost: int = 0  # counted by the device, or from gaps in the stamps
    duplicates: int = 0
    overflows: int = 0  # how often more came at once than LSL's buffers hold: not all of it is here
    first_stamp: float | None = None
    last_stamp: float | None = None
    offsets: int = 0
    offset_uncertainty_s: float | None = None  # median over the clock offsets
    latency_s: float | None = None  # measured; None = nobody has measured it
    simulated: bool | None = None  # whether its device is; None = not known
    alignment: Alignment | None = None  # of what was stored elsewhere and imported
    gaps: tuple[Gap, ...] = ()


class VideoPart(Frozen):
    """A further file of a camera or microphone; its file indices begin at 0 again."""

    file: FileName
    codec: str
    tiling: str
    frames: int


class MediaEntry(Frozen):
    """Frames or blocks in a file; their times stand in the index stream of the same name.

    One file, unless the codec was changed or the device restarted while recording: then `parts` has
    the files after the first, in their order.
    """

    name: str
    file: FileName
    codec: str
    rate_hz: float  # frames or blocks a second
    lsl_start: float
    lsl_stop: float | None = None
    captured: int = 0
    frames: int = 0  # packets in the file, or in all files
    parts: tuple[VideoPart, ...] = ()
    # The last rows of files that say stored of frames that the encoder then failed to write:
    # counted as encoder_error in `fates`.
    taken_back: int = 0
    untimed: int = 0  # frames at the end of files without a row: what a crash leaves
    late_p99_ms: float | None = None  # from a frame's arrival until it was taken in
    fates: dict[Fate, int] = {}

    @property
    def files(self) -> tuple[str, ...]:
        """All files, in the order of their frames."""
        return (self.file, *(part.file for part in self.parts))

    @property
    def frames_of_files(self) -> tuple[int, ...]:
        """How many frames or blocks each of `files` has."""
        further = tuple(part.frames for part in self.parts)
        return (self.frames - sum(further), *further)


class VideoEntry(MediaEntry):
    """The video of a camera."""

    width: int
    height: int
    pixel_format: str
    tiling: str


class SoundEntry(MediaEntry):
    """The sound of a microphone: what a camera's frames are, are its blocks of samples."""

    sample_rate_hz: float
    channels: int
    block: int  # samples a block


class FileEntry(Frozen):
    """One file of the session, with its hash once it is closed."""

    path: FileName
    bytes: int | None = None
    sha256: str | None = None

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read a file of a session, for its hash.

        Raises:
            OSError: it cannot be read.
        """
        return cls(path=path.name, bytes=path.stat().st_size, sha256=sha256_of(path))


class PendingFile(Frozen):
    """A file of the session that is still on a node; once collected it is one of `files`."""

    path: FileName  # its name in the session's folder
    node: str
    bytes: int | None = Field(default=None, ge=0)  # None: the node has not told yet
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None


class LostFile(Frozen):
    """A file of the session that was on a node and will never be here."""

    path: FileName
    node: str
    reason: str


def hashed_files(
    files: Iterable[FileEntry],
    folder: Path,
    known: Mapping[str, str],
    between: Callable[[], None] | None = None,
) -> tuple[FileEntry, ...]:
    """Add the SHA-256 of each file that is there.

    `known` has those computed while writing, by name; for `between` see `sha256_of`. Files that may
    still grow come last.
    """
    there = [entry for entry in files if (folder / entry.path).exists()]
    done: dict[str, FileEntry] = {}
    for entry in sorted(there, key=lambda entry: entry.path == RATINGS_NAME):
        path = folder / entry.path
        sha256 = known.get(entry.path) or sha256_of(path, between=between)
        done[entry.path] = FileEntry(path=entry.path, bytes=path.stat().st_size, sha256=sha256)
    return tuple(done[entry.path] for entry in there)


Level = Literal["info", "warning", "error"]
"""How much an event weighs: more than info is an alarm."""


class Event(Frozen):
    """Something that happened: what `unisono-events` carries as JSON."""

    time: float
    source: str
    level: Level
    code: str
    text: str


class Manifest(Frozen):
    """`session.json`: what was recorded, by what, how it ended."""

    format: Literal["unisono-session"] = FORMAT
    version: int = VERSION
    state: State
    study: StudyName
    participant: Participant
    session: SessionLabel
    task: Task
    run: Annotated[int, Field(ge=0)]
    notes: str = ""
    simulated: bool = False
    seed: int | None = None
    software: dict[str, str]
    host: dict[str, str]
    rig: RigTables | None = None
    rig_text: str | None = None
    rig_sha256: str | None = None
    clock: tuple[ClockPair, ...] = ()  # at the start, and at the stop
    lsl_start: Finite | None = None
    lsl_stop: Finite | None = None
    streams: tuple[StreamEntry, ...] = ()
    absent: tuple[str, ...] = ()  # devices and expected streams of the rig with nothing in here
    videos: tuple[VideoEntry, ...] = ()
    sounds: tuple[SoundEntry, ...] = ()
    files: tuple[FileEntry, ...] = ()
    pending: tuple[PendingFile, ...] = ()  # videos, sounds and own copies that are still on a node
    lost: tuple[LostFile, ...] = ()  # what was pending once, and will not come
    hashing: bool = False  # the hashes of the files are still being computed
    continues: str | None = None  # the session before a split, by its folder's name
    continued_in: str | None = None  # the one after it
    events: tuple[Event, ...] = ()
    unusable: str | None = None  # why somebody said that it is not to be used

    @property
    def media(self) -> tuple[VideoEntry | SoundEntry, ...]:
        """What lies in files of its own beside the XDF: videos and sounds."""
        return (*self.videos, *self.sounds)

    @property
    def interval(self) -> tuple[float, float] | None:
        """From when to when it was recorded, LSL seconds; None where nobody knows."""
        if self.lsl_start is None or self.lsl_stop is None:
            return None
        return self.lsl_start, self.lsl_stop

    @property
    def elsewhere(self) -> frozenset[str]:
        """The names of files of the session that are not here: pending on nodes, or lost there."""
        return frozenset([*(f.path for f in self.pending), *(f.path for f in self.lost)])

    @property
    def is_closed(self) -> bool:
        """Whether nobody writes it any more: all is described and hashed."""
        return not self.hashing and self.state not in (State.ARMED, State.RECORDING)

    @property
    def is_being_recorded(self) -> bool:
        """Whether who records it still runs; else what is not closed has crashed."""
        return self.state in (State.ARMED, State.RECORDING) and owner.lives(self.host) is True

    @property
    def powerline_hz(self) -> float | None:
        """The mains frequency that the rig file names."""
        rig = (self.rig or {}).get("rig")
        value = rig.get("powerline_hz") if isinstance(rig, dict) else None
        return float(value) if isinstance(value, int | float) and value else None

    @property
    def node_run(self) -> str | None:
        """The run under which nodes recorded what is theirs; None: there was none."""
        return self.host.get("node_run")

    def digest(self) -> str:
        """Return the SHA-256 of what was recorded, without what somebody said of it afterwards."""
        text = self.model_dump_json(exclude={"unusable", "notes"})
        return hashlib.sha256(text.encode()).hexdigest()

    def save(self, folder: Path) -> None:
        """Replace `session.json` in `folder` atomically."""
        replace_file(folder / MANIFEST_NAME, self.model_dump_json(indent=1).encode())

    @classmethod
    def load(cls, folder: Path) -> Manifest:
        """Read `session.json` in `folder`.

        Raises:
            RecordingError: there is none, or it is not one that this version reads.
        """
        path = folder / MANIFEST_NAME
        try:
            text = read_text(path)
        except (OSError, UnicodeDecodeError) as error:
            raise RecordingError(_unread(path, error)) from error
        _check_version(path, text)
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise RecordingError(
                f"{path}: {bad_key(error)}; this program reads {FORMAT} version {VERSION}"
            ) from error


_BRING_BACK: Final = (
    "copy it back from where the session was recorded; without it, unisono import makes a session "
    f"of a copy of {XDF_NAME}, its signals alone"
)


def _unread(path: Path, error: Exception) -> str:
    folder = path.parent
    if os.path.islink(folder) and not os.path.exists(folder):  # noqa: PTH110, PTH114 - never raise
        target = os.readlink(folder)  # noqa: PTH115
        return f"{folder}: is a link to {target}, which is not there, or leads back to it"
    if (folder / XDF_NAME).exists():
        return f"{path}: cannot be read ({why(error)}): {_BRING_BACK}"
    return f"{path}: cannot be read ({why(error)}): not a session?"


def _check_version(path: Path, text: str) -> None:
    """Refuse what a later program wrote before its unknown keys do.

    Raises:
        RecordingError: the version is another one, or it is no JSON.
    """
    try:
        version = json.loads(text)["version"]
    except json.JSONDecodeError as error:
        raise RecordingError(f"{path}: is damaged ({error}): {_BRING_BACK}") from error
    except (ValueError, TypeError, KeyError, RecursionError):
        return  # no manifest at all: the model says what is wrong
    if isinstance(version, int) and version != VERSION:
        raise RecordingError(
            f"{path}: written as {FORMAT} version {version}; this program reads {FORMAT} version "
            f"{VERSION}: use the Unisono that wrote it, or a newer one"
        )
