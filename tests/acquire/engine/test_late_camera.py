"""A camera that takes long to open is stored by what is recorded by then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from acquire.engine.engine import Engine
from acquire.pump.selection import Selection
from acquire.rig.file import load_rig
from acquire.take.folder import Labels
from recordings.manifest import Manifest
from recordings.stream_kinds import Fate
from recordings.video.reader import count_packets
from tests.acquire.program import module_of, unique, wait_for, write_rig

DRIVER = """
import time
from pathlib import Path
from devices.drivers import simulated_camera

class LateCamera(simulated_camera.SimulatedCamera):
    def open(self):
        while not Path({ready!r}).exists():
            time.sleep(0.01)
        return super().open()
"""
RIG = """
[rig]
driver_dir = "drivers"

[[device]]
name = "{face}"
driver = "late-camera"
width = 320
height = 240
rate_hz = 50
codec = "magicyuv"
"""


@contextmanager
def opened(folder: Path) -> Iterator[tuple[Engine, str]]:
    """Open an engine whose only camera opens once there is a file `ready`."""
    (folder / "drivers").mkdir()
    driver = DRIVER.format(ready=str(folder / "ready"))
    (folder / "drivers" / "late_camera.py").write_text(driver)
    face = unique("face")
    rig = load_rig(write_rig(folder, RIG.format(face=face)))
    with Engine(rig, Selection(), None) as engine:
        engine.open(0.0, allow_missing=True)
        yield engine, face


def stored(engine: Engine) -> int:
    take = engine.takes.running
    assert take is not None
    return sum(s.fates.get(Fate.STORED, 0) for s in take.xdf.streams.values())


def check_stored(folder: Path, files: int) -> None:
    (video,) = Manifest.load(folder).videos
    assert len(video.files) == files
    assert sum(count_packets(folder / name) for name in video.files) == video.frames > 20


def test_it_opens_after_the_beginning(tmp_path: Path) -> None:
    with opened(tmp_path) as (engine, _):
        engine.start(tmp_path, Labels(participant="01"))
        (tmp_path / "ready").touch()
        wait_for(lambda: stored(engine) > 20, what="frames")
        outcome = engine.stop()
    check_stored(outcome.path, 1)


def test_it_died_and_opens_late_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("acquire.processes.rig_devices.OPEN_S", 0.5)
    ready = tmp_path / "ready"
    ready.touch()
    with opened(tmp_path) as (engine, face):
        wait_for(lambda: engine.devices[face].snapshot.runs, what="the camera")
        engine.start(tmp_path, Labels(participant="01"))
        wait_for(lambda: stored(engine) > 20, what="frames")
        ready.unlink()
        processes = psutil.Process().children()
        (host,) = [p for p in processes if module_of(p) == "acquire.host.device_host"]
        host.kill()
        device = engine.devices[face]
        wait_for(lambda: device.snapshot.error is not None, what="its death")
        wait_for(lambda: device.snapshot.error is None, what="another start")
        with pytest.raises(AssertionError):
            wait_for(lambda: device.snapshot.runs, timeout_s=1.0)
        before = stored(engine)
        ready.touch()
        wait_for(lambda: stored(engine) > before + 20, what="frames")
        outcome = engine.stop()
    check_stored(outcome.path, 2)
