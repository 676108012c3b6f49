"""The last samples before a stop are in the recording, however busy the recorder is."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from acquire.engine.engine import Engine
from acquire.lsl.clock import local_clock
from acquire.processes.messages import Ends, Interval
from acquire.pump.selection import Selection
from acquire.rig.file import parse_rig
from acquire.take.folder import Labels
from recordings.manifest import Manifest, State
from recordings.manifest_entries import Event
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from recordings.video.reader import count_packets
from tests.acquire.program import load, unique, wait_for
from tests.acquire.pump.test_pump import CannedInlet, Stage

FATE = INDEX_CHANNELS.index("fate")
RIG = """
[[device]]
name = "{face}"
driver = "simulated-camera"
width = 320
height = 64
rate_hz = 100

[[device]]
name = "{eeg}"
driver = "simulated-eeg"
channels = 2
rate_hz = 250
"""


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    names = {"face": unique("face"), "eeg": unique("eeg")}
    rig = parse_rig(RIG.format(**names), tmp_path / "rig.toml")
    with Engine(rig, Selection(), None) as engine:
        engine.open(60.0)
        yield engine


def stop_while_nothing_is_pulled(engine: Engine, device: str) -> list[Ends]:
    """Stop a device while the pump is kept from its work until that is waited for."""
    asked: list[Ends] = []
    fetch = engine.devices._fetched

    def note(ends: Ends) -> bool:
        asked.append(ends)
        return fetch(ends)

    engine.devices._fetched = note
    stopping = threading.Thread(target=engine.devices.stop, args=(device,))
    with engine._pump.lock:
        stopping.start()
        wait_for(lambda: asked or not stopping.is_alive())
    stopping.join()
    engine.devices._fetched = fetch
    return asked


def test_a_camera_that_is_stopped_loses_no_row(engine: Engine, tmp_path: Path) -> None:
    """Its outlet went 0.6 s after its last row, pulled or not: frames without a time."""
    face, eeg = engine.devices.processes
    events: list[Event] = []
    engine._reporter._on_event = events.append
    engine.start(tmp_path, Labels(participant="01"))
    running = engine.takes.running
    assert running is not None
    recorded = {s.found.key.name: s for s in running.xdf.streams.values()}
    wait_for(lambda: min(recorded[name].samples for name in (face, eeg)) > 100)
    ends = [stop_while_nothing_is_pulled(engine, name) for name in (face, eeg)]
    outcome = engine.stop()
    assert outcome.state is State.COMPLETE
    manifest = Manifest.load(outcome.path)
    found = load(outcome.path / "recording.xdf")
    rows = found[face].data
    (video,) = manifest.videos
    stored = int((rows[:, FATE] == Fate.STORED.code).sum())
    assert stored == video.frames == count_packets(outcome.path / video.file)
    for name, (said,) in zip((face, eeg), ends, strict=True):
        opened = engine.devices[name].snapshot.opened
        assert opened is not None
        assert found[name].stamps[-1] == said[opened.uids[name]]
        assert (np.diff(found[name].stamps) < 0.5).all()
    assert "end-not-received" not in {event.code for event in events}


def test_a_stream_that_is_late_has_its_samples_from_before_the_stop(tmp_path: Path) -> None:
    """What was on its way for longer than 0.35 s was cut off."""
    stage = Stage(tmp_path / "late.xdf")
    now = local_clock()
    stop = now - 0.5
    halves = np.split(now - 2 + np.arange(160) / 100, [50, 105])
    late = stage.add("late", halves[0])
    slow = stage.add("slow", np.array([stop - 0.004]))
    stage.turn()
    take, distributor = stage.take, stage.pump._distributor
    take.interval = Interval(0.0, stop)
    assert take.usually_by < now < take.drained_by
    distributor.look_for_drained(stage.pump.streams, now)
    assert not take.drained.is_set()
    late.inlet = CannedInlet(late.found, halves[1:])
    stage.turn()
    stage.turn()
    distributor.look_for_drained(stage.pump.streams, now)
    assert take.drained.is_set()
    samples = stage.finish()
    assert len(samples["late"].stamps) in (150, 151)  # the stop lies between two, or on one
    assert samples["late"].stamps[-1] == pytest.approx(stop, abs=0.0101)
    assert len(samples[slow.name].stamps) == 1


def test_a_stream_that_stays_away_is_not_waited_for_longer_than_allowed(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "away.xdf")
    now = local_clock()
    stage.add("away", now - 2 + np.arange(50) / 100)
    stage.turn()
    stage.take.interval = Interval(0.0, now - 0.5)
    stage.pump._distributor.look_for_drained(stage.pump.streams, stage.take.drained_by)
    assert stage.take.drained.is_set()
    stage.finish()
