"""A camera and its takes: each frame in exactly one, its row naming the one that it is in."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from acquire.camera.frame_stream import LATE_S
from acquire.camera.stream import CameraStream
from acquire.camera.video_files import VideoFiles
from acquire.lsl.clock import local_clock
from acquire.lsl.device_clock import ClockModel
from acquire.processes.loss_log import LossLog
from acquire.processes.messages import VideoSummary
from acquire.rig.video import GateSettings, VideoOptions
from devices.arrays import F64Array
from devices.base import Frame, VideoSpec
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.reader import VideoReader
from tests.acquire.program import TIMEOUT_S, wait_for

SPEC = VideoSpec("face", 64, 48, "Mono8", 100.0)
INDEX, NUMBER, FATE, TAKE = (
    INDEX_CHANNELS.index(name) for name in ("file_index", "device_frame", "fate", "take")
)


class Rig:
    """One camera, whose frames the test gives it; its rows are kept instead of published."""

    def __init__(self, options: VideoOptions) -> None:
        self.camera = CameraStream(SPEC, "face", options, ClockModel(), LossLog())
        self.rows: list[list[float]] = []
        self.camera.outlet.push = self._keep  # type: ignore[method-assign]
        self.sent = 0

    def _keep(self, times: F64Array, data: object) -> F64Array:
        self.rows += np.asarray(data).tolist()
        return times

    def frame(self, stamp: float, lost: int = 0) -> None:
        self.sent += lost
        image = np.full((48, 64), self.sent % 256, np.uint8)
        self.camera.publish(Frame("face", self.sent, stamp, image, lost=lost))
        self.sent += 1

    def in_take(self, number: int) -> list[int]:
        """List the frames that the rows call stored in a take."""
        stored = Fate.STORED.code
        return [int(r[NUMBER]) for r in self.rows if r[TAKE] == number and r[FATE] == stored]

    def arm(self, number: int, folder: Path) -> Path:
        (folder / str(number)).mkdir()
        return self.camera.arm(number, folder / str(number) / "face")


@pytest.fixture
def rig(request: pytest.FixtureRequest) -> Iterator[Rig]:
    rig = Rig(getattr(request, "param", VideoOptions("raw", ring_s=3.0)))
    try:
        yield rig
    finally:
        rig.camera.finish()
        rig.camera.outlet.close()


def pictures(summary: VideoSummary) -> list[int]:
    with VideoReader(summary.path) as reader:
        return [int(reader.frame(k).ravel()[0]) for k in range(len(reader))]


def test_frames_of_an_absence_that_the_device_cannot_count_are_lost_by_their_rate(
    rig: Rig, tmp_path: Path
) -> None:
    now = local_clock()
    rig.arm(1, tmp_path)
    rig.camera.start(1, now)
    rig.camera.reopened()  # before its first frame nothing is missing
    for k in range(5):
        rig.frame(now + k / 100)
    rig.camera.reopened()
    rig.sent = 0  # it counts anew
    for k in range(30, 35):
        rig.frame(now + k / 100)
    assert rig.camera.fates[Fate.STORED] == 10
    lost = [row for row in rig.rows if row[FATE] == Fate.DEVICE_LOST.code]
    assert len(lost) == rig.camera.fates[Fate.DEVICE_LOST] == 25
    assert all(math.isnan(row[NUMBER]) and row[TAKE] == 1 for row in lost)
    assert [row[FATE] for row in rig.rows[5:30]] == [Fate.DEVICE_LOST.code] * 25
    rig.camera.reopened()
    rig.frame(now + 0.40, lost=2)  # the device knows better
    assert rig.camera.fates[Fate.DEVICE_LOST] == 27


def test_frames_and_rows_are_split_together(rig: Rig, tmp_path: Path) -> None:
    now = local_clock()
    rig.arm(1, tmp_path)
    rig.camera.start(1, now)
    for k in range(10):
        rig.frame(now + k / 100)
    rig.arm(2, tmp_path)
    split = now + 0.155
    rig.camera.start(2, split)
    closed = rig.camera.stop(1, math.nextafter(split, -math.inf))
    for k in range(10, 30):
        rig.frame(now + k / 100, lost=2 if k == 16 else 0)
    (first,) = closed.result(TIMEOUT_S)
    last = rig.camera.stop(2, now + 0.295)
    rig.frame(now + 0.3)
    (second,) = last.result(TIMEOUT_S)
    assert rig.in_take(1) == pictures(first) == list(range(16))
    assert rig.in_take(2) == pictures(second)
    assert (first.take, second.take) == (1, 2)
    lost = [row for row in rig.rows if row[FATE] == Fate.DEVICE_LOST.code]
    assert len(lost) == 2
    assert all(math.isnan(row[TAKE]) == (row[FATE] == Fate.NOT_RECORDING.code) for row in rig.rows)


def test_a_split_that_is_heard_late_puts_each_frame_into_one_file(rig: Rig, tmp_path: Path) -> None:
    """31 frames from after the split went into the first file, and their rows into the second."""
    now = local_clock()
    rig.arm(1, tmp_path)
    rig.camera.start(1, now)
    for k in range(50):
        rig.frame(now + k / 100)
    split = now + 0.2  # 30 frames are past it already
    rig.arm(2, tmp_path)
    rig.camera.start(2, split)
    rig.frame(now + 0.5)  # between the two orders
    closed = rig.camera.stop(1, math.nextafter(split, -math.inf))
    for k in range(51, 60):
        rig.frame(now + k / 100)
    (first,) = closed.result(TIMEOUT_S)
    last = rig.camera.stop(2, now + 0.595)
    rig.frame(now + 0.6)
    (second,) = last.result(TIMEOUT_S)
    assert rig.in_take(1) == pictures(first) == list(range(51))
    assert rig.in_take(2) == pictures(second) == list(range(51, 60))


def test_a_silent_camera_is_closed_all_the_same_and_nobody_waits(rig: Rig, tmp_path: Path) -> None:
    now = local_clock()
    rig.arm(1, tmp_path)
    rig.camera.start(1, now)
    rig.frame(now + 0.01)
    closed = rig.camera.stop(1, now + 0.02)
    rig.camera.look_after(now + 0.02 + LATE_S / 2)
    assert not closed.done()
    rig.camera.look_after(now + 0.03 + LATE_S)
    (summary,) = closed.result(TIMEOUT_S)
    assert summary.frames == 1


def test_what_was_armed_and_never_begun_leaves_the_running_take_alone(
    rig: Rig, tmp_path: Path
) -> None:
    now = local_clock()
    rig.arm(1, tmp_path)
    rig.camera.start(1, now)
    rig.frame(now + 0.01)
    rig.arm(2, tmp_path)
    assert rig.camera.stop(2, -math.inf).result(TIMEOUT_S) == []
    rig.frame(now + 0.02)
    closed = rig.camera.stop(1, now + 0.025)
    rig.frame(now + 0.03)
    (summary,) = closed.result(TIMEOUT_S)
    assert summary.frames == 2


def test_a_camera_whose_encoder_is_down_at_a_split_stores_again(rig: Rig, tmp_path: Path) -> None:
    """It stored nothing more for the rest of the day."""
    now = local_clock()
    rig.arm(1, tmp_path)
    rig.camera.start(1, now)
    rig.frame(now + 0.01)
    files = rig.camera._files
    assert isinstance(files, VideoFiles)
    first = files._encoder
    process = first._process
    assert process is not None
    os.kill(process.pid, signal.SIGKILL)
    wait_for(lambda: first.status().ended)
    rig.arm(2, tmp_path)
    rig.camera.start(2, now + 0.02)
    closed = rig.camera.stop(1, math.nextafter(now + 0.02, 0))
    rig.frame(now + 0.03)
    assert closed.result(TIMEOUT_S)
    events: list[str] = []

    def looked_after() -> bool:
        events.extend(code for _, code, _, _ in rig.camera.new_events())
        return files.take is not None and bool(files.take.files) and files._encoder.error is None

    wait_for(looked_after)
    for k in range(5):
        rig.frame(now + 0.04 + k / 100)
    second = rig.camera.stop(2, now + 0.2)
    rig.frame(now + 0.3)
    summaries = second.result(TIMEOUT_S)
    assert sum(s.frames for s in summaries) == len(rig.in_take(2)) >= 5


@pytest.mark.parametrize(
    "rig",
    [
        VideoOptions(
            "raw",
            ring_s=3.0,
            gate=GateSettings(source="m", start_codes=(1,), stop_codes=(2,), pre_s=1.0),
        )
    ],
    indirect=True,
)
def test_no_pre_roll_reaches_back_over_a_split(rig: Rig, tmp_path: Path) -> None:
    now = local_clock() + 60  # so that the gate waits for codes
    rig.arm(1, tmp_path)
    rig.camera.start(1, now)
    for k in range(20):
        rig.frame(now + k / 100)
    rig.arm(2, tmp_path)
    rig.camera.start(2, now + 0.205)
    closed = rig.camera.stop(1, math.nextafter(now + 0.205, 0))
    rig.camera.take_code(now + 0.1, 1)  # its pre-roll begins a second before
    for k in range(20, 40):
        rig.frame(now + k / 100)
    second = rig.camera.stop(2, now + 0.395)
    rig.frame(now + 0.5)
    (first,) = closed.result(TIMEOUT_S)
    (last,) = second.result(TIMEOUT_S)
    assert rig.in_take(1) == pictures(first) == list(range(21))
    assert rig.in_take(2) == pictures(last) == list(range(21, 40))
