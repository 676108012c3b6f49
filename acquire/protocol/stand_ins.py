"""Stand-ins: clips that are generated where a protocol's own files are not at hand."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from platformdirs import user_cache_path

from acquire.errors import ConfigError
from acquire.protocol.model import StandIn, Stimulus
from acquire.protocol.order import make_random
from devices.arrays import U8Array
from recordings.disk.atomic import put_in_place

if TYPE_CHECKING:
    import av
    from av.container import OutputContainer

SOUND_HZ = 48_000
SOUND_BLOCK = 1024
LOOP_S = 4.0
"""A stand-in repeats itself after this long."""


def stand_in_path(stimulus: Stimulus) -> Path:
    """Say where the stand-in of a stimulus lies: in the user's cache."""
    spec = cast(StandIn, stimulus.generate).model_dump()
    key = json.dumps([2, stimulus.name, spec])
    digest = hashlib.sha256(key.encode()).hexdigest()[:12]
    return user_cache_path("unisono") / "stand-ins" / f"{stimulus.name}-{digest}.mp4"


def make_once(path: Path, stimulus: Stimulus) -> None:
    """Make the stand-in of a stimulus, where it is not there yet.

    Raises:
        ConfigError: it cannot be written.
    """
    if path.exists():
        return
    assert stimulus.generate is not None
    unfinished = path.with_name(f".{path.name}.{id(path):x}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        make_stand_in(unfinished, stimulus.name, stimulus.generate)
        put_in_place(unfinished, path)
    except OSError as error:
        raise ConfigError(
            f"stimulus {stimulus.name!r}: its stand-in cannot be made at {path.parent} "
            f"({error.strerror}); free space or check the permissions"
        ) from error
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


def make_stand_in(path: Path, name: str, spec: StandIn) -> None:
    """Write a clip: a drifting pattern in colours of its own, with a soft tone.

    The first seconds are encoded, and repeated as they are: an hour of clips takes seconds.
    """
    import av

    rng = make_random(name)
    wheel = [rng.random() for _ in range(4)]
    rate = Fraction(spec.rate_hz).limit_denominator(1001)
    frames = max(2, round(spec.duration_s * spec.rate_hz))
    with av.open(str(path), "w", format="mp4") as container:
        video = container.add_stream("libx264", rate=rate)
        video.width, video.height = spec.width // 2 * 2, spec.height // 2 * 2
        video.pix_fmt = "yuv420p"
        video.options = {"preset": "ultrafast", "crf": "28", "tune": "zerolatency"}
        sound = container.add_stream("aac", rate=SOUND_HZ) if spec.sound else None
        unique = min(frames, max(2, round(LOOP_S * spec.rate_hz)))
        packets: list[av.Packet[Any]] = []
        for index in range(unique):
            picture = _pattern(video.width, video.height, index / unique, wheel)
            frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
            frame.pts, frame.time_base = index, 1 / rate
            packets += video.encode(frame)
        packets += video.encode()
        repeat_packets(container, video, packets, frames, Fraction(unique) / rate)
        if sound is not None:
            tone = _tone(sound, 220.0 * 2 ** wheel[0])
            blocks = int(spec.duration_s * SOUND_HZ / SOUND_BLOCK)
            repeat_packets(
                container, sound, tone, blocks, Fraction(len(tone) * SOUND_BLOCK, SOUND_HZ)
            )


def repeat_packets(
    container: OutputContainer,
    stream: av.VideoStream | av.AudioStream,
    packets: list[av.Packet[Any]],
    wanted: int,
    length_s: Fraction,
) -> None:
    """Write `wanted` packets, the given ones over and over, each round `length_s` later."""
    import av

    for number in range(wanted):
        turn, place = divmod(number, len(packets))
        source = packets[place]
        assert source.pts is not None
        assert source.dts is not None
        packet = av.Packet(bytes(source))
        shift = round(turn * length_s / source.time_base)
        packet.pts, packet.dts = source.pts + shift, source.dts + shift
        packet.time_base, packet.stream = source.time_base, stream
        packet.is_keyframe = source.is_keyframe
        container.mux(packet)


def _pattern(width: int, height: int, turn: float, wheel: list[float]) -> U8Array:
    """Return a yuv420p picture, shape (height * 3 // 2, width); after turn 1 comes turn 0 again."""
    x = np.arange(width) / width
    y = np.arange(height) / height
    angle = 2 * np.pi * turn
    across = np.sin(2 * np.pi * x * (1 + 2 * wheel[0]) - angle)
    down = np.sin(2 * np.pi * y * (1 + 2 * wheel[1]) + angle)
    luma = 110 + 45 * across[None, :] * down[:, None]
    spot_x, spot_y = 0.5 + 0.3 * np.sin(angle), 0.5 + 0.3 * np.cos(angle)
    near = np.hypot((x[None, :] - spot_x) * width / height, y[:, None] - spot_y) < 0.08
    luma[near] = 215
    picture = np.empty((height * 3 // 2, width), np.uint8)
    picture[:height] = luma
    chroma = picture[height:].reshape(2, -1)
    chroma[0], chroma[1] = 88 + 80 * wheel[2], 88 + 80 * wheel[3]
    return picture


def _tone(stream: av.AudioStream, pitch_hz: float) -> list[av.Packet[Any]]:
    """Encode some seconds of a tone."""
    import av

    packets: list[av.Packet[Any]] = []
    for first in range(0, int(LOOP_S * SOUND_HZ), SOUND_BLOCK):
        time = np.arange(first, first + SOUND_BLOCK) / SOUND_HZ
        wave = (0.05 * np.sin(2 * np.pi * pitch_hz * time)).astype(np.float32)[None, :]
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = SOUND_HZ, first
        packets += stream.encode(frame)
    packets += stream.encode(None)
    return packets
