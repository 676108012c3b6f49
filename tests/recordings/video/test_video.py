"""Every codec keeps every bit, and frame k is frame k."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from recordings.disk.hashing import sha256_of
from recordings.errors import RecordingError
from recordings.video import sources
from recordings.video.codecs import CODECS, X264_GOP, video_path
from recordings.video.container import open_container, packets
from recordings.video.gray_frames import GrayFrames
from recordings.video.matroska import blocks
from recordings.video.nut import NutFile
from recordings.video.pixel_formats import PIXEL_FORMATS, Picture, pixel_format
from recordings.video.reader import VideoReader, count_packets
from recordings.video.writer import VideoWriter
from tests.recordings.video.packing import to_frame

LOSSLESS = [
    (codec.name, name)
    for codec in CODECS.values()
    for name, fmt in PIXEL_FORMATS.items()
    if codec.lossless and codec.format(fmt) is not None
]
SIZE = (40, 26)


def noise(name: str, count: int, size: tuple[int, int] = SIZE) -> list[Picture]:
    fmt = pixel_format(name)
    rng = np.random.default_rng(count)
    return [
        rng.integers(0, 1 << fmt.bits, fmt.shape(*size)).astype(fmt.dtype) for _ in range(count)
    ]


def face(count: int, size: tuple[int, int]) -> list[Picture]:
    """A smooth picture that moves, with some noise: what a camera sees."""
    y, x = np.mgrid[: size[1], : size[0]]
    rng = np.random.default_rng(0)
    pictures = (
        120 + 60 * np.sin(x / 9 + i / 5) * np.cos(y / 7) + rng.normal(0, 2.5, x.shape)
        for i in range(count)
    )
    return [np.clip(picture, 0, 255).astype(np.uint8) for picture in pictures]


def write(
    folder: Path, codec: str, name: str, pictures: list[Picture], rate_hz: float = 150
) -> Path:
    height, width = pictures[0].shape[:2]
    writer = VideoWriter(
        folder / "face",
        width=width,
        height=height,
        pixel_format=name,
        rate_hz=rate_hz,
        codec=codec,
    )
    for k, picture in enumerate(pictures):
        assert writer.write(to_frame(picture, pixel_format(name))) == k
    summary = writer.close()
    assert summary == writer.close()  # idempotent
    assert summary.frames == len(pictures) == count_packets(summary.path)
    assert summary.bytes == summary.path.stat().st_size
    assert summary.sha256 in (None, sha256_of(summary.path))
    return summary.path


@pytest.mark.parametrize(("codec", "name"), LOSSLESS)
def test_noise_comes_back_bit_by_bit(codec: str, name: str, tmp_path: Path) -> None:
    pictures = noise(name, 5)
    with VideoReader(write(tmp_path, codec, name, pictures)) as reader:
        assert (len(reader), reader.info.pixel_format) == (5, name)
        assert (reader.info.width, reader.info.height) == SIZE
        for before, after in zip(pictures, reader.frames(), strict=True):
            assert after.dtype == before.dtype
            assert np.array_equal(after, before)


@pytest.mark.parametrize("codec", [codec.name for codec in CODECS.values() if codec.lossless])
@pytest.mark.parametrize("name", ["Mono8", "BayerRG8"])
@pytest.mark.parametrize("size", [(320, 200), (33, 17)])
def test_face_comes_back_bit_by_bit(
    codec: str, name: str, size: tuple[int, int], tmp_path: Path
) -> None:
    pictures = face(4, size)
    with VideoReader(write(tmp_path, codec, name, pictures)) as reader:
        assert all(map(np.array_equal, reader.frames(), pictures))


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("rate_hz", [29.97, 150, 999])
def test_frame_k_is_frame_k(codec: str, rate_hz: float, tmp_path: Path) -> None:
    count = X264_GOP * 2 + 7
    pictures = [np.full((16, 32), 3 * k, np.uint8) for k in range(count)]
    with VideoReader(write(tmp_path, codec, "Mono8", pictures, rate_hz)) as reader:
        for k in (count - 1, 0, 1, 2, X264_GOP - 1, X264_GOP, X264_GOP + 3, 5, count - 1):
            assert abs(int(reader.frame(k)[8, 8]) - 3 * k) <= (0 if CODECS[codec].lossless else 3)
        assert len(list(reader.frames(40, 45))) == 5
        first = next(iter(reader.frames(40, 41)))
        assert np.array_equal(first, reader.frame(40))
        for k in (-1, count):
            with pytest.raises(IndexError, match=f"frame {k} of {count}"):
                reader.frame(k)


@pytest.mark.parametrize("change", [-0.2, 0.2])
def test_no_frame_is_taken_for_another_where_a_block_is_twice_or_gone(
    change: float, tmp_path: Path
) -> None:
    """As after a copy that was resumed at the wrong place: pictures and times went apart."""
    pictures = noise("Mono8", 40, (160, 120))
    path = write(tmp_path, "magicyuv", "Mono8", pictures)
    data = path.read_bytes()
    half = len(data) // 2
    path.write_bytes(data[:half] + data[half + int(change * half) :])
    with VideoReader(path) as reader:
        found = list(reader.frames(0, 40))
    assert 15 < len(found) < 25 if change > 0 else len(found) == 40
    # The one in which it happened may be a mixture: there is no checksum of its pixels.
    assert sum(not np.array_equal(a, b) for a, b in zip(found, pictures, strict=False)) <= 1


@pytest.mark.parametrize("codec", [codec for codec in CODECS if codec != "raw"])
def test_a_file_is_opened_once_for_many_stretches(
    codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To open one takes libav as long as to decode some frames."""
    pictures = face(150, (64, 48))
    path = write(tmp_path, codec, "Mono8", pictures)
    opened = 0

    def count(path: Path) -> Any:
        nonlocal opened
        opened += 1
        return open_container(path)

    with VideoReader(path) as reader:
        whole = list(reader.frames())
        monkeypatch.setattr(sources, "open_container", count)
        for first, last in ((100, 105), (3, 4), (149, 150), (60, 150), (0, 2)):
            for before, after in zip(whole[first:last], reader.frames(first, last), strict=True):
                assert np.array_equal(after, before)
        run = reader.frames(20)
        assert np.array_equal(next(run), whole[20])
        del run  # nobody wants the rest
        assert opened == 0
        pairs = zip(reader.frames(7, 40), reader.frames(90, 123), strict=True)  # at a time
        for k, (one, other) in enumerate(pairs):
            assert np.array_equal(one, whole[7 + k])
            assert np.array_equal(other, whole[90 + k])
        assert opened == 1
        left = reader.frames(5)
        next(left)
    del left  # after the file: it is closed all the same


@pytest.mark.parametrize("size", [(64, 64), (320, 240)], ids=["some a syncpoint", "one each"])
@pytest.mark.parametrize(("codec", "name"), [("magicyuv", "Mono8"), ("ffvhuff", "BayerRG12")])
def test_after_a_seek_no_frame_before_is_decoded(
    codec: str, name: str, size: tuple[int, int], tmp_path: Path
) -> None:
    pictures = noise(name, 40, size)
    path = write(tmp_path, codec, name, pictures)
    with closing(NutFile(path)) as nut:
        before = list(nut.packets())[19]
    data = bytearray(path.read_bytes())
    data[before.start : before.stop] = bytes(before.stop - before.start)  # no decoder takes it
    path.write_bytes(data)
    with VideoReader(path) as reader:
        for k in (20, 30, 21, 18, 20):
            assert np.array_equal(reader.frame(k), pictures[k])
        with pytest.raises(RecordingError, match="damaged after frame 19"):
            reader.frame(19)
        assert all(map(np.array_equal, reader.frames(20, 40), pictures[20:]))
        assert np.array_equal(reader.frame(20), pictures[20])


@pytest.mark.parametrize("codec", ["magicyuv", "ffv1"])
def test_a_frame_that_is_not_there_is_not_looked_for_to_the_end(
    codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gap, pictures = 20, noise("Mono8", 60)
    path = write(tmp_path, codec, "Mono8", pictures)
    whole = path.rename(tmp_path / f"whole{path.suffix}")
    with av.open(whole) as source, av.open(path, "w") as target:
        target.metadata.update(source.metadata)
        stream = target.add_stream_from_template(source.streams.video[0])
        stream.time_base = source.streams.video[0].time_base
        for k, packet in enumerate(p for p in source.demux(video=0) if p.size):
            if k != gap:
                packet.stream = stream
                target.mux(packet)
    read: list[Any] = []

    def noted(container: Any) -> Iterator[Any]:
        for packet in packets(container):
            read.append(packet)
            yield packet

    monkeypatch.setattr(sources, "packets", noted)
    with VideoReader(path) as reader:
        assert len(reader) == len(pictures)
        read.clear()
        with pytest.raises(RecordingError, match=f"frame {gap} cannot be decoded"):
            reader.frame(gap)
        assert len(read) < gap + 5  # what is before it may be passed over
        assert np.array_equal(reader.frame(gap - 1), pictures[gap - 1])


def test_mosaic_is_split_in_the_file_and_joined_by_the_reader(tmp_path: Path) -> None:
    mosaic = np.tile(np.array([[10, 60], [110, 160]], np.uint8), (8, 8))
    path = write(tmp_path, "magicyuv", "BayerRG8", [mosaic])
    with VideoReader(path) as reader:
        assert reader.info.tiling == "bayer-quadrants"
        assert np.array_equal(reader.frame(0), mosaic)
    with av.open(str(path)) as container:
        picture = next(container.decode(video=0)).to_ndarray()
    assert [int(picture[y, x]) for y in (0, 8) for x in (0, 8)] == [10, 60, 110, 160]


def test_raw_file_is_a_header_and_frames(tmp_path: Path) -> None:
    pictures = noise("Mono12p", 3)
    path = write(tmp_path, "raw", "Mono12p", pictures)
    data = np.memmap(path, mode="r", offset=4096)
    frames = [to_frame(picture, pixel_format("Mono12p")) for picture in pictures]
    assert np.array_equal(data, np.concatenate(frames))
    assert path.read_bytes()[:4096].startswith(b'{"format": "unisono-video"')


@pytest.mark.parametrize("codec", CODECS)
def test_video_without_a_frame(codec: str, tmp_path: Path) -> None:
    writer = VideoWriter(
        tmp_path / "face", width=64, height=48, pixel_format="Mono8", rate_hz=100, codec=codec
    )
    path = writer.close().path
    assert count_packets(path) == 0
    with VideoReader(path) as reader:
        assert len(reader) == 0
        assert list(reader.frames()) == []


def test_auto_is_magicyuv_and_above_8_bits_ffvhuff() -> None:
    stem = Path("rec/face.left")
    assert video_path(stem, "auto", "BayerRG8", 150) == Path("rec/face.left.nut")
    assert video_path(stem, "ffv1", "Mono8", 150) == Path("rec/face.left.mkv")
    assert video_path(stem, "raw", "Mono8", 150) == Path("rec/face.left.raw")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"codec": "mjpeg"}, "'mjpeg' is not known; use one of auto, raw, magicyuv"),
        (
            {"codec": "magicyuv", "pixel_format": "Mono12"},
            "magicyuv: cannot keep the 12 bits of Mono12; use one of raw, ffvhuff, ffv1",
        ),
        (
            {"codec": "x264-crf", "pixel_format": "BayerRG12p"},
            "x264-crf: cannot keep the 12 bits",
        ),
        ({"codec": "ffv1", "rate_hz": 2000}, "2000 frames a second, but Matroska .* at most 1000"),
        ({"pixel_format": "YUV8"}, "'YUV8' is not known"),
        ({"pixel_format": "Mono10p", "width": 33}, "use a multiple of 4"),
        ({"width": 0}, "0x16 at 100 Hz cannot be written"),
        ({"codec": "x264-crf", "pixel_format": "RGB8", "width": 33}, "refuses 33x16 RGB8"),
    ],
)
def test_what_does_not_fit_is_refused(
    changed: dict[str, object], message: str, tmp_path: Path
) -> None:
    settings = {"width": 32, "height": 16, "pixel_format": "Mono8", "rate_hz": 100, **changed}
    with pytest.raises(RecordingError, match=message):
        VideoWriter(tmp_path / "face", **settings)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_frame_of_a_wrong_size_is_refused_and_the_video_goes_on(tmp_path: Path) -> None:
    writer = VideoWriter(
        tmp_path / "face.nut", width=32, height=16, pixel_format="Mono8", rate_hz=100
    )
    picture = np.zeros((16, 32), np.uint8)
    writer.write(picture)
    with pytest.raises(RecordingError, match="frame of 511 bytes; Mono8 32x16 has 512"):
        writer.write(picture.reshape(-1)[:511])
    writer.write(picture)
    assert writer.close().frames == 2


def test_hurry_drops_the_hash_and_nothing_else(tmp_path: Path) -> None:
    writer = VideoWriter(tmp_path / "face", width=32, height=16, pixel_format="Mono8", rate_hz=100)
    pictures = face(3, (32, 16))
    for picture in pictures:
        writer.write(picture)
        writer.hurry()
    summary = writer.close()
    assert summary.sha256 is None
    with VideoReader(summary.path) as reader:
        assert all(map(np.array_equal, reader.frames(), pictures))


def test_no_video_is_overwritten(tmp_path: Path) -> None:
    path = write(tmp_path, "raw", "Mono8", noise("Mono8", 1))
    before = path.read_bytes()
    with pytest.raises(RecordingError, match="no file is ever overwritten"):
        write(tmp_path, "raw", "Mono8", noise("Mono8", 2))
    assert path.read_bytes() == before


def test_video_of_another_program_is_read(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "other.mp4"), "w") as container:
        stream = container.add_stream("libx264", 25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(10):
            image = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 90, np.uint8), "rgb24")
            container.mux(stream.encode(image))
        container.mux(stream.encode(None))
    with VideoReader(tmp_path / "other.mp4") as reader:
        assert (len(reader), reader.info.pixel_format, reader.info.tiling) == (10, "RGB8", "none")
        assert reader.frame(7).shape == (48, 64, 3)


@pytest.mark.parametrize("name", ["a.nut", "a.mkv", "a.raw"])
def test_what_is_no_video_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    with pytest.raises(RecordingError, match=f"{name}: cannot be read"):
        VideoReader(path)
    for content in (b"", b"no video" * 1000):
        path.write_bytes(content)
        with pytest.raises(RecordingError, match=name):
            VideoReader(path)
        with pytest.raises(RecordingError, match=name):
            count_packets(path)


def test_a_damaged_frame_of_ffv1_is_told_and_not_filled_in_from_the_one_before(
    tmp_path: Path,
) -> None:
    images = noise("Mono8", 5)
    path = write(tmp_path, "ffv1", "Mono8", images)
    packet = list(blocks(path))[2]
    data = bytearray(path.read_bytes())
    data[(packet.start + packet.stop) // 2] ^= 0x10
    path.write_bytes(data)
    with VideoReader(path) as reader, GrayFrames(path) as gray:
        for k in (0, 1, 3, 4):
            assert np.array_equal(reader.frame(k), images[k])
            assert np.array_equal(gray.frame(k), images[k])
        with pytest.raises(RecordingError, match=r"frame 2 .*checksum"):
            reader.frame(2)
        with pytest.raises(RecordingError, match=r"frame 2 .*checksum"):
            gray.frame(2)
        with pytest.raises(RecordingError, match=r"frame 2 .*checksum"):
            list(reader.frames())


def test_a_header_that_is_no_text_is_a_damaged_one(tmp_path: Path) -> None:
    path = write(tmp_path, "magicyuv", "Mono8", noise("Mono8", 1))
    path.write_bytes(path.read_bytes().replace(b"unisono-video", b"unison\x96-video", 1))
    with pytest.raises(RecordingError, match="damaged"):
        VideoReader(path)
