"""What a video file says about itself, in its own header."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Final

from recordings.video.pixel_formats import PixelFormat, Tiling, pixel_format

METADATA_KEY: Final = "UNISONO"  # upper case: Matroska makes it so
VERSION: Final = 1
_START: Final = b'{"format": "unisono-video"'


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """Size, PFNC pixel format, nominal rate, codec and tiling of a video file."""

    width: int
    height: int
    pixel_format: str
    rate_hz: float
    codec: str
    tiling: Tiling

    @property
    def format(self) -> PixelFormat:
        """The pixel format."""
        return pixel_format(self.pixel_format)

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame as the camera delivers it."""
        return self.format.frame_bytes(self.width, self.height)

    @property
    def rate(self) -> Fraction:
        """The rate as a fraction; frame k has the time k / rate in the container."""
        return Fraction(self.rate_hz).limit_denominator(1001)

    def to_json(self) -> str:
        """As text for a file's header."""
        return json.dumps({"format": "unisono-video", "version": VERSION, **asdict(self)})

    @classmethod
    def from_json(cls, text: str) -> VideoInfo:
        """Read what `to_json` wrote.

        Raises:
            ValueError: it is something else.
        """
        fields: dict[str, Any] = json.loads(text)
        if fields.pop("format", None) != "unisono-video" or fields.pop("version", 0) > VERSION:
            raise ValueError("not the header of a video of this program's version")
        return cls(**{key: fields[key] for key in cls.__slots__})

    @classmethod
    def find(cls, head: bytes) -> VideoInfo:
        """Find what `to_json` wrote in the first bytes of a file that libav does not open.

        Raises:
            ValueError: it is not there.
        """
        start = head.index(_START)
        fields, _ = json.JSONDecoder().raw_decode(head[start:].decode(errors="replace"))
        return cls.from_json(json.dumps(fields))
