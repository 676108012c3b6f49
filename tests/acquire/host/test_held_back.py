"""What a driver holds back when its reading ends."""

from __future__ import annotations

import threading
from multiprocessing import Pipe
from pathlib import Path

import pytest

from acquire.host.device_host import Host
from acquire.processes.messages import (
    Answer,
    Close,
    Finish,
    HostEvent,
    HostStatus,
    Open,
    Request,
    Upward,
)
from acquire.rig.video import VideoOptions
from tests.acquire.program import unique, wait_for

DRIVER = """
import numpy as np
from devices.base import Channel, Chunk, Device, DeviceLost, Settings, StreamSpec

class Driver(Device):
    Settings = Settings
    summary = "made in a test"

    def open(self):
        return (StreamSpec(self.settings.name, "Test", (Channel("a"),), 0.0, "float32"),)

    def read(self):
        yield Chunk.of(self.settings.name, self.clock.now(), [1.0])
        {then}
        while True:
            yield from self.until(self.clock.now() + 0.1)

    def held_back(self):
        yield Chunk.of(self.settings.name, self.clock.now(), [2.0])
        yield Chunk(self.settings.name, np.empty(0), np.empty((0, 1)), lost=3)
        {fails}

    def close(self):
        pass
"""


def run(folder: Path, **parts: str) -> list[Upward]:
    """Let it read its sample, and finish; gives all that the host said."""
    (folder / "holding.py").write_text(DRIVER.format(**{"then": "", "fails": "", **parts}))
    ours, theirs = Pipe()
    host = threading.Thread(target=Host(theirs).run)
    host.start()
    name = unique("holding")
    ours.send(Request(1, Open("holding", {"name": name}, folder, None, VideoOptions())))
    said: list[Upward] = []

    def heard() -> bool:
        while ours.poll():
            said.append(ours.recv())
        return samples(said) >= 1

    wait_for(heard)
    ours.send(Request(2, Finish()))
    wait_for(lambda: heard() and any(isinstance(m, Answer) and m.number == 2 for m in said))
    ours.send(Request(3, Close()))
    host.join()
    ours.close()
    return said


def samples(said: list[Upward]) -> int:
    return max((sum(m.samples.values()) for m in said if isinstance(m, HostStatus)), default=0)


@pytest.mark.parametrize("then", ["", "raise DeviceLost('unplugged')"])
def test_it_is_published_at_the_end_and_at_a_loss(then: str, tmp_path: Path) -> None:
    """It was dropped in silence."""
    said = run(tmp_path, then=then)
    lost = sum(loss.count for m in said if isinstance(m, HostStatus) for loss in m.losses)
    assert samples(said) >= 2
    assert lost >= 3
    assert not [m for m in said if isinstance(m, HostEvent) and m.level == "error"]


def test_an_error_in_there_is_told_and_takes_nothing(tmp_path: Path) -> None:
    said = run(tmp_path, fails="raise KeyError('x')")
    (error,) = [m for m in said if isinstance(m, HostEvent) and m.level == "error"]
    assert "what it held back is lost: KeyError" in error.text
    assert samples(said) == 2
