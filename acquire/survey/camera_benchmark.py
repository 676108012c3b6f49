"""`unisono camera benchmark`: which codec keeps up here, and how long the disk lasts.

For each camera of a rig, some of its own frames are written again and again with each codec, for a
few seconds, to the data folder's disk, as fast as it goes.
"""

from __future__ import annotations

import hashlib
import itertools
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from acquire.rig.file import Rig
from acquire.survey.camera_sample import PATIENCE_S, sample
from acquire.survey.codec_speed import HEADROOM, CameraSpeed, CodecSpeed
from devices.arrays import Array
from devices.base import DeviceError, VideoSpec
from recordings.errors import RecordingError
from recordings.layout import free_bytes
from recordings.video.pixel_formats import pixel_format
from recordings.video.writer import VideoWriter

CODECS = ("ffv1", "magicyuv", "ffvhuff", "raw")
"""Smallest files first: the first that keeps up is recommended."""
HASHED_BYTES = 16 << 20


def benchmark(
    rig: Rig, folder: Path, seconds: float, complain: Callable[[DeviceError], None]
) -> list[CameraSpeed]:
    """Measure every camera of a rig on this computer, `seconds` for each codec, in `folder`'s disk.

    Which devices are cameras is known once they are open: `complain` hears of each that cannot be,
    or gives no frame. The others are measured.

    Raises:
        RecordingError: a video cannot be written, for instance because the disk is full.
    """
    results = []
    for table in (device for device in rig.devices if device.node is None):
        try:
            taken = sample(
                table.name,
                table.driver,
                rig.driver_folder,
                table.settings,
                PATIENCE_S,
                rig.folder,
            )
        except DeviceError as error:
            complain(error)
            continue
        for spec, frames in taken:
            results.append(_measure(spec, frames, folder, seconds))
    return results


def sha256_speed() -> float:
    """How fast one core hashes, bytes/s: the best of five blocks, since others run here, too."""
    block = bytes(HASHED_BYTES)
    seconds = []
    for _ in range(5):
        began = time.perf_counter()
        hashlib.sha256(block)
        seconds.append(time.perf_counter() - began)
    return HASHED_BYTES / min(seconds)


def _measure(spec: VideoSpec, frames: list[Array], folder: Path, seconds: float) -> CameraSpeed:
    size = pixel_format(spec.pixel_format).frame_bytes(spec.width, spec.height)
    free = free_bytes(folder)
    speeds = (_write(spec, frames, codec, folder, seconds, size, free) for codec in CODECS)
    codecs = [speed for speed in speeds if speed is not None]
    fast = [c for c in codecs if c.frames_per_s >= HEADROOM * spec.rate_hz]
    best = fast[0] if fast else None
    return CameraSpeed(
        spec.name,
        spec.pixel_format,
        spec.rate_hz,
        size * spec.rate_hz / 1e6,
        tuple(codecs),
        best.codec if best else None,
        _ring_s(best, spec.rate_hz),
    )


def _ring_s(best: CodecSpeed | None, needed_fps: float) -> float:
    """Give a stall of half a second room, more where the codec has little speed to catch up."""
    if best is None:
        return 4.0
    return 1.0 if best.frames_per_s > 1.5 * needed_fps else 2.0


def _write(
    spec: VideoSpec,
    frames: list[Array],
    codec: str,
    folder: Path,
    seconds: float,
    size: int,
    free: int,
) -> CodecSpeed | None:
    """Write frames for some seconds; None where the codec does not take such ones."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=".benchmark-") as scratch:
        try:
            writer = VideoWriter(
                Path(scratch) / codec,
                width=spec.width,
                height=spec.height,
                pixel_format=spec.pixel_format,
                rate_hz=spec.rate_hz,
                codec=codec,
            )
        except RecordingError:
            return None
        began = time.monotonic()
        for image in itertools.cycle(frames):
            writer.write(image)
            if time.monotonic() - began >= seconds:
                break
        summary = writer.close()
        elapsed = time.monotonic() - began
    per_frame = summary.bytes / summary.frames
    minutes = free / (per_frame * spec.rate_hz) / 60
    return CodecSpeed(codec, summary.frames / elapsed, size / per_frame, minutes)
