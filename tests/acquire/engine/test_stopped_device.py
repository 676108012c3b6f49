"""A device process that is stopped is told by its state, and loses nothing that comes late."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psutil

from acquire.engine.engine import Engine
from acquire.processes.messages import DeviceState
from acquire.pump.selection import Selection
from acquire.rig.file import parse_rig
from acquire.take.folder import Labels
from recordings.manifest import Manifest
from tests.acquire.program import posix_only, unique, wait_for

RIG = """
[[device]]
name = "{eeg}"
driver = "simulated-eeg"
channels = 4
rate_hz = 500
"""


def process_of(engine: Engine, name: str) -> int:
    return int(engine.devices[name]._process.pid)  # type: ignore[attr-defined]


def rate(engine: Engine, name: str) -> float | None:
    return next(one.effective_rate_hz for one in engine.status.streams if one.key.name == name)


def samples(engine: Engine, name: str) -> int:
    return next(one.samples for one in engine.status.streams if one.key.name == name)


@posix_only
def test_a_stopped_device_is_told_and_what_comes_late_is_recorded(tmp_path: Path) -> None:
    """It counted as running; only its streams were said to be silent."""
    eeg = unique("eeg")
    rig = parse_rig(RIG.format(eeg=eeg), tmp_path / "rig.toml")
    with Engine(rig, Selection(), None) as engine:
        engine.open(30.0)
        engine.start(tmp_path, Labels(participant="01"))
        device = engine.devices[eeg]
        wait_for(lambda: samples(engine, eeg) > 500)
        pid = process_of(engine, eeg)
        os.kill(pid, signal.SIGSTOP)
        try:
            wait_for(lambda: psutil.Process(pid).status() == psutil.STATUS_STOPPED)
            wait_for(lambda: device.snapshot.state is DeviceState.STALLED)
            assert "its process has said nothing" in (device.snapshot.trouble or "")
            before = samples(engine, eeg)
            wait_for(lambda: rate(engine, eeg) == 0.0, what="no rate: nothing comes")
        finally:
            os.kill(pid, signal.SIGCONT)
        wait_for(lambda: device.snapshot.state is DeviceState.RUNNING)
        wait_for(lambda: samples(engine, eeg) > before + 2000)
        outcome = engine.stop()
    manifest = Manifest.load(outcome.path)
    codes = [event.code for event in manifest.events if event.source == eeg]
    assert [code for code in codes if "hangs" in code] == ["device-hangs", "device-hangs-over"]
    (stream,) = [entry for entry in manifest.streams if entry.name == eeg]
    assert stream.lost == 0
    assert manifest.lsl_start is not None
    assert manifest.lsl_stop is not None
    due = (manifest.lsl_stop - manifest.lsl_start) * 500
    assert abs(stream.samples - due) < 100
