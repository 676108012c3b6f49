"""A video that is cut at a stop heard late: the same packets, and no more of them."""

import subprocess
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recordings.errors import DiskFull, RecordingError
from recordings.video.codecs import CODECS
from recordings.video.pixel_formats import Picture
from recordings.video.reader import VideoReader, count_packets
from recordings.video.trim import trimmed
from recordings.video.writer import VideoWriter

FRAMES = 75  # more than two groups of x264
LOSSLESS = [name for name, codec in CODECS.items() if codec.lossless]


def video(folder: Path, codec: str, frames: int = FRAMES) -> tuple[Path, list[Picture]]:
    rng = np.random.default_rng(3)
    pictures = [rng.integers(0, 255, (48, 64), np.uint8) for _ in range(frames)]
    writer = VideoWriter(
        folder / "face", width=64, height=48, pixel_format="Mono8", rate_hz=100, codec=codec
    )
    for picture in pictures:
        writer.write(picture)
    return writer.close().path, pictures


@pytest.fixture(scope="module", params=LOSSLESS)
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> object:
    return video(tmp_path_factory.mktemp("video"), request.param)


@settings(max_examples=6, deadline=None)
@given(frames=st.integers(0, FRAMES))
def test_the_first_frames_bit_by_bit(
    recorded: tuple[Path, list[Picture]],
    tmp_path_factory: pytest.TempPathFactory,
    frames: int,
) -> None:
    source, pictures = recorded
    before = source.read_bytes()
    target = tmp_path_factory.mktemp("cut") / source.name
    trimmed(source, target, frames)
    assert count_packets(target) == frames
    with VideoReader(target) as reader, VideoReader(source) as whole:
        assert reader.info == whole.info
        assert len(reader) == frames
        for picture, expected in zip(reader.frames(), pictures, strict=False):
            assert np.array_equal(picture, expected)
        if frames:
            assert np.array_equal(reader.frame(frames - 1), pictures[frames - 1])
    assert source.read_bytes() == before
    assert [path.name for path in target.parent.iterdir()] == [source.name]


@pytest.mark.parametrize("codec", [name for name in LOSSLESS if name != "raw"])
def test_another_program_reads_as_many_frames(codec: str, tmp_path: Path) -> None:
    source, _ = video(tmp_path, codec)
    target = tmp_path / f"cut{source.suffix}"
    trimmed(source, target, 40)
    import av

    with av.open(str(target)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 40


@pytest.mark.parametrize("codec", ["magicyuv", "ffv1", "raw"])
def test_a_file_that_a_crash_left(codec: str, tmp_path: Path) -> None:
    source, pictures = video(tmp_path, codec)
    size = source.stat().st_size
    with source.open("rb+") as file:
        file.truncate(size - size // FRAMES // 2)
    target = tmp_path / f"cut{source.suffix}"
    trimmed(source, target, FRAMES - 2)
    with VideoReader(target) as reader:
        assert np.array_equal(reader.frame(FRAMES - 3), pictures[FRAMES - 3])
    with pytest.raises(RecordingError, match=rf"has {FRAMES - 1} whole frames, {FRAMES} were"):
        trimmed(source, tmp_path / f"more{source.suffix}", FRAMES)


def test_nothing_is_overwritten_and_nothing_half_is_left(tmp_path: Path) -> None:
    source, _ = video(tmp_path, "raw")
    (there := tmp_path / "there.raw").write_text("mine")
    with pytest.raises(RecordingError, match="no file is ever overwritten"):
        trimmed(source, there, 3)
    assert there.read_text() == "mine"

    def stop() -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        trimmed(source, tmp_path / "half.raw", 60, stop)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["face.raw", "there.raw"]


@pytest.mark.parametrize("codec", ["magicyuv", "ffv1"])
def test_a_full_disk_is_told_as_one(codec: str, tmp_path: Path) -> None:
    source, _ = video(tmp_path, codec)
    (small := tmp_path / "small").mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", small], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip(f"no small disk can be mounted here: {made.stderr.decode().strip()}")
    try:
        with pytest.raises(DiskFull, match="cut"):
            trimmed(source, small / f"cut{source.suffix}", FRAMES)
        assert not list(small.iterdir())
    finally:
        subprocess.run(["umount", small], check=True)
