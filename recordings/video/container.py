"""A video file as libav opens it: what it says of itself, and its whole packets."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from recordings.disk.regular import check_regular
from recordings.errors import RecordingError
from recordings.video.info import METADATA_KEY, VideoInfo
from recordings.video.pixel_formats import Picture

# A packet cut short by a crash is dropped instead of being decoded to half a picture.
_OPTIONS: Final = {"fflags": "+discardcorrupt"}
_DAMAGED: Final[dict[str, Any]] = {"metadata_errors": "surrogateescape"}


def first_plane(image: av.VideoFrame, info: VideoInfo) -> Picture:
    """The luma plane. H.264 gray comes back as YUV with empty colour planes."""
    plane = image.planes[0]
    dtype = info.format.dtype
    samples: Picture = np.frombuffer(memoryview(plane), dtype)
    lines = samples.reshape(plane.height, plane.line_size // dtype.itemsize)
    return lines[:, : plane.width].copy()


def open_container(path: Path) -> Any:
    """Open a file with libav; close it, or use it in a `with`.

    Raises:
        RecordingError: it is no video that can be read.
    """
    try:
        check_regular(path)
        container = _opened(path)
    except (OSError, av.FFmpegError) as error:
        said = error.strerror or "no reason given"  # all of it would name the file once more
        raise RecordingError(f"{path}: cannot be read as video ({said})") from error
    if not container.streams.video:
        container.close()
        raise RecordingError(f"{path}: has no video stream")
    return container


def _opened(path: Path) -> Any:
    """Open a file, though one of its tags is damaged."""
    try:
        return av.open(str(path), options=_OPTIONS)
    except UnicodeDecodeError:  # PyAV before 19, which takes what is no text as it comes
        return av.open(str(path), options=_OPTIONS, **_DAMAGED)


def seek(container: Any, pts: int) -> bool:
    """Go to the last key frame at or before `pts`, if there is an index.

    A file cut in its first second has none: False, and the container is where it was.
    """
    try:
        container.seek(pts, stream=container.streams.video[0], backward=True)
    except av.FFmpegError:
        return False
    return True


def packets(container: Any) -> Iterator[Any]:
    """Whole packets; the end of a file that was cut is its last whole one."""
    try:
        for packet in container.demux(container.streams.video[0]):
            if packet.size and not packet.is_corrupt:
                yield packet
    except av.FFmpegError:
        return


def has_checksums(container: Any, info: VideoInfo) -> bool:
    """Say whether each frame of an open file can be held against its checksum: FFV1 of ours."""
    return info.codec == "ffv1" and METADATA_KEY in container.metadata


def info_in(path: Path, container: Any) -> VideoInfo:
    """Return what an open file says of itself.

    Raises:
        RecordingError: what this program wrote into it is damaged.
    """
    text = container.metadata.get(METADATA_KEY)
    if text is not None:
        try:
            return VideoInfo.from_json(text)
        except (ValueError, KeyError, TypeError) as error:
            raise RecordingError(f"{path}: its {METADATA_KEY} tag is damaged ({error})") from error
    stream = container.streams.video[0]
    rate = float(stream.average_rate or stream.guessed_rate or Fraction(25))
    gray = stream.codec_context.pix_fmt == "gray"
    name = "Mono8" if gray else "RGB8"
    return VideoInfo(stream.width, stream.height, name, rate, stream.codec_context.name, "none")
