"""What VideoWriter costs beside the bare codec and the bare disk, in one run.

python -m tests.bench.bench_codecs [--folder DIR] [--frames 200]

Frames: 2048×1088 Bayer, a lit ellipse with texture and motion, fresh noise of 2.5 DN. "bare" is the
plane split and the encoder fed from memory, its packets thrown away; "direct" are frames written
with O_DIRECT from aligned memory. Each pair is timed in turns and the best of each is compared,
since other programs run on the machine too. CPU is processor seconds for 1000 frames. The last rows
run ring and encoder process at 150 frames a second: percent of one core for each side.
"""

from __future__ import annotations

import argparse
import gc
import mmap
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np

from acquire.camera.encoder_link import NOT_STORED, EncoderLink
from recordings.video.codecs import CODECS, choose_codec
from recordings.video.pixel_formats import Picture, pixel_format, split_bayer
from recordings.video.reader import VideoReader
from recordings.video.writer import VideoWriter
from tests.acquire.program import wait_for

WIDTH, HEIGHT, RATE_HZ, FORMAT = 2048, 1088, 150, "BayerRG8"
FRAME_MB = WIDTH * HEIGHT / 1e6
ROUNDS = 3
CODEC_LIMIT, DIRECT_LIMIT, RAW_CORE_PERCENT = 0.9, 0.8, 15.0
FRAMES = {"magicyuv": 1.0, "ffvhuff": 0.5, "ffv1": 0.15, "x264-lossless": 0.3, "x264-crf": 0.4}


def face(count: int) -> Picture:
    """Frames in page-aligned memory, as the ring has them."""
    memory = mmap.mmap(-1, count * WIDTH * HEIGHT)
    frames: Picture = np.ndarray((count, HEIGHT, WIDTH), np.uint8, memory)
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    gains = np.where(y % 2, np.where(x % 2, 0.65, 0.85), np.where(x % 2, 0.85, 1.15))
    for i, frame in enumerate(frames):
        far = ((x - 1024 - 3 * np.sin(i)) / 520) ** 2 + ((y - 544) / 420) ** 2
        light = 40 + 110 * np.exp(-far) + 4 * np.sin(x / 5) * np.sin(y / 7)
        frame[:] = np.clip(light * gains + rng.normal(0, 2.5, x.shape), 0, 255)
    return frames


def cycle(frames: Picture, count: int) -> Iterator[Picture]:
    return (frames[i % len(frames)] for i in range(count))


def timed(work: Callable[[], None]) -> tuple[float, float]:
    """Wall and processor seconds."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def bare_codec(name: str, frames: Picture, count: int) -> None:
    fmt = pixel_format(FORMAT)
    codec = choose_codec(name, fmt, RATE_HZ)
    context = av.codec.CodecContext.create(codec.encoder_name(fmt), "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "gray"
    context.time_base = Fraction(1, RATE_HZ)
    context.options = codec.encoder_options(fmt)
    context.thread_count, context.thread_type = 2, "SLICE"
    tiled = np.empty((HEIGHT, WIDTH), np.uint8)
    for k, frame in enumerate(cycle(frames, count)):
        split_bayer(frame, tiled)
        image = av.VideoFrame.from_numpy_buffer(tiled, "gray")
        image.pts = k
        context.encode(image)
    context.encode(None)


def bare_direct(path: Path, frames: Picture, count: int) -> None:
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | getattr(os, "O_DIRECT", 0))
    for k, frame in enumerate(cycle(frames, count)):
        os.pwrite(fd, frame.data, k * frame.nbytes)
    os.fsync(fd)
    os.close(fd)
    path.unlink()


def written(folder: Path, codec: str, frames: Picture, count: int) -> Path:
    """Write a video and close it."""
    writer = VideoWriter(
        folder / "bench",
        width=WIDTH,
        height=HEIGHT,
        pixel_format=FORMAT,
        rate_hz=RATE_HZ,
        codec=codec,
        checksum=False,  # a frame ring that fills up drops it too
    )
    for frame in cycle(frames, count):
        writer.write(frame)
    return writer.close().path


def proved(path: Path, frames: Picture, count: int) -> float:
    """Read a few frames back, throw the file away; its ratio."""
    with VideoReader(path) as reader:
        assert len(reader) == count
        if CODECS[reader.info.codec].lossless:
            assert all(map(np.array_equal, reader.frames(0, 3), frames))
    size = path.stat().st_size
    path.unlink()
    return count * WIDTH * HEIGHT / size


def compare(
    codec: str, bare: Callable[[], None], folder: Path, frames: Picture, count: int
) -> bool:
    ratio, limit = 0.0, DIRECT_LIMIT if codec == "raw" else CODEC_LIMIT
    best = [(1e9, 1e9), (1e9, 1e9)]
    for _ in range(ROUNDS):
        paths: list[Path] = []
        best[0] = min(best[0], timed(bare))
        best[1] = min(
            best[1],
            timed(lambda to=paths: to.append(written(folder, codec, frames, count))),  # type: ignore[misc]
        )
        ratio = proved(paths[0], frames, count)
    (bare_s, bare_cpu), (ours_s, ours_cpu) = best
    good = bare_s / ours_s >= limit
    print(
        f"{codec:14}{ratio:6.2f}{count / bare_s:9.0f}{count / ours_s:9.0f}"
        f"{count * FRAME_MB / ours_s:9.0f}{bare_cpu / count * 1e3:9.2f}"
        f"{ours_cpu / count * 1e3:9.2f}{bare_s / ours_s:8.2f}  "
        f"{'reached' if good else 'MISSED'} (limit {limit:g})"
    )
    return good


def paced(folder: Path, codec: str, frames: Picture, count: int) -> bool:
    """Ring and encoder process at the camera's rate."""
    encoder = EncoderLink(
        width=WIDTH, height=HEIGHT, pixel_format=FORMAT, rate_hz=RATE_HZ, slots=RATE_HZ
    )
    encoder.start()
    wait_for(lambda: encoder.told.ready, 30)
    started = encoder.status().cpu_s
    done = encoder.begin(folder / "paced", codec)
    refused = 0
    start, cpu = time.perf_counter(), time.thread_time()
    for k, frame in enumerate(cycle(frames, count)):
        time.sleep(max(0.0, start + k / RATE_HZ - time.perf_counter()))
        refused += not encoder.hold(frame) or encoder.commit() == NOT_STORED
    here = (time.thread_time() - cpu) * RATE_HZ / count * 100
    high_water = encoder.status().high_water
    encoder.end()
    file = done.result(60)
    there = (encoder.status().cpu_s - started) * RATE_HZ / count * 100
    encoder.finish(10)
    file.path.unlink()
    limit = RAW_CORE_PERCENT if codec == "raw" else None
    good = refused == file.lost == 0 and (limit is None or here + there <= limit)
    print(
        f"{codec:14}capture {here:.1f} %, encoder {there:.1f} % of a core, "
        f"{refused + file.lost} of {count} not stored, high water {high_water}/{RATE_HZ}: "
        f"{'reached' if good else 'MISSED'}{f' (limit {limit:g} %)' if limit else ''}"
    )
    return good


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, help="where to write; a disk, not a tmpfs")
    parser.add_argument("--frames", type=int, default=200)
    options = parser.parse_args()
    frames = face(12)
    good = []
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        print(f"{'':14}{'ratio':>6}{'bare fps':>9}{'ours fps':>9}{'MB/s':>9}", end="")
        print(f"{'bare CPU':>9}{'ours CPU':>9}{'speed':>8}")
        good.append(
            compare(
                "raw",
                lambda: bare_direct(folder / "direct", frames, options.frames),
                folder,
                frames,
                options.frames,
            )
        )
        for codec, share in FRAMES.items():
            count = round(options.frames * share)
            bare = partial(bare_codec, codec, frames, count)
            good.append(compare(codec, bare, folder, frames, count))
        good += [paced(folder, codec, frames, 3 * options.frames) for codec in ("raw", "magicyuv")]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
