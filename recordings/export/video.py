"""`unisono export video`: an ordinary MP4 of each camera, colours interpolated, with true times.

H.264, 4:2:0, time base 1 µs (10 µs where a gap is over 35 minutes): each frame has the time at
which it was exposed, so that a player shows a gap as a gap. It is for looking; measurements belong
on the lossless original.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import numpy as np

from recordings.arrays import F64Array, I64Array
from recordings.export.records import session_name
from recordings.read.camera import Camera
from recordings.read.session import Session, camera_of
from recordings.video.pixel_formats import Picture

_LONGEST_TICKS: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Settings:
    """`crf`: 0 best to 51; `width`: scaled down to at most so many pixels, 0 = as it is."""

    crf: int = 18
    width: int = 0
    cameras: tuple[str, ...] = ()


def export(session: Session, folder: Path, settings: Settings) -> list[str]:
    """Write the videos of one session; see `recordings.export.tasks`.

    Raises:
        RecordingError: a camera is unknown, or a video is missing or damaged.
    """
    names = settings.cameras or tuple(session.cameras)
    notes = [] if names else ["no camera in this session"]
    for name in names:
        camera = camera_of(session, name)
        if not len(camera):
            notes.append(f"{name}: no frames")
            continue
        path = folder / f"{session_name(session.path)}_{name}.mp4"
        write_mp4(camera, path, settings.crf, settings.width)
    return notes


def to_rgb(picture: Picture, pixel_format: str) -> Picture:
    """Return a picture in 8 bits: gray (height, width), or RGB (height, width, 3) of a mosaic."""
    from recordings.video.pixel_formats import pixel_format as look_up

    fmt = look_up(pixel_format)
    if picture.dtype != np.uint8:
        picture = (picture >> (fmt.bits - 8)).astype(np.uint8)
    if not fmt.pattern:
        return picture
    import cv2

    return np.asarray(cv2.cvtColor(picture, getattr(cv2, f"COLOR_Bayer{fmt.pattern}2RGB")))


def write_mp4(camera: Camera, path: Path, crf: int = 18, width: int = 0) -> None:
    """Write the frames of a camera as an MP4 with their true times, from 0 on.

    Raises:
        RecordingError: the video is missing or damaged.
    """
    encoder = {"crf": str(crf), "preset": "veryfast"}
    form = Form("mp4", "libx264", "yuv420p", "yuv420p", 1_000_000, encoder, "+faststart")
    write_frames(camera, range(len(camera)), lambda image: _even(image, width), path, form)


@dataclass(frozen=True, slots=True)
class Form:
    """A video file as libav names its parts; `gray` and `colour` are how pixels are stored."""

    container: str
    codec: str
    gray: str
    colour: str
    ticks_s: int  # of the time base
    options: Mapping[str, str] = field(default_factory=dict)
    flags: str = ""  # of an MP4


def write_frames(
    camera: Camera, frames: range, edit: Callable[[Picture], Picture], path: Path, form: Form
) -> None:
    """Write frames of a camera, 8 bits and through `edit`, with their true times, from 0 on.

    Raises:
        RecordingError: the video is missing or damaged.
    """
    import av

    times = camera.times[frames.start : frames.stop]
    ticks_s = form.ticks_s
    # No frame of an MP4 is shown for more ticks, 35 minutes of µs: a gate may be shut for longer.
    while ticks_s > 1000 and np.diff(times).max(initial=0.0) * ticks_s > _LONGEST_TICKS:
        ticks_s //= 10
    tick = Fraction(1, ticks_s)
    stamps = ticks(times, ticks_s).tolist()
    pictures = camera.run(frames.start, frames.stop)
    flags = {"movflags": form.flags} if form.flags else {}
    with av.open(str(path), "w", format=form.container, options=flags) as container:
        stream: Any = None
        for stamp, picture in zip(stamps, pictures, strict=True):
            image = np.ascontiguousarray(edit(to_rgb(picture, camera.entry.pixel_format)))
            if stream is None:
                rate = Fraction(camera.entry.rate_hz).limit_denominator(1001)
                stream = container.add_stream(form.codec, rate=rate)
                stream.height, stream.width = image.shape[:2]
                stream.pix_fmt = form.gray if image.ndim == 2 else form.colour
                stream.options = dict(form.options)
                stream.codec_context.time_base = stream.time_base = tick
            frame = av.VideoFrame.from_ndarray(image, "gray" if image.ndim == 2 else "rgb24")
            frame.pts, frame.time_base = stamp, tick
            container.mux(stream.encode(frame))
        if stream is not None:
            container.mux(stream.encode(None))


def ticks(times: F64Array, rate_hz: float) -> I64Array:
    """Return times from the first on in ticks of a container, shape (n,), each later than the last.

    Two frames never share a time, no container can hold them: one that comes no later than the one
    before is a tick behind it, and those after it keep their own time.
    """
    at = np.arange(len(times))
    wanted = np.rint((times - times[:1]) * rate_hz).astype(np.int64)
    return np.asarray(np.maximum.accumulate(wanted - at) + at, np.int64)


def _even(image: Picture, width: int) -> Picture:
    """Scale down where asked to; H.264 wants even sizes."""
    if 0 < width < image.shape[1]:
        import cv2

        height = max(round(image.shape[0] * width / image.shape[1]) & ~1, 2)
        image = np.asarray(
            cv2.resize(image, (max(width & ~1, 2), height), interpolation=cv2.INTER_AREA)
        )
    return image[: image.shape[0] & ~1, : image.shape[1] & ~1]
