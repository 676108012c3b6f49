"""A stream that is lost right before a start is told, and told in that recording."""

from __future__ import annotations

from pathlib import Path

from acquire.engine.engine import Engine
from acquire.pump.selection import Selection
from acquire.rig.file import no_rig
from acquire.take.folder import Labels
from recordings.manifest_entries import Event
from tests.acquire.program import event_codes, unique, wait_for
from tests.acquire.sources import Source, Sources


def test_a_stream_lost_as_a_recording_begins_is_told(tmp_path: Path) -> None:
    name, events = unique("lost"), list[Event]()
    with (
        Sources(Source(name)),
        Engine(no_rig(), Selection((f"name='{name}'",)), None, on_event=events.append) as engine,
    ):
        engine.open(30.0)
        stream = next(s for s in engine._pump.streams if s.name == name)
        for number in range(3):
            wait_for(lambda: stream.inlet is not None, what="the stream is connected")
            assert stream.inlet is not None
            stream.inlet.lost = True  # whoever takes the next turn sees it: the pump, or the start
            engine.start(tmp_path, Labels(participant="01"))
            wait_for(lambda n=number + 1: [e.code for e in events].count("stream-lost") == n)  # type: ignore[misc]
            folder = engine.stop().path
            assert event_codes(folder).count("stream-lost") == 1
