"""The encoder process: every frame that was put is in its file, whoever dies."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from acquire.camera.encoder_events import FRAME, command, parse
from acquire.camera.encoder_host import Encoder
from acquire.camera.encoder_link import NOT_STORED, EncoderLink
from acquire.camera.frame_ring import FrameRing
from acquire.errors import AcquireError
from recordings.errors import RecordingError
from recordings.video.pixel_formats import Picture
from recordings.video.reader import VideoReader, count_packets
from recordings.video.writer import VideoSummary, VideoWriter
from tests.acquire.program import TIMEOUT_S, wait_for

WIDTH, HEIGHT = 64, 48

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="not tried on Windows")


def picture(number: int) -> Picture:
    image = np.zeros((HEIGHT, WIDTH), np.uint8)
    image[:8] = number % 256
    image[8:16] = number // 256
    return image


def numbers(path: Path) -> list[int]:
    with VideoReader(path) as reader:
        return [int(image[0, 0]) + 256 * int(image[8, 0]) for image in reader.frames()]


@pytest.fixture
def encoder() -> Iterator[EncoderLink]:
    process = EncoderLink(
        width=WIDTH, height=HEIGHT, pixel_format="BayerRG8", rate_hz=200, slots=20
    )
    process.start()
    yield process
    process.finish(TIMEOUT_S)


def put_now(encoder: EncoderLink, number: int) -> int:
    """Put a frame, if the ring has room; its index, or `NOT_STORED`."""
    return encoder.commit() if encoder.hold(picture(number)) else NOT_STORED


def put(encoder: EncoderLink, number: int) -> int:
    """Put a frame as soon as the ring has room; its index."""
    wait_for(lambda: encoder.status().waiting < 20 or encoder.status().error is not None)
    return put_now(encoder, number)


def pid_of(encoder: EncoderLink) -> int:
    assert encoder._process
    return encoder._process.pid


def test_events_survive_any_cut() -> None:
    events = [None, {"begin": {"path": "ä"}}, None, None, {"end": True}]
    data = b"".join(b"\0" if event is None else command(event) for event in events)
    for cut in range(len(data) + 1):
        buffer = bytearray(data[:cut])
        seen = list(parse(buffer))
        buffer += data[cut:]
        assert seen + list(parse(buffer)) == events
        assert not buffer


@pytest.mark.parametrize("codec", ["auto", "raw", "ffv1", "x264-lossless"])
def test_frames_put_are_in_the_file(encoder: EncoderLink, codec: str, tmp_path: Path) -> None:
    done = encoder.begin(tmp_path / "face", codec)
    assert [put(encoder, number) for number in range(100)] == list(range(100))
    encoder.end()
    file = done.result(TIMEOUT_S)
    assert (file.frames, file.lost, file.error) == (100, 0, None)
    assert file.bytes == file.path.stat().st_size
    assert (file.codec, file.tiling) == (
        {"auto": "magicyuv"}.get(codec, codec),
        "none" if codec == "raw" else "bayer-quadrants",
    )
    assert numbers(file.path) == list(range(100))


def test_frames_wait_in_the_ring_while_the_process_starts(tmp_path: Path) -> None:
    encoder = EncoderLink(width=WIDTH, height=HEIGHT, pixel_format="Mono8", rate_hz=200, slots=50)
    encoder.start()
    done = encoder.begin(tmp_path / "face")
    assert [put_now(encoder, number) for number in range(30)] == list(range(30))
    wait_for(lambda: encoder.told.ready, what="its encoder")
    assert encoder.finish(TIMEOUT_S)
    assert done.result(0).frames == 30
    assert encoder.finish(TIMEOUT_S)  # idempotent


def test_split_puts_no_frame_into_both_files(encoder: EncoderLink, tmp_path: Path) -> None:
    first = encoder.begin(tmp_path / "a")
    for number in range(50):
        put(encoder, number)
    second = encoder.begin(tmp_path / "b", "raw")
    assert put(encoder, 50) == 0
    for number in range(51, 80):
        put(encoder, number)
    encoder.end()
    third = encoder.begin(tmp_path / "c")
    encoder.end()
    assert numbers(first.result(TIMEOUT_S).path) == list(range(50))
    assert numbers(second.result(TIMEOUT_S).path) == list(range(50, 80))
    assert third.result(TIMEOUT_S).frames == 0


def test_frame_without_a_file_is_not_stored(encoder: EncoderLink, tmp_path: Path) -> None:
    assert put_now(encoder, 0) == NOT_STORED
    done = encoder.begin(tmp_path / "a")
    put(encoder, 1)
    encoder.end()
    assert put_now(encoder, 2) == NOT_STORED
    assert numbers(done.result(TIMEOUT_S).path) == [1]


def test_full_ring_never_blocks_and_leaves_no_hole(encoder: EncoderLink, tmp_path: Path) -> None:
    done = encoder.begin(tmp_path / "a")
    wait_for(lambda: encoder.told.ready, what="its encoder")
    os.kill(pid_of(encoder), signal.SIGSTOP)
    indices = [put_now(encoder, number) for number in range(200)]
    os.kill(pid_of(encoder), signal.SIGCONT)
    stored = [number for number, index in enumerate(indices) if index != NOT_STORED]
    assert 20 <= len(stored) < 200
    assert encoder.status().high_water == 20
    put(encoder, 300)
    encoder.end()
    assert numbers(done.result(TIMEOUT_S).path) == [*stored, 300]


def test_killed_encoder_is_noticed_and_its_file_counted(
    encoder: EncoderLink, tmp_path: Path
) -> None:
    done = encoder.begin(tmp_path / "a")
    for number in range(60):
        put(encoder, number)
    wait_for(lambda: encoder.status().waiting == 0)
    os.kill(pid_of(encoder), signal.SIGKILL)
    file = done.result(TIMEOUT_S)
    assert file.error == "the encoder process has ended (signal 9)"
    assert file.frames + file.lost == 60
    assert put_now(encoder, 60) == NOT_STORED
    assert encoder.status().error == file.error
    with pytest.raises(AcquireError, match=r"b\.nut: the encoder process is gone"):
        encoder.begin(tmp_path / "b")


def test_interrupt_of_the_group_does_not_reach_it(encoder: EncoderLink, tmp_path: Path) -> None:
    done = encoder.begin(tmp_path / "a")
    put(encoder, 0)
    for number in (signal.SIGINT, signal.SIGTERM):  # before it is ready, and after
        os.kill(pid_of(encoder), number)
    wait_for(lambda: encoder.told.ready, what="its encoder")
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid_of(encoder), number)
    put(encoder, 1)
    assert encoder.finish(TIMEOUT_S)
    assert done.result(0).frames == 2


PARENT = f"""
import sys, time
from pathlib import Path
import numpy as np
from acquire.camera.encoder_link import EncoderLink
encoder = EncoderLink(width={WIDTH}, height={HEIGHT}, pixel_format="Mono8", rate_hz=200,
                         slots=400)
encoder.start()
encoder.begin(Path(sys.argv[1]))
for number in range(300):
    assert encoder.hold(np.full(({HEIGHT}, {WIDTH}), number % 256, np.uint8))
    assert encoder.commit() == number
print(encoder._process.pid, flush=True)
time.sleep(60)
"""


def test_orphan_saves_what_was_put_and_ends(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "a")], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        parent.kill()
    wait_for(lambda: not running(pid))
    assert count_packets(tmp_path / "a.nut") == 300


def running(pid: int) -> bool:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        stat = Path(f"/proc/{pid}/stat").read_text() if sys.platform == "linux" else ""
        if stat:
            return stat.rsplit(")", 1)[1].split()[0] not in "ZX"
        os.kill(pid, 0)
        return sys.platform != "linux"
    return False


def test_file_that_exists_is_kept_and_named(encoder: EncoderLink, tmp_path: Path) -> None:
    (tmp_path / "a.nut").write_bytes(b"precious")
    done = encoder.begin(tmp_path / "a")
    put(encoder, 0)
    wait_for(lambda: encoder.status().error is not None)
    assert put_now(encoder, 1) == NOT_STORED
    encoder.end()
    file = done.result(TIMEOUT_S)
    assert "no file is ever overwritten" in str(file.error)
    assert (file.frames, file.lost) == (0, 1)
    assert (tmp_path / "a.nut").read_bytes() == b"precious"
    done = encoder.begin(tmp_path / "b")  # the process goes on
    put(encoder, 0)
    encoder.end()
    assert done.result(TIMEOUT_S).frames == 1


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit")
def test_failed_write_is_counted_and_the_file_valid(encoder: EncoderLink, tmp_path: Path) -> None:
    import resource

    resource.prlimit(pid_of(encoder), resource.RLIMIT_FSIZE, (200 * 4096, 200 * 4096))
    done = encoder.begin(tmp_path / "a", "raw")
    indices: list[int] = []
    while encoder.status().error is None:
        indices.append(put(encoder, len(indices)))
    stored = sum(index != NOT_STORED for index in indices)
    encoder.end()
    file = done.result(TIMEOUT_S)
    assert "write failed" in str(file.error)
    assert file.frames == count_packets(file.path) == 199 * 4096 // (WIDTH * HEIGHT)
    assert file.frames + file.lost == stored


def test_what_does_not_fit_is_refused_at_once(encoder: EncoderLink, tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match="'mjpeg' is not known"):
        encoder.begin(tmp_path / "a", "mjpeg")
    encoder.begin(tmp_path / "a")
    with pytest.raises(RecordingError, match="frame of 12 bytes; BayerRG8 64x48 has 3072"):
        encoder.hold(np.zeros(12, np.uint8))


@pytest.mark.parametrize(
    ("program", "without"),
    [
        ("acquire.camera.encoder_host", {"pylsl", "pydantic", "scipy", "PySide6", "devices"}),
        ("acquire.host.device_host", {"av", "cv2", "scipy", "PySide6", "fastapi"}),
    ],
)
def test_processes_stay_light(program: str, without: set[str]) -> None:
    code = f"import {program}, sys; print(*sys.modules)"
    output = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True).stdout
    assert not set(output.decode().split()) & without


def test_the_next_file_is_written_while_the_one_before_is_being_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At a split half a second of frames waited for the disk, and the ring holds one second."""
    on_disk, close = threading.Event(), VideoWriter.close

    def slow_close(writer: VideoWriter) -> VideoSummary:
        if writer.path.stem == "first":
            assert on_disk.wait(TIMEOUT_S)
        return close(writer)

    monkeypatch.setattr(VideoWriter, "close", slow_close)
    spec = {"width": WIDTH, "height": HEIGHT, "pixel_format": "Mono8", "rate_hz": 100.0}
    ring = FrameRing(4, WIDTH * HEIGHT)
    source, orders = os.pipe()
    words, out = os.pipe()
    encoder = threading.Thread(target=Encoder(ring, spec, out).run, args=(source,))
    encoder.start()
    try:
        for name in ("first.raw", "second.raw"):
            begin = {"path": str(tmp_path / name), "codec": "raw", "hash_raw": False}
            os.write(orders, command({"begin": begin}))
            assert ring.try_put(np.zeros(WIDTH * HEIGHT, np.uint8))
            ring.set_index(0, 0)
            os.write(orders, bytes([FRAME]))
        wait_for(lambda: ring.fill == 0)
        assert not on_disk.is_set()
    finally:
        on_disk.set()
        os.close(orders)
        encoder.join()
        ring.close()
        os.close(out)
        with os.fdopen(words) as lines:
            told = [json.loads(line) for line in lines]
        os.close(source)
    closed = [word["closed"] for word in told if "closed" in word]
    assert [Path(file["path"]).name for file in closed] == ["first.raw", "second.raw"]
    assert [(file["frames"], file["lost"]) for file in closed] == [(1, 0)] * 2
