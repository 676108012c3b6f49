"""A driver that breaks whenever it is opened: how often it is tried, and what is said."""

from __future__ import annotations

import threading
from multiprocessing import Pipe
from pathlib import Path

import pytest

from acquire.host.device_host import Host
from acquire.processes import restarts
from acquire.processes.messages import Close, DeviceState, HostEvent, HostStatus, Open, Request
from acquire.rig.video import VideoOptions
from tests.acquire.program import unique, wait_for

DRIVER = """
from devices.base import Channel, Device, DeviceLost, Settings, StreamSpec

class Driver(Device):
    Settings = Settings
    summary = "made in a test"
    opened = 0

    def __init__(self, settings, clock):
        self.name, self.clock = settings.name, clock

    def open(self):
        self.opened += 1
        if self.opened > 1:
            {again}
        return (StreamSpec(self.name, "Test", (Channel("a"),), 0.0, "float32"),)

    def read(self):
        yield None
        raise MemoryError("no room")

    def close(self):
        if self.opened:
            raise OSError("cannot close")
"""


@pytest.mark.parametrize("again", ["pass", "raise KeyError('gone')"])
def test_it_is_opened_again_but_not_for_ever(
    again: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(restarts, "BACKOFF_S", (0.0,))
    (tmp_path / "broken.py").write_text(DRIVER.format(again=again))
    ours, theirs = Pipe()
    host = threading.Thread(target=Host(theirs).run)
    host.start()
    name = unique("broken")
    ours.send(Request(1, Open("broken", {"name": name}, tmp_path, None, VideoOptions())))
    events: list[HostEvent] = []
    states: list[DeviceState] = []

    def given_up() -> bool:
        while ours.poll():
            message = ours.recv()
            events.extend([message] if isinstance(message, HostEvent) else [])
            states.extend([message.state] if isinstance(message, HostStatus) else [])
        return any(event.code == "device-failed" for event in events)

    wait_for(given_up)
    wait_for(lambda: not given_up() or states[-1] is DeviceState.FAILED)
    ours.send(Request(2, Close()))
    host.join()
    ours.close()
    broke = [event for event in events if event.code == "device-broke"]
    assert len(broke) == restarts.LIMIT
    assert {event.level for event in broke} == {"error"}
    assert "MemoryError: no room" in broke[0].text
    failed, *closed = [event for event in events if event.code == "device-failed"]
    assert "again and again" in failed.text
    assert all("cannot close" in event.text for event in closed)
