"""What every microphone yields: blocks of samples, and how loud each of them is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
from pydantic import Field

from devices.arrays import Array, I16Array
from devices.base import Channel, Chunk, Frame, Settings, SoundSpec, StreamSpec

FULL_SCALE: Final = 32768.0
SILENCE_DB: Final = -96.0
"""What is said of a block without any sound, below the least that 16 bits can hold."""


class SoundSettings(Settings):
    """The form of the sound."""

    sample_rate_hz: int = Field(
        default=48_000, ge=8000, le=192_000, description="samples a second of a channel"
    )
    channels: int = Field(default=1, ge=1, le=2, description="1 mono, 2 stereo")
    block: int = Field(
        default=1024, ge=64, le=16_384, description="samples that share a row of the index stream"
    )


def sound_specs(
    settings: SoundSettings, manufacturer: str, model: str, desc: Mapping[str, str]
) -> Sequence[StreamSpec | SoundSpec]:
    """Describe the sound, stored in a file, and its level, a stream like others."""
    sound = SoundSpec(
        name=f"{settings.name}-sound",
        sample_rate_hz=settings.sample_rate_hz,
        channel_count=settings.channels,
        block=settings.block,
        manufacturer=manufacturer,
        model=model,
        desc=desc,
    )
    level = StreamSpec(
        name=f"{settings.name}-level",
        type="SoundLevel",
        channels=(Channel("rms", "dBFS", "Level"), Channel("peak", "dBFS", "Level")),
        rate_hz=sound.rate_hz,
        dtype="float32",
        manufacturer=manufacturer,
        model=model,
        counts_losses=True,
        desc=desc,
    )
    return sound, level


def items(
    settings: SoundSettings,
    samples: I16Array,
    number: int,
    time: float,
    device_time: float,
    lost: int = 0,
) -> Iterator[Frame | Chunk]:
    """Give a block as a frame, and its level as a sample in the middle of it.

    Args:
        settings: of the microphone.
        samples: shape (block, channels).
        number: of the block, counted through losses.
        time, device_time: of its first sample: LSL time as near as it is known, and the device's.
        lost: blocks missing before it.
    """
    half_s = 0.5 * settings.block / settings.sample_rate_hz
    yield Frame(f"{settings.name}-sound", number, time, samples, device_time=device_time, lost=lost)
    yield Chunk(
        f"{settings.name}-level",
        np.array([time + half_s]),
        level_of(samples)[None, :],
        np.array([device_time + half_s]),
        lost,
    )


def level_of(samples: I16Array) -> Array:
    """Give RMS and peak over all channels, shape (2,), float32, in dB of full scale.

    A sine of full scale has an RMS of −3 dB.
    """
    wave = np.abs(samples.astype(np.float64)) / FULL_SCALE
    both = np.array([np.sqrt(np.mean(wave**2)), wave.max(initial=0.0)])
    least = 10 ** (SILENCE_DB / 20)
    level: Array = (20 * np.log10(np.maximum(both, least))).astype(np.float32)
    return level
