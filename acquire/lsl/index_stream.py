"""What the index stream of a camera announces: one row a frame."""

from __future__ import annotations

from typing import Final

from devices.base import Channel, StreamSpec, VideoSpec
from recordings.stream_kinds import INDEX_CHANNELS, VIDEO_TYPE

_UNITS: Final = {"device_time_s": "seconds", "exposure_us": "microseconds"}


def index_spec(video: VideoSpec, codec: str, tiling: str) -> StreamSpec:
    """Describe the index stream of a camera: one row a frame."""
    return StreamSpec(
        name=video.name,
        type=VIDEO_TYPE,
        channels=tuple(Channel(c, _UNITS.get(c, ""), "Index") for c in INDEX_CHANNELS),
        rate_hz=video.rate_hz,
        dtype="float64",
        source_id=video.source_id,
        manufacturer=video.manufacturer,
        model=video.model,
        can_drop_samples=True,
        desc={
            "width": str(video.width),
            "height": str(video.height),
            "pixel_format": video.pixel_format,
            "codec": codec,
            "tiling": tiling,
            **video.desc,
        },
    )
