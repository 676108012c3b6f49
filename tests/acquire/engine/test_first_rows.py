"""A recording that begins before a camera's index stream is connected has a time for each frame."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from acquire.engine.engine import Engine
from acquire.pump.discovery import Discovery
from acquire.pump.selection import Selection
from acquire.rig.file import parse_rig
from acquire.take.folder import Labels
from recordings.manifest import Manifest
from recordings.stream_kinds import INDEX_CHANNELS, Fate
from tests.acquire.program import TIMEOUT_S, load, unique, wait_for

RIG = """
[[device]]
name = "{face}"
driver = "simulated-camera"
width = 320
height = 64
rate_hz = 100
"""


def test_no_frame_is_stored_before_its_row_can_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On a busy computer the first 0.7 s of a sound were in its file, and had no rows."""
    face = unique("face")
    waited = threading.Event()
    look = Discovery._look

    def look_once_waited_for(discovery: Discovery) -> None:
        if waited.is_set():
            look(discovery)

    monkeypatch.setattr(Discovery, "_look", look_once_waited_for)
    rig = parse_rig(RIG.format(face=face), tmp_path / "rig.toml")
    with Engine(rig, Selection(), None) as engine:
        engine.open(0.0, allow_missing=True)
        wait_for(lambda: engine.devices[face].snapshot.runs)
        connected = engine._pump.wait_connected

        def wait(uids: set[str], timeout_s: float) -> None:
            waited.set()
            connected(uids, TIMEOUT_S)  # not as long as it may take: until it is there

        monkeypatch.setattr(engine._pump, "wait_connected", wait)
        engine.start(tmp_path, Labels(participant="01"))
        waited.set()
        wait_for(lambda: any(s.name == face and s.watch.samples > 50 for s in engine._pump.streams))
        outcome = engine.stop()
    rows = load(outcome.path / "recording.xdf")[face].data
    stored = rows[rows[:, INDEX_CHANNELS.index("fate")] == Fate.STORED.code]
    (video,) = Manifest.load(outcome.path).videos
    assert stored[0, INDEX_CHANNELS.index("file_index")] == 0
    assert len(stored) == video.frames
