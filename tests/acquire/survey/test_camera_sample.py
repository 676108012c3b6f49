"""A driver that nobody here wrote is benchmarked in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from acquire.survey.camera_sample import FRAMES, Sample, sample
from devices.base import DeviceError

DRIVER = """
import os
import sys
import time
from threading import Thread

import numpy as np
from devices.base import Device, Frame, Settings, VideoSpec


class Odd(Device):
    Settings = Settings
    summary = "a camera that does {way}"

    def __init__(self, settings, clock):
        self.name, self.clock = settings.name, clock

    def open(self):
        if "{way}" == "exits":
            sys.exit(0)
        print("a driver's own words", flush=True)
        return (VideoSpec(self.name, 64, 32, "Mono8", 100.0),)

    def read(self):
        k = 0
        while True:
            if k == 3 and "{way}" == "aborts":
                os.abort()
            if "{way}" == "hangs":
                time.sleep(60)
            if k == 3 and "{way}" == "fails":
                raise RuntimeError("no light")
            yield Frame(self.name, k, self.clock.now(), np.full((32, 64), k, np.uint8))
            k += 1

    def close(self):
        if "{way}" == "lingers":
            Thread(target=time.sleep, args=(60,)).start()
"""


def taken(folder: Path, way: str, patience_s: float = 60.0) -> Sample:
    (folder / f"odd_{way}.py").write_text(DRIVER.replace("{way}", way))
    return sample("face", f"odd-{way}", folder, {"name": "face"}, patience_s)


@pytest.mark.parametrize("way", ["works", "lingers"])
def test_its_frames_are_taken_whatever_it_leaves_running(tmp_path: Path, way: str) -> None:
    ((spec, frames),) = taken(tmp_path, way)
    assert (spec.name, spec.width, len(frames)) == ("face", 64, FRAMES)
    assert [int(frame[0, 0]) for frame in frames] == list(range(FRAMES))


@pytest.mark.parametrize(
    ("way", "words", "patience_s"),
    [
        ("aborts", r"face: its driver ends the process that reads it \(signal 6\)", 60.0),
        ("exits", "face: SystemExit", 60.0),
        ("fails", "face: .*no light", 60.0),
        ("hangs", "face: gives no frames within 3 s", 3.0),
    ],
)
def test_one_that_breaks_is_an_error_with_its_name(
    tmp_path: Path, way: str, words: str, patience_s: float
) -> None:
    """It took the whole command with it: `sys.exit(0)` was a success without a word."""
    with pytest.raises(DeviceError, match=words):
        taken(tmp_path, way, patience_s)
