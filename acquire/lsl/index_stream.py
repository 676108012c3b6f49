"""What an index stream announces: one row a frame of a camera, or a block of a sound."""

from __future__ import annotations

from typing import Final

from devices.base import Channel, MediaSpec, SoundSpec, StreamSpec, VideoSpec
from recordings.stream_kinds import INDEX_CHANNELS, SOUND_TYPE, VIDEO_TYPE

_UNITS: Final = {"device_time_s": "seconds", "exposure_us": "microseconds"}


def index_spec(video: VideoSpec, codec: str, tiling: str) -> StreamSpec:
    """Describe the index stream of a camera: one row a frame."""
    desc = {
        "width": str(video.width),
        "height": str(video.height),
        "pixel_format": video.pixel_format,
        "codec": codec,
        "tiling": tiling,
    }
    return _rows(video, VIDEO_TYPE, desc)


def sound_index_spec(sound: SoundSpec) -> StreamSpec:
    """Describe the index stream of a microphone: one row a block, stamped with its first sample."""
    desc = {
        "sample_rate": f"{sound.sample_rate_hz:g}",
        "sound_channels": str(sound.channel_count),
        "block": str(sound.block),
    }
    return _rows(sound, SOUND_TYPE, desc)


def _rows(spec: MediaSpec, type_: str, desc: dict[str, str]) -> StreamSpec:
    return StreamSpec(
        name=spec.name,
        type=type_,
        channels=tuple(Channel(c, _UNITS.get(c, ""), "Index") for c in INDEX_CHANNELS),
        rate_hz=spec.rate_hz,
        dtype="float64",
        source_id=spec.source_id,
        manufacturer=spec.manufacturer,
        model=spec.model,
        can_drop_samples=True,
        time_source=spec.time_source if isinstance(spec, VideoSpec) else "",
        desc={**desc, **spec.desc},
    )
