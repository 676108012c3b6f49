"""What a driver yields goes to its streams; what is not as announced ends none of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from acquire.host.driver_streams import DriverStreams
from acquire.lsl.clock import local_clock
from acquire.processes.messages import Open
from acquire.rig.video import VideoOptions
from devices.base import Frame, VideoSpec
from recordings.stream_kinds import Fate
from tests.acquire.program import unique

SHAPE = (48, 64)


@pytest.mark.parametrize(
    ("shape", "kind"),
    [((40, 60), "u1"), (SHAPE[::-1], "u1"), (SHAPE, "u2"), ((*SHAPE, 3), "u1"), ((0, 0), "u1")],
)
def test_a_picture_that_is_another_costs_itself_alone(
    shape: tuple[int, ...], kind: str, tmp_path: Path
) -> None:
    """It ended the camera for good, and only once a recording ran; on its side it was stored."""
    name = unique("face")
    told: list[tuple[str, str, str]] = []
    order = Open("x", {"name": name}, None, None, VideoOptions("raw", ring_s=3.0))
    streams = DriverStreams(order, lambda *event: told.append(event))
    streams.announce((VideoSpec(name, SHAPE[1], SHAPE[0], "Mono8", 100.0),))
    camera, now = streams.media[name], local_clock()
    try:
        camera.arm(1, tmp_path / "face")
        camera.start(1, now)
        for k in range(6):
            odd = k in (2, 3)
            image = np.zeros(shape if odd else SHAPE, kind if odd else "u1")
            streams.publish(Frame(name, k, now + k / 100, image))
        assert camera.fates == dict.fromkeys(Fate, 0) | {Fate.STORED: 4, Fate.INCOMPLETE: 2}
    finally:
        camera.finish()
        camera.outlet.close()
    ((level, code, text),) = told
    assert (level, code) == ("warning", "size-changed")
    assert f"shape {shape}" in text
    assert "48 rows of 64 pixels" in text
