"""A video file as a camera."""

from __future__ import annotations

import itertools
import re
import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from devices.base import DeviceError, Frame, Notice, VideoSpec
from devices.drivers.video_file import VideoFile
from tests.devices.clock import FakeClock
from tests.devices.reading import frames


def make(path: Path, clock: FakeClock, **more: Any) -> VideoFile:
    return VideoFile(VideoFile.Settings(name="face", path=path, **more), clock)


def test_frames_come_in_order_at_the_rate_of_the_file(film: Path, clock: FakeClock) -> None:
    device = make(film, clock)
    (spec,) = device.open()
    assert isinstance(spec, VideoSpec)
    assert (spec.width, spec.height, spec.rate_hz, spec.pixel_format) == (64, 48, 25.0, "Mono8")
    values, times = [], []
    for item in device.read():
        if isinstance(item, Frame):
            assert item.image is not None
            values.append(int(item.image[5, 5]))
            times.append(item.time)
            assert item.device_frame == len(times) - 1
            assert item.device_time is None
        if len(times) == 25:
            break
    assert values == [20 * (k % 10) for k in range(25)]
    assert times == pytest.approx([1000 + k / 25 for k in range(25)])
    device.close()


def test_another_rate_and_colour(film: Path, clock: FakeClock) -> None:
    device = make(film, clock, rate_hz=100.0, pixel_format="RGB8")
    (spec,) = device.open()
    assert spec.rate_hz == 100
    found = frames(device, clock, 3.0)
    assert len(found) == pytest.approx(300, abs=1)
    assert all(f.image is not None and f.image.shape == (48, 64, 3) for f in found)


def test_a_file_that_does_not_loop_ends_in_silence(film: Path, clock: FakeClock) -> None:
    device = make(film, clock, loop=False)
    device.open()
    found = frames(device, clock, 5.0)
    assert len(found) == 10
    device.close()
    device.open()
    assert len(frames(device, clock, 5.0)) == 10


def test_a_late_reader_loses_the_frames_and_stays_in_step(film: Path, clock: FakeClock) -> None:
    device = make(film, clock)
    device.open()
    reader = (item for item in device.read() if isinstance(item, Frame))
    next(reader)
    clock.time += 3.0
    late = next(reader)
    assert late.lost == pytest.approx(74, abs=2)
    assert late.device_frame == late.lost + 1
    assert late.image is not None
    assert late.image[0, 0] == 20 * (late.device_frame % 10)


def test_a_missing_file_is_named(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(DeviceError, match=r"face: there is no file .*gone\.mp4; correct `path`"):
        make(tmp_path / "gone.mp4", clock).open()
    with pytest.raises(DeviceError, match="there is no file"):
        make(tmp_path, clock).open()


def test_what_is_not_a_video_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "notes.mp4"
    path.write_text("not a video")
    with pytest.raises(DeviceError, match="cannot be decoded as video"):
        make(path, clock).open()
    path.write_bytes(b"")
    with pytest.raises(DeviceError, match="cannot be decoded as video"):
        make(path, clock).open()


def test_sound_alone_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=800)
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
    with pytest.raises(DeviceError, match="cannot be decoded as video"):
        make(path, clock).open()


def test_a_cut_file_plays_as_far_as_it_goes(film: Path, tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "cut.mkv"
    path.write_bytes(film.read_bytes()[: film.stat().st_size * 2 // 3])
    device = make(path, clock, loop=False)
    device.open()
    assert 1 <= len(frames(device, clock, 5.0)) < 10


def encode(path: Path, images: list[np.ndarray], pixel_format: str, codec: str = "ffv1") -> None:
    """Write a film of gray images, 25 a second."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=25)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = images[0].shape
        stream.pix_fmt = pixel_format
        for image in images:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format=pixel_format)))
        out.mux(stream.encode(None))


def test_a_bare_stream_plays_again_and_again(tmp_path: Path, clock: FakeClock) -> None:
    """It cannot be sought in: the device broke as soon as it was to play."""
    path = tmp_path / "camera.h264"
    encode(path, [np.full((48, 64), 20 * k, np.uint8) for k in range(10)], "gray", "libx264")
    device = make(path, clock)
    device.open()
    found = read_some(device, 25)
    device.close()
    shades = [int(f.image[5, 5]) for f in found if isinstance(f, Frame) and f.image is not None]
    assert shades[:20] == sorted(shades[:10]) * 2  # its codec stretches the shades a little
    assert shades[20:] == shades[:5]


def read_some(device: VideoFile, count: int) -> list[Frame | Notice]:
    return list(itertools.islice((item for item in device.read() if item is not None), count))


@pytest.mark.parametrize("bits", [10, 12, 16])
def test_bits_beyond_8_are_kept_or_said_to_be_cut(
    bits: int, tmp_path: Path, clock: FakeClock
) -> None:
    image = (np.arange(48 * 64).reshape(48, 64) % (1 << bits)).astype(np.uint16)
    encode(tmp_path / "deep.mkv", [image] * 3, f"gray{bits}le")
    cut = make(tmp_path / "deep.mkv", clock)
    cut.open()
    told, frame = read_some(cut, 2)
    assert isinstance(told, Notice)
    assert (told.level, told.code) == ("warning", "bits-cut")
    assert f"{bits} bits" in told.text
    assert f'pixel_format = "Mono{bits}"' in told.text
    assert isinstance(frame, Frame)
    whole = make(tmp_path / "deep.mkv", clock, pixel_format=f"Mono{bits}")
    (spec,) = whole.open()
    assert isinstance(spec, VideoSpec)
    assert spec.pixel_format == f"Mono{bits}"
    (frame,) = read_some(whole, 1)
    assert isinstance(frame, Frame)
    np.testing.assert_array_equal(frame.image, image)


def turned(source: Path, path: Path, turn: tuple[float, float, float, float]) -> None:
    """Write a film again with the matrix that a phone writes into an MP4's track header."""
    encode(source, [SIDEWAYS] * 3, "gray", "png")
    with av.open(str(source)) as film, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(film.streams.video[0])
        for packet in film.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                out.mux(packet)
    one = 1 << 16
    a, b, c, d = (round(one * part) for part in turn)
    matrix = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40  # version 0
    assert data[at : at + 4] == struct.pack(">i", one)
    data[at : at + 36] = matrix
    path.write_bytes(data)


SIDEWAYS = np.zeros((48, 64), np.uint8)
SIDEWAYS[:10, :10] = 200  # top left


@pytest.mark.parametrize(
    ("turn", "shape", "corner"),
    [
        ((1, 0, 0, 1), (48, 64), (5, 5)),
        ((0, 1, -1, 0), (64, 48), (5, -5)),  # 90° clockwise, as it is to be shown
        ((-1, 0, 0, -1), (48, 64), (-5, -5)),
        ((0, -1, 1, 0), (64, 48), (-5, 5)),
        ((-1, 0, 0, 1), (48, 64), (5, -5)),  # mirrored, as front cameras write it
        ((1, 0, 0, -1), (48, 64), (-5, 5)),
        ((0, 1, 1, 0), (64, 48), (5, 5)),
        ((0, -1, -1, 0), (64, 48), (-5, -5)),
    ],
)
def test_a_film_is_turned_and_mirrored_as_its_header_says(
    turn: tuple[float, float, float, float],
    shape: tuple[int, int],
    corner: tuple[int, int],
    tmp_path: Path,
    clock: FakeClock,
) -> None:
    turned(tmp_path / "flat.mov", tmp_path / "turned.mov", turn)
    device = make(tmp_path / "turned.mov", clock)
    (spec,) = device.open()
    assert isinstance(spec, VideoSpec)
    assert (spec.height, spec.width) == shape
    (frame,) = read_some(device, 1)
    assert isinstance(frame, Frame)
    assert frame.image is not None
    assert frame.image.shape == shape
    assert frame.image[corner] == 200
    assert frame.image.flags.c_contiguous
    assert (frame.image == 200).sum() == 100


@pytest.mark.parametrize("turn", [(0.98, 0.17, -0.17, 0.98), (2, 0, 0, 1)])
def test_what_a_header_asks_for_beside_quarters_of_a_turn_is_said(
    turn: tuple[float, float, float, float], tmp_path: Path, clock: FakeClock
) -> None:
    turned(tmp_path / "flat.mov", tmp_path / "turned.mov", turn)
    device = make(tmp_path / "turned.mov", clock)
    device.open()
    told = [item.text for item in read_some(device, 1) if isinstance(item, Notice)]
    assert len(told) == 1
    assert "neither" in told[0]


@pytest.mark.parametrize("spoilt", [[4], [0], [9], [2, 3, 7]])
def test_a_corrupt_packet_is_one_frame_without_a_picture(
    spoilt: list[int], tmp_path: Path, clock: FakeClock
) -> None:
    path = tmp_path / "spoilt.mov"
    encode(path, [np.full((48, 64), 20 * k, np.uint8) for k in range(10)], "gray", "png")
    data = bytearray(path.read_bytes())
    places = [m.start() for m in re.finditer(rb"\x89PNG", data)]
    assert len(places) == 10
    for k in spoilt:
        data[places[k] : places[k] + 20] = bytes(20)
    path.write_bytes(data)
    device = make(path, clock)
    device.open()
    found = [item for item in read_some(device, 20) if isinstance(item, Frame)]
    assert [f.device_frame for f in found] == list(range(20))
    assert [f.device_frame % 10 for f in found if f.image is None] == spoilt * 2
    assert all(f.fault for f in found if f.image is None)
    for frame in found:
        if frame.image is not None:
            assert frame.image[5, 5] == 20 * (frame.device_frame % 10)


def test_a_song_with_a_cover_is_no_video(tmp_path: Path, clock: FakeClock) -> None:
    path = tmp_path / "song.wav"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("pcm_s16le", rate=8000, layout="mono")
        frame = av.AudioFrame(format="s16", layout="mono", samples=800)
        frame.sample_rate = 8000
        out.mux(stream.encode(frame))
    with pytest.raises(DeviceError, match="it holds no video; its tracks: audio") as caught:
        make(path, clock).open()
    assert "index" not in str(caught.value)
