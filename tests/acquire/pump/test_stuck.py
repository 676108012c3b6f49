"""A pump that is stuck inside liblsl is said, and a stop still ends with the files closed."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from acquire.engine.engine import Engine
from acquire.errors import ControlError
from acquire.pump import pump as pump_module
from acquire.pump import stuck_watch
from acquire.pump.selection import Selection
from acquire.rig.file import no_rig
from recordings.manifest_entries import Event
from tests.acquire.program import load, unique, wait_for
from tests.acquire.sources import Source, Sources


def test_a_stuck_pump_is_told_and_the_files_are_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stuck_watch, "STUCK_S", 1.0)
    monkeypatch.setattr(pump_module, "HOLD_S", 1.0)
    name, events, goes_on = unique("stuck"), list[Event](), threading.Event()
    path = tmp_path / "a.xdf"
    with (
        Sources(Source(name)),
        Engine(no_rig(), Selection((f"name='{name}'",)), None, on_event=events.append) as engine,
    ):
        engine.open(30.0)
        engine.takes.start_file(path)
        wait_for(lambda: path.stat().st_size > 5_000)
        wait_for(lambda: not engine.is_stuck)
        stream = next(s for s in engine._pump.streams if s.name == name)
        assert stream.inlet is not None
        monkeypatch.setattr(stream.inlet, "pull", lambda: goes_on.wait(60) and None)
        wait_for(lambda: "pump-stuck" in {event.code for event in events})
        assert engine.is_stuck
        outcome = engine.stop()
        samples = {stream.name: stream.samples for stream in outcome.streams}
        assert len(load(path)[name].stamps) == samples[name] > 0
        with pytest.raises(ControlError, match="stuck"):
            engine.takes.start_file(tmp_path / "b.xdf")
        goes_on.set()
        wait_for(lambda: "pump-stuck-over" in {event.code for event in events})
