"""Killed, cut short or out of disk: what was written before is readable to the last second."""

import contextlib
import subprocess
import sys
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from recordings.disk import direct_io
from recordings.errors import DiskFull, RecordingError
from recordings.video.codecs import CODECS
from recordings.video.pixel_formats import Picture
from recordings.video.reader import VideoReader, count_packets
from recordings.video.writer import VideoSummary, VideoWriter

SIZE = (160, 120)
RATE_HZ = 100
# Writes numbered frames at a pace until it is killed; prints when each was handed over.
WRITER = f"""
import sys, time
from pathlib import Path
import numpy as np
from recordings.video.writer import VideoWriter
codec, pixel_format, direct = sys.argv[2:]
writer = VideoWriter(Path(sys.argv[1]), width={SIZE[0]}, height={SIZE[1]}, rate_hz={RATE_HZ},
                     pixel_format=pixel_format, codec=codec, direct=direct == "True")
noise = np.random.default_rng(0).integers(0, 9, ({SIZE[1]}, {SIZE[0]}), np.uint8)
print(writer.path, flush=True)
start = time.monotonic()
for k in range(10**9):
    time.sleep(max(0, start + k / {RATE_HZ} - time.monotonic()))
    noise[:16] = k % 200
    writer.write(noise)
    print(k, flush=True)
"""
CASES = [
    *((codec, "Mono8", True) for codec in CODECS),
    ("raw", "Mono8", False),
    pytest.param("magicyuv", "BayerRG8", True, marks=pytest.mark.soak),
    pytest.param("magicyuv", "Mono8", False, marks=pytest.mark.soak),
    pytest.param("ffv1", "Mono8", False, marks=pytest.mark.soak),
]


@pytest.mark.parametrize(
    "frames", [pytest.param(1, id="first second"), pytest.param(150, id="later")]
)
@pytest.mark.parametrize(("codec", "name", "direct"), CASES)
def test_killed_writer_leaves_what_it_wrote_a_while_before(
    codec: str, name: str, direct: bool, frames: int, tmp_path: Path
) -> None:
    arguments = [sys.executable, "-c", WRITER, str(tmp_path / "face"), codec, name, str(direct)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        path = Path(process.stdout.readline().strip())
        rows = [process.stdout.readline() for _ in range(frames)]
        if frames > 1:
            # While it goes on; how soon, a busy computer decides.
            assert any(packets(path) >= frames for _ in islice(process.stdout, 60 * RATE_HZ))
        process.kill()
        rows += process.stdout
    if frames == 1:
        nothing_or_a_valid_file(path, len(rows))
        return
    count = count_packets(path)
    with VideoReader(path) as reader:
        assert len(reader) == count
        for k, picture in enumerate(reader.frames()):
            assert abs(int(picture[8, 8]) - k % 200) <= (0 if CODECS[codec].lossless else 3)
        assert k + 1 == count
        assert abs(int(reader.frame(count // 2)[8, 8]) - count // 2) <= 3
    assert count >= frames


def packets(path: Path) -> int:
    """Count what is on the disk; none before the header is."""
    with contextlib.suppress(RecordingError):
        return count_packets(path)
    return 0


def nothing_or_a_valid_file(path: Path, written: int) -> None:
    try:
        count = count_packets(path)
    except RecordingError:  # not even a header has reached the disk
        assert path.stat().st_size < 4096
    else:
        assert 0 <= count <= written + 1


@pytest.mark.parametrize("codec", CODECS)
def test_file_cut_anywhere_keeps_its_whole_frames(codec: str, tmp_path: Path) -> None:
    writer, pictures = make(tmp_path / "whole", codec, 80)
    ends = []
    for picture in pictures:
        writer.write(picture)
        ends.append(writer.bytes)
    path = writer.close().path
    data = path.read_bytes()
    cut = tmp_path / f"cut{path.suffix}"
    before = 0
    cuts = np.linspace(ends[3], len(data), 50).astype(int).tolist()
    for size in sorted({*cuts, *ends[30:34], *(end + 1 for end in ends[30:34])}):
        cut.write_bytes(data[:size])
        count = count_packets(cut)
        if path.suffix != ".mkv":
            assert count == sum(end <= size for end in ends)
        assert before <= count <= 80
        before = count
        with VideoReader(cut) as reader:
            assert len(reader) == count
            decoded = list(reader.frames())
            assert len(decoded) == count
            if CODECS[codec].lossless:
                assert all(map(np.array_equal, decoded, pictures))
    assert before == 80


def make(path: Path, codec: str, count: int) -> tuple[VideoWriter, list[Picture]]:
    writer = VideoWriter(
        path, width=SIZE[0], height=SIZE[1], pixel_format="Mono8", rate_hz=RATE_HZ, codec=codec
    )
    rng = np.random.default_rng(0)
    return writer, [rng.integers(0, 256, SIZE[::-1], np.uint8) for _ in range(count)]


@pytest.mark.parametrize("codec", CODECS)
def test_full_disk_keeps_whole_frames_and_says_how_many(
    codec: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = direct_io.pwrite

    def pwrite(fd: int, data: memoryview, offset: int) -> int:
        if (room := 1465 * 4096 - offset) <= 0:
            raise OSError(28, "No space left on device")
        return real(fd, data[:room], offset)

    monkeypatch.setattr(direct_io, "pwrite", pwrite)
    writer, pictures = make(tmp_path / "face", codec, 2000)
    with pytest.raises(DiskFull, match=r"no space left on its disk; .* keeps \d+ frames"):
        write_and_close(writer, pictures)
    summary = writer.close()
    assert summary.sha256 is None
    assert summary.frames == count_packets(summary.path) > 100
    assert summary.bytes == summary.path.stat().st_size
    with VideoReader(summary.path) as reader:
        last = reader.frame(len(reader) - 1)
    if CODECS[codec].lossless:
        assert np.array_equal(last, pictures[summary.frames - 1])


def write_and_close(writer: VideoWriter, pictures: list[Picture]) -> VideoSummary:
    for picture in pictures:
        writer.write(picture)
    return writer.close()
