"""The models of `session.json` (the manifest) and `report.json` (the certificate).

Only the engine writes the manifest. Times called `lsl` are seconds of the recording computer's LSL
clock; times called `stamp` are raw stamps of a stream's own clock.
"""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from recordings.disk.atomic import replace_file
from recordings.errors import RecordingError

FORMAT: Final = "unisono-session"
VERSION = 1
MANIFEST_NAME = "session.json"


class State(StrEnum):
    """What a session on disk is: a crashed one stays in `recording`."""

    RECORDING = "recording"
    COMPLETE = "complete"
    REPAIRED = "repaired"
    FAILED = "failed"


class Fate(StrEnum):
    """What became of a frame; the order gives the number in the index stream."""

    STORED = "stored"
    GATED = "gated"
    DEVICE_LOST = "device_lost"
    INCOMPLETE = "incomplete"
    RING_FULL = "ring_full"
    ENCODER_ERROR = "encoder_error"
    NOT_RECORDING = "not_recording"

    @property
    def code(self) -> int:
        """The number that stands for this fate in the index stream."""
        return list(Fate).index(self)


INDEX_CHANNELS = (
    "file_index",
    "device_frame",
    "device_time_s",
    "exposure_us",
    "trigger_code",
    "fate",
)


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ClockPair(_Model):
    """One moment on two clocks."""

    utc: str  # ISO 8601 with microseconds and Z
    lsl: float


class Gap(_Model):
    """Time without samples: after the stamp `start`, until the stamp `end`."""

    start: float
    end: float
    lost: int


class StreamEntry(_Model):
    """One stream of the XDF file."""

    id: int
    name: str
    type: str
    source_id: str
    hostname: str
    device: str | None = None  # the rig's device it comes from
    channels: int
    rate_hz: float
    dtype: str
    samples: int = 0
    lost: int = 0  # as told by the device, or counted from gaps in the stamps
    duplicates: int = 0
    first_stamp: float | None = None
    last_stamp: float | None = None
    offsets: int = 0
    offset_uncertainty_s: float | None = None  # median over the clock offsets
    latency_s: float | None = None  # measured; None = nobody has measured it
    gaps: tuple[Gap, ...] = ()


class VideoPart(_Model):
    """A further video file of a camera; its file indices begin at 0 again."""

    file: str
    codec: str
    tiling: str
    frames: int


class VideoEntry(_Model):
    """The video of a camera; its frames' times stand in the index stream of the same name.

    One file, unless the codec was changed or the camera restarted while recording: then `parts` has
    the files after the first, in their order.
    """

    name: str
    file: str
    codec: str
    width: int
    height: int
    pixel_format: str
    tiling: str
    rate_hz: float
    lsl_start: float
    lsl_stop: float | None = None
    captured: int = 0
    frames: int = 0  # packets in the file, or in all files
    parts: tuple[VideoPart, ...] = ()
    # The last rows that say stored of frames that the encoder then failed to write: counted as
    # encoder_error in `fates`.
    taken_back: int = 0
    untimed: int = 0  # frames at the end of files without a row: what a crash leaves
    late_p99_ms: float | None = None  # from a frame's arrival until it was taken in
    fates: dict[Fate, int] = {}

    @property
    def files(self) -> tuple[str, ...]:
        """All files, in the order of their frames."""
        return (self.file, *(part.file for part in self.parts))


class FileEntry(_Model):
    """One file of the session, with its hash once it is closed."""

    path: str
    bytes: int | None = None
    sha256: str | None = None


class Event(_Model):
    """Something that happened: what `unisono-events` carries as JSON."""

    time: float
    source: str
    level: Literal["info", "warning", "error"]
    code: str
    text: str


class Manifest(_Model):
    """`session.json`: what was recorded, by what, how it ended."""

    format: Literal["unisono-session"] = FORMAT
    version: int = VERSION
    state: State
    study: str
    participant: str
    session: str
    task: str
    run: int
    notes: str = ""
    simulated: bool = False
    seed: int | None = None
    software: dict[str, str]
    host: dict[str, str]
    rig: dict[str, Any] | None = None
    rig_text: str | None = None
    rig_sha256: str | None = None
    clock: tuple[ClockPair, ...] = ()  # at the start, and at the stop
    lsl_start: float | None = None
    lsl_stop: float | None = None
    streams: tuple[StreamEntry, ...] = ()
    videos: tuple[VideoEntry, ...] = ()
    files: tuple[FileEntry, ...] = ()
    events: tuple[Event, ...] = ()

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
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RecordingError(f"{path}: cannot be read ({error}): not a session?") from error
        _check_version(path, text)
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise RecordingError(
                f"{path}: {where or 'content'}: {first['msg']}; "
                f"this program reads {FORMAT} version {VERSION}"
            ) from error


def _check_version(path: Path, text: str) -> None:
    """Refuse what a later program wrote before its unknown keys do.

    Raises:
        RecordingError: the version is another one.
    """
    try:
        version = json.loads(text)["version"]
    except (ValueError, TypeError, KeyError, RecursionError):
        return  # no manifest at all: the model says what is wrong
    if isinstance(version, int) and version != VERSION:
        raise RecordingError(
            f"{path}: written as {FORMAT} version {version}; this program reads {FORMAT} version "
            f"{VERSION}: use the Unisono that wrote it, or a newer one"
        )


class Verdict(StrEnum):
    """The certificate in one word."""

    PASS = "PASS"
    WARN = "WARN"
    FAIL = "FAIL"


class Finding(_Model):
    """One thing that the check found."""

    level: Literal["info", "warn", "fail"]
    code: str
    subject: str  # stream, camera or file
    text: str
    remedy: str = ""


class StreamReport(_Model):
    """What the check measured of one stream. Unknown = None."""

    name: str
    type: str
    channels: int
    samples: int
    lost: int
    duplicates: int
    rate_hz: float
    effective_rate_hz: float | None = None
    first_lsl: float | None = None
    last_lsl: float | None = None
    offsets: int = 0
    drift_ppm: float | None = None  # of the stream's clock against the recording computer's
    offset_residual_ms: float | None = None  # p99 of the clock offsets around their line
    offset_uncertainty_ms: float | None = None
    jitter_ms: float | None = None  # p99 of |interval - nominal interval|, as recorded
    jitter_dejittered_ms: float | None = None
    latency_ms: float | None = None  # measured device latency; None = unmeasured
    gaps: tuple[Gap, ...] = ()


class Contribution(_Model):
    """One source of misalignment in a pair of streams."""

    source: str
    ms: float


class Truth(_Model):
    """Errors against the simulated world, in ms."""

    events: int
    missed: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    bias_ms: float = 0.0  # median of the errors with their sign: found later than true is positive


class PairReport(_Model):
    """How far apart one moment can be in two streams."""

    a: str
    b: str
    bound_ms: float
    contributions: tuple[Contribution, ...]
    unmeasured: tuple[str, ...] = ()
    truth: Truth | None = None
    truth_from: str = ""  # the kind of world event that the truth was taken from


class StreamTruth(_Model):
    """World events found in one stream, against `truth.tsv`."""

    stream: str
    kind: str
    truth: Truth


class CameraReport(_Model):
    """The frame ledger of one camera."""

    name: str
    file: str
    codec: str
    captured: int
    indexed: int
    stored: int
    packets: int
    fates: dict[Fate, int]


class StimulusReport(_Model):
    """How exactly the stimuli of one marker stream were shown. Unknown = None."""

    stream: str
    onsets: int
    late_p50_ms: float | None = None  # presented - requested, as the player tells
    late_p99_ms: float | None = None
    late_max_ms: float | None = None
    light_from: str = ""  # the photodiode's stream; "" = nobody has measured it
    light_events: int = 0
    light_mean_ms: float | None = None  # light - onset: what to add to an onset
    light_sd_ms: float | None = None
    light_max_ms: float | None = None


class Report(_Model):
    """`report.json`: the certificate."""

    format: Literal["unisono-report"] = "unisono-report"
    version: int = VERSION
    path: str
    verdict: Verdict
    duration_s: float | None = None
    simulated: bool = False
    streams: tuple[StreamReport, ...] = ()
    pairs: tuple[PairReport, ...] = ()
    cameras: tuple[CameraReport, ...] = ()
    stimulus: tuple[StimulusReport, ...] = ()
    truth: tuple[StreamTruth, ...] = ()
    thresholds: dict[str, Any] | None = None  # the lab's own, as they were applied
    findings: tuple[Finding, ...] = ()
