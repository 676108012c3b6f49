"""The models of what a manifest lists: clocks, streams, videos, sounds, files and events.

Times called `lsl` are seconds of the recording computer's LSL clock; times called `stamp` are raw
stamps of a stream's own clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from recordings.disk.hashing import sha256_of
from recordings.layout import RATINGS_NAME
from recordings.manifest_fields import FileName, Finite, Moment
from recordings.stream_kinds import Fate


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
