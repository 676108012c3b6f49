"""What a driver yields goes to its streams; what is not as announced ends none of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from acquire.camera.stream import CameraStream
from acquire.host.driver_streams import DriverStreams
from acquire.lsl.clock import local_clock
from acquire.processes.messages import Open
from acquire.rig.video import VideoOptions
from devices.arrays import U8Array
from devices.base import Frame, VideoSpec
from recordings.stream_kinds import Fate
from tests.acquire.program import unique

SHAPE = (48, 64)


class Rig:
    """The streams of one camera, and what is told of them."""

    def __init__(self, folder: Path) -> None:
        self.name = unique("face")
        self.told: list[tuple[str, str, str]] = []
        order = Open("x", {"name": self.name}, None, None, VideoOptions("raw", ring_s=3.0))
        self.streams = DriverStreams(order, lambda *event: self.told.append(event))
        self.streams.announce((VideoSpec(self.name, SHAPE[1], SHAPE[0], "Mono8", 100.0),))
        camera = self.streams.media[self.name]
        assert isinstance(camera, CameraStream)
        self.camera, self.begun = camera, local_clock()
        self.camera.arm(1, folder / "face")
        self.camera.start(1, self.begun)

    def give(self, number: int, time: float, image: U8Array) -> None:
        self.streams.publish(Frame(self.name, number, time, image))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    try:
        yield made
    finally:
        made.camera.finish()
        made.camera.outlet.close()


@pytest.mark.parametrize("time", [12.0, 1.8e9, math.nan, -math.inf])
def test_frames_of_another_clock_are_stored_by_their_arrival(time: float, rig: Rig) -> None:
    """None was stored, or after the end of its take; those of no time were so without a word."""
    for number in range(4):
        rig.give(number, time, np.zeros(SHAPE, np.uint8))
    assert rig.camera.fates[Fate.STORED] == 4
    assert abs(rig.camera.outlet.last_stamp - local_clock()) < 5
    ((level, code, text),) = rig.told
    assert (level, code) == ("warning", "stamps-far")
    assert "self.clock.now()" in text


@pytest.mark.parametrize(
    ("shape", "kind"),
    [((40, 60), "u1"), (SHAPE[::-1], "u1"), (SHAPE, "u2"), ((*SHAPE, 3), "u1"), ((0, 0), "u1")],
)
def test_a_picture_that_is_another_costs_itself_alone(
    shape: tuple[int, ...], kind: str, rig: Rig
) -> None:
    """It ended the camera for good, and only once a recording ran; on its side it was stored."""
    for k in range(6):
        odd = k in (2, 3)
        image = np.zeros(shape if odd else SHAPE, kind if odd else "u1")
        rig.give(k, rig.begun + k / 100, image)
    assert rig.camera.fates == dict.fromkeys(Fate, 0) | {Fate.STORED: 4, Fate.INCOMPLETE: 2}
    ((level, code, text),) = rig.told
    assert (level, code) == ("warning", "size-changed")
    assert f"shape {shape}" in text
    assert "48 rows of 64 pixels" in text
