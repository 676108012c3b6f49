"""A video file as a camera."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import pytest

from devices.base import DeviceError, Frame, VideoSpec
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
        if item is not None:
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
