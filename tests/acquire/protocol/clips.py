"""Clips as labs have them: cut without a new encoding, turned, with oblong pixels, damaged."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

RED, GREEN = (250, 10, 10), (10, 200, 10)
HZ = 48_000


def make(
    path: Path,
    *,
    codec: str = "libx264",
    frames: int = 50,
    size: tuple[int, int] = (160, 96),
    pixel: Fraction | None = None,
    options: dict[str, str] | None = None,
    sound: str = "",
) -> Path:
    """Write a clip of 25 Hz: its upper half is red, its lower half green."""
    width, height = size
    picture = np.empty((height, width, 3), np.uint8)
    picture[: height // 2], picture[height // 2 :] = RED, GREEN
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(codec, rate=25)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.options = {"g": "50"} | (options or {})
        if pixel is not None:
            video.codec_context.sample_aspect_ratio = pixel
        heard: Any = container.add_stream(sound, rate=HZ) if sound else None
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(
                format="yuv420p", dst_colorspace="ITU709" if height >= 720 else "ITU601"
            )
            frame.pts, frame.time_base = index, Fraction(1, 25)
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for first in range(0, frames * HZ // 25 if sound else 0, 1024):
            block = av.AudioFrame.from_ndarray(
                np.full((1, 1024), 0.1, np.float32), format="fltp", layout="mono"
            )
            block.sample_rate, block.pts = HZ, first
            container.mux(heard.encode(block))
        if sound:
            container.mux(heard.encode(None))
    return path


def cut(source: Path, path: Path, begin_s: float) -> Path:
    """Leave out the beginning as `ffmpeg -ss … -c copy` does: what is before a key frame stays."""
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
        for packet in old.demux():
            if packet.dts is None or packet.pts is None:
                continue
            early = round(begin_s / float(packet.time_base))
            packet.pts, packet.dts = packet.pts - early, packet.dts - early
            packet.stream = streams[packet.stream.index]
            new.mux(packet)
    return path


def turn(path: Path) -> Path:
    """Have a film in MP4 shown turned by a quarter to the right, as a telephone does."""
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 44
    one = 1 << 16
    data[matrix : matrix + 36] = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path


def spoil_sound(source: Path, path: Path) -> Path:
    """Put nonsense in place of a block of sound."""
    with av.open(str(source)) as old, av.open(str(path), "w") as new:
        streams = {s.index: new.add_stream_from_template(s) for s in old.streams}
        blocks = 0
        for packet in old.demux():
            if packet.dts is None:
                continue
            stream = packet.stream
            if stream.type == "audio" and (blocks := blocks + 1) == 40:
                bad: Any = av.Packet(bytes([255, 3, 7] * 40))
                bad.pts, bad.dts, bad.time_base = packet.pts, packet.dts, packet.time_base
                packet = bad
            packet.stream = streams[stream.index]
            new.mux(packet)
    return path
