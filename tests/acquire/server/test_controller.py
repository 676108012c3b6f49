"""What a controller says of a recording belongs together, whenever it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from acquire.engine.status import Phase
from acquire.rig.file import parse_rig
from acquire.server.api import views
from acquire.server.api.models import StatusInfo
from acquire.server.controller import Controller
from acquire.server.data_lock import DataLock
from acquire.take.folder import Labels
from acquire.take.take import Outcome
from recordings.manifest import Manifest, State
from tests.acquire.program import unique

RIG = """
[[device]]
name = "{eeg}"
driver = "simulated-eeg"
channels = 2
"""


def test_a_recording_is_over_once_it_is_told_what_came_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its state was idle first, and what was told as the last recording the one before."""
    rig = parse_rig(RIG.format(eeg=unique("eeg")), tmp_path / "rig.toml")
    controller = Controller(rig, tmp_path, None, allow_missing=True, checks=False)
    seen: list[StatusInfo] = []
    controller.open()
    try:
        stop = controller.engine.stop

        def stop_and_look() -> Outcome:
            outcome = stop()
            seen.append(views.status(controller))
            return outcome

        monkeypatch.setattr(controller.engine, "stop", stop_and_look)
        with DataLock(tmp_path):
            folder = controller.recording.start(Labels(participant="01")).folder
        controller.recording.stop()
        after = views.status(controller)
    finally:
        controller.close()
    assert [one.state for one in seen] == [Phase.FINISHING]
    assert (after.state, after.session) == (Phase.IDLE, None)
    assert after.last is not None
    assert after.last.session == str(folder)


def test_a_recording_ends_before_what_may_take_long_at_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A collector waits half a minute for a node that hangs, and recorded so much more."""
    rig = parse_rig(RIG.format(eeg=unique("eeg")), tmp_path / "rig.toml")
    controller = Controller(rig, tmp_path, None, allow_missing=True, checks=False)
    seen: list[State] = []
    controller.open()
    try:
        with DataLock(tmp_path):
            folder = controller.recording.start(Labels(participant="01")).folder
        close = controller.collector.close

        def look_and_close() -> None:
            seen.append(Manifest.load(folder).state)
            close()

        monkeypatch.setattr(controller.collector, "close", look_and_close)
    finally:
        controller.close()
    assert seen == [State.COMPLETE]
