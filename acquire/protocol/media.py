"""What a stimulus file holds, as it is to be shown; and what of it is odd."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from acquire.errors import ConfigError
from devices.arrays import F64Array

if TYPE_CHECKING:
    import av
    from av.container import InputContainer

VARIES = 0.1
"""A clip whose frames are further apart or closer than this part of their mean has no one rate."""
SHORT_S: Final = 0.5
"""A clip that ends so much before its header says was cut off."""
_BACK_S: Final = (0.0, 2.0)
"""How far before the last frame decoding begins: some formats find no place behind the last key."""
_HDR: Final = (16, 18)
"""Transfer characteristics that no ordinary screen has: PQ and HLG, of ITU-T H.273."""


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What a stimulus file holds."""

    path: Path
    width: int  # as shown: turned, and with square pixels
    height: int
    frames: int
    duration_s: float
    rate_hz: float  # 0: a still picture
    varies: bool  # no one frame rate
    sound: bool
    turned_deg: int = 0  # by how much it is turned to be shown, clockwise
    stored: tuple[int, int] = (0, 0)  # width and height of a frame in the file
    is_interlaced: bool = False
    is_hdr: bool = False
    start_s: float = 0.0  # when its first frame is due, by the clock of the file
    promised_s: float = 0.0  # how long it is by its own header; 0: that says nothing


def oddities(info: MediaInfo) -> Iterator[str]:
    """Say what is odd and can be played, each with its remedy."""
    name = info.path.name
    if info.varies:
        yield (
            "its frames do not come at one rate; each is shown when it is due, but convert it: "
            f'ffmpeg -i "{name}" -vf fps={info.rate_hz:.0f} …'
        )
    if info.rate_hz and (info.stored[0] % 2 or info.stored[1] % 2):
        width, height = info.stored
        yield f"odd size {width}x{height}: its chroma is a half pixel off at one edge"
    if info.promised_s - info.duration_s > SHORT_S:
        yield (
            f"it ends after {info.duration_s:.1f} s, and its header promises "
            f"{info.promised_s:.1f} s; copy it again"
        )
    if info.is_interlaced:
        yield (
            "it is interlaced: what moves in it has the edges of a comb; convert it: "
            f'ffmpeg -i "{name}" -vf bwdif …'
        )
    if info.is_hdr:
        yield "it is in HDR, and looks pale on this screen; convert it to BT.709"


def probe_media(path: Path, *, still: bool = False) -> MediaInfo:
    """Open a file, list its frames and decode the first and the last.

    Raises:
        ConfigError: it cannot be decoded.
    """
    import av

    try:
        # Twice: not every cut file finds its way back to its first frame.
        with av.open(str(path)) as container:
            pts = np.zeros(0) if still else _times(container)
        with av.open(str(path)) as container:
            return _probe(container, path, pts, still=still)
    except (av.FFmpegError, OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise ConfigError(
            f"{path}: cannot be decoded ({said}); copy it again, or convert it to H.264 in MP4"
        ) from error


def _probe(container: InputContainer, path: Path, pts: F64Array, *, still: bool) -> MediaInfo:
    if not container.streams.video:
        remedy = "give a video or an image"
        if container.streams.audio:
            remedy = (
                "make a film of the sound: "
                f'ffmpeg -f lavfi -i color=black:r=25 -i "{path.name}" -shortest …'
            )
        raise ConfigError(f"{path}: holds no picture; {remedy}")
    video = container.streams.video[0]
    first = next(container.decode(video), None)
    if first is None:
        raise ConfigError(f"{path}: not one frame can be decoded; copy it again")
    if still:
        size = (first.width, first.height)
        return MediaInfo(path, *size, 1, 0.0, 0.0, varies=False, sound=False, stored=size)
    if first.pts is not None:  # what was cut in front of a key frame cannot be decoded
        pts = pts[pts >= first.pts]
    base = video.time_base or Fraction(1, 1)
    if len(pts) < 2:
        raise ConfigError(f"{path}: one frame only; show it in a step of kind = 'image'")
    steps = np.diff(pts) * float(base)
    mean = float(steps.mean())
    last = _last_decoded(container, video, pts)
    if last < pts[-1]:
        raise ConfigError(
            f"{path}: cannot be decoded beyond {last * float(base):.1f} s; copy it again, or "
            "convert it"
        )
    turned = -first.rotation % 360
    return MediaInfo(
        path,
        *_shown_size(first, float(video.sample_aspect_ratio or 1), turned),
        len(pts),
        float(pts[-1] - pts[0]) * float(base) + mean,
        1.0 / mean,
        varies=bool(np.abs(steps / mean - 1.0).max() > VARIES),
        sound=bool(container.streams.audio),
        turned_deg=turned,
        stored=(first.width, first.height),
        is_interlaced=first.interlaced_frame,
        is_hdr=video.codec_context.color_trc in _HDR,
        start_s=float(pts[0]) * float(base),
        promised_s=_promised_s(video),
    )


def _times(container: InputContainer) -> F64Array:
    """List when each frame is due, rising; those that an edit of the file leaves out are none."""
    packets = container.demux(container.streams.video[:1])
    return np.array(
        sorted(p.pts for p in packets if p.pts is not None and not p.is_discard), np.float64
    )


def _last_decoded(container: InputContainer, video: av.VideoStream, pts: F64Array) -> float:
    """Decode the end; gives the time of the last frame, 0 where there is none."""
    last = 0.0
    for back_s in _BACK_S:
        back = back_s / float(video.time_base or 1)
        container.seek(int(max(pts[0], pts[-1] - back)), stream=video)
        last = max((f.pts for f in container.decode(video) if f.pts is not None), default=0.0)
        if last >= pts[-1]:
            break
    return last


def _shown_size(frame: av.VideoFrame, pixel: float, turned: int) -> tuple[int, int]:
    """Give width and height with square pixels, turned."""
    width, height = frame.width, frame.height
    width = round(width * pixel)
    return (height, width) if turned % 180 else (width, height)


def _promised_s(video: av.VideoStream) -> float:
    if video.duration is not None and video.time_base is not None:
        return float(video.duration * video.time_base)
    hours, _, rest = video.metadata.get("DURATION", "").partition(":")  # Matroska's
    minutes, _, seconds = rest.partition(":")
    try:
        return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    except ValueError:
        return 0.0
