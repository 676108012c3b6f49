"""A session's folder while it is recorded."""

from __future__ import annotations

from pathlib import Path

from acquire.rig.file import no_rig
from acquire.take.folder import MAX_EVENTS, Labels, SessionFolder
from recordings.manifest import Manifest, State
from recordings.manifest_entries import Event, Level


def event(level: Level, code: str) -> Event:
    return Event(time=1.0, source="test", level=level, code=code, text=code)


def test_notes_without_end_hide_no_alarm(tmp_path: Path) -> None:
    """A script that notes each trial: the device that died after two thousand was in no session."""
    folder = SessionFolder(no_rig(), tmp_path, Labels())
    for _ in range(MAX_EVENTS + 1):
        folder.add_event(event("info", "note"))
    folder.add_event(event("error", "device-died"))
    for _ in range(2 * MAX_EVENTS):
        folder.add_event(event("warning", "stream-lost"))
    folder.closed(State.COMPLETE, 2.0, (), (), ())
    codes = [e.code for e in Manifest.load(folder.folder).events]
    assert codes.count("note") == MAX_EVENTS
    assert codes.count("device-died") == 1
    assert len(codes) == 2 * MAX_EVENTS
