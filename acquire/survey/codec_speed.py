"""What `unisono camera benchmark` found, kept beside the data, and held against a rig at its start.

It is about one disk and one processor: it lies in the data folder, and counts on its host alone.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from devices.base import VideoSpec
from recordings.errors import RecordingError
from recordings.video.codecs import choose_codec
from recordings.video.pixel_formats import pixel_format

FILE = "camera-benchmark.json"
HEADROOM = 1.25
"""A codec has to be this much faster than the camera to be recommended."""
HASH_HEADROOM = 3.0
"""A raw video is hashed while it is written where SHA-256 is so much faster than its camera."""

Finding = tuple[str, Literal["info", "warning"], str]
"""Camera, level, text."""


class Speed(BaseModel):
    """How fast one codec wrote frames of one pixel format, counted before compression."""

    model_config = ConfigDict(defer_build=True)

    codec: str
    pixel_format: str
    bytes_per_s: float


class Speeds(BaseModel):
    """One benchmark."""

    model_config = ConfigDict(defer_build=True)

    host: str
    day: str  # of the benchmark, UTC
    speeds: tuple[Speed, ...]
    sha256_bytes_per_s: float = 0.0  # of one core; 0 where it was not measured

    def of(self, codec: str, format_name: str) -> float | None:
        """Give what a codec reached, bytes/s; None where it was not measured."""
        fits = (s for s in self.speeds if (s.codec, s.pixel_format) == (codec, format_name))
        return next((s.bytes_per_s for s in fits), None)


def remember(folder: Path, results: Iterable[CameraSpeed], sha256_bytes_per_s: float = 0.0) -> None:
    """Keep a benchmark in the data folder.

    Raises:
        OSError: it cannot be written.
    """
    speeds = [
        Speed(
            codec=codec.codec,
            pixel_format=camera.pixel_format,
            bytes_per_s=codec.frames_per_s * camera.megabytes_per_s * 1e6 / camera.needed_fps,
        )
        for camera in results
        for codec in camera.codecs
    ]
    day = datetime.now(UTC).date().isoformat()
    found = Speeds(
        host=socket.gethostname(),
        day=day,
        speeds=tuple(speeds),
        sha256_bytes_per_s=sha256_bytes_per_s,
    )
    (folder / FILE).write_text(found.model_dump_json(indent=1))


def held_against(folder: Path, cameras: Iterable[tuple[VideoSpec, str]]) -> list[Finding]:
    """Say which cameras have a codec (`auto` for the default) that is too slow in this folder."""
    known = _recall(folder)
    if known is None:
        return []
    findings = (_hold(known, spec, codec) for spec, codec in cameras)
    return [finding for finding in findings if finding is not None]


def hashes_in_passing(folder: Path, spec: VideoSpec) -> bool:
    """Whether a raw video of this camera can be hashed while it is written in this folder.

    Otherwise its file is read again after the recording.
    """
    known = _recall(folder)
    size = pixel_format(spec.pixel_format).frame_bytes(spec.width, spec.height)
    return known is not None and known.sha256_bytes_per_s >= HASH_HEADROOM * size * spec.rate_hz


def _recall(folder: Path) -> Speeds | None:
    try:
        known = Speeds.model_validate(json.loads((folder / FILE).read_text()))
    except (OSError, ValueError, ValidationError):  # none, or not ours: nothing to hold against
        return None
    return known if known.host == socket.gethostname() else None


def _hold(known: Speeds, spec: VideoSpec, asked: str) -> Finding | None:
    form = pixel_format(spec.pixel_format)
    size = form.frame_bytes(spec.width, spec.height)
    try:
        codec = choose_codec(asked, form, spec.rate_hz).name
    except RecordingError:  # said when the camera is opened
        return None
    reached = known.of(codec, spec.pixel_format)
    if reached is None or reached >= HEADROOM * size * spec.rate_hz:
        return None
    text = (
        f"{codec} wrote {reached / size:.0f} frames/s here on {known.day}, "
        f"{spec.rate_hz:g} are needed"
    )
    if reached >= size * spec.rate_hz:
        return spec.name, "info", f"{text}: little to spare"
    fast = [
        speed.codec
        for speed in known.speeds
        if speed.pixel_format == spec.pixel_format
        and speed.bytes_per_s >= HEADROOM * size * spec.rate_hz
    ]
    remedy = (
        f'put codec = "{fast[0]}" into the rig file'
        if fast
        else "no codec measured is fast enough: lower the rate or the size"
    )
    return spec.name, "warning", f"{text}: frames will be lost; {remedy}"


@dataclass(frozen=True, slots=True)
class CodecSpeed:
    """What one codec reached."""

    codec: str
    frames_per_s: float
    ratio: float  # bytes of the camera to bytes of the file
    minutes: float  # until the disk is full, at the camera's rate


@dataclass(frozen=True, slots=True)
class CameraSpeed:
    """What one camera of the rig needs, and what was reached."""

    camera: str
    pixel_format: str
    needed_fps: float
    megabytes_per_s: float
    codecs: tuple[CodecSpeed, ...]
    recommended: str | None
    ring_s: float
