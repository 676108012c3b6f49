"""The brightness of any frame by its number, and no more read of the file than that needs."""

from __future__ import annotations

import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from recordings.arrays import U8Array
from recordings.errors import RecordingError
from recordings.video.codecs import CODECS
from recordings.video.gray_frames import GrayFrames
from recordings.video.magicyuv import HEAD_BYTES, upper
from recordings.video.matroska import blocks
from recordings.video.nut import NutFile
from recordings.video.packet import Packet
from recordings.video.pixel_formats import PIXEL_FORMATS, Picture, pixel_format
from recordings.video.reader import VideoReader
from recordings.video.writer import VideoWriter
from tests.recordings.video.test_video import face, noise, write

KINDS = [
    (codec.name, name)
    for codec in CODECS.values()
    for name, fmt in PIXEL_FORMATS.items()
    if codec.format(fmt) is not None
]


def nut_packets(path: Path) -> list[Packet]:
    nut = NutFile(path)
    try:
        return list(nut.packets())
    finally:
        nut.close()


def brightness(picture: Picture, name: str) -> U8Array:
    fmt = pixel_format(name)
    if fmt.samples == 3:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.uint8)
    if fmt.pattern:
        row, column = divmod(fmt.pattern.index("G"), 2)
        picture = picture[row::2, column::2]
    return np.asarray(picture >> (fmt.bits - 8), np.uint8)


@pytest.mark.parametrize(("codec", "name"), KINDS)
def test_any_frame_is_that_of_the_reader(codec: str, name: str, tmp_path: Path) -> None:
    path = write(tmp_path, codec, name, noise(name, 40))
    with VideoReader(path) as reader, GrayFrames(path) as gray:
        for number in (0, 1, 7, 8, 39, 31, 3, 36, 0):
            found = gray.frame(number)
            assert found.dtype == np.uint8
            assert np.array_equal(found, brightness(reader.frame(number), name))
        for number in (40, -1):
            with pytest.raises(RecordingError, match=rf"no frame {number} .*unisono repair"):
                gray.frame(number)


@pytest.mark.parametrize("codec", ["magicyuv", "ffvhuff", "ffv1"])
@pytest.mark.parametrize("size", [(24, 10), (160, 90)])
def test_packets_are_what_libav_finds(codec: str, size: tuple[int, int], tmp_path: Path) -> None:
    flat = [np.zeros(size[::-1], np.uint8) + k for k in range(30)]  # small: NUT leaves parts out
    path = write(tmp_path, codec, "Mono8", [*flat, *noise("Mono8", 30, size[::-1])])
    with av.open(str(path)) as container:
        wanted = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    data = path.read_bytes()
    found = list(blocks(path)) if path.suffix == ".mkv" else nut_packets(path)
    assert [p.elided + data[p.start : p.stop] for p in found] == wanted


@pytest.mark.skipif(sys.platform != "linux", reason="counts reads by /proc")
@pytest.mark.parametrize("codec", ["raw", "magicyuv", "ffv1"])
def test_little_more_is_read_than_the_frames_asked_for(codec: str, tmp_path: Path) -> None:
    path = write(tmp_path, codec, "Mono8", noise("Mono8", 120, (480, 640)))
    before = _bytes_read()
    with GrayFrames(path) as gray:
        for number in range(0, 120, 5):
            gray.frame(number)
    assert _bytes_read() - before < 1.3 * path.stat().st_size / 5 + (6 << 20)  # libav's first look


@pytest.mark.parametrize("threads", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("name", ["BayerRG8", "BayerGR8"])
def test_of_a_mosaic_the_upper_slices_are_enough(name: str, threads: int, tmp_path: Path) -> None:
    made = VideoWriter(
        tmp_path / "face",
        width=256,
        height=182,
        pixel_format=name,
        rate_hz=150,
        codec="magicyuv",
        threads=threads,
    )
    flat = np.full((182, 256), 9, np.uint8)  # small: NUT leaves parts of it out
    for picture in (pictures := [*noise(name, 4, (256, 182)), *face(3, (256, 182)), flat]):
        made.write(picture)
    with GrayFrames(made.close().path) as gray:
        for number, picture in enumerate(pictures):
            assert np.array_equal(gray.frame(number), brightness(picture, name))


@pytest.mark.skipif(sys.platform != "linux", reason="counts reads by /proc")
def test_of_a_mosaic_half_of_the_packet_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, "magicyuv", "BayerRG8", noise("BayerRG8", 30, (480, 640)))
    with GrayFrames(path) as gray:
        before = _bytes_read()
        for number in range(30):
            gray.frame(number)
        assert _bytes_read() - before < 0.51 * path.stat().st_size


def test_what_is_no_gray_picture_of_slices_is_taken_whole() -> None:
    assert upper(b"", 8) is None
    assert upper(bytes(HEAD_BYTES), 8) is None


def _bytes_read() -> int:
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("rchar")))


def test_a_damaged_frame_is_named(tmp_path: Path) -> None:
    path = write(tmp_path, "magicyuv", "Mono8", noise("Mono8", 6, (64, 64)))
    packets = nut_packets(path)
    data = bytearray(path.read_bytes())
    data[packets[3].start : packets[3].start + 40] = bytes(40)
    path.write_bytes(data)
    with GrayFrames(path) as gray:
        gray.frame(2)
        with pytest.raises(RecordingError, match="frame 3 cannot be decoded"):
            gray.frame(3)
        gray.frame(4)
