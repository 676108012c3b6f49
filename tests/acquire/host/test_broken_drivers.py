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
from recordings.manifest_entries import Level
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


Told = list[tuple[str, DeviceState]]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Note the state that a status would tell in the moment of an event, by its code."""
    found, event = Told(), Host._event

    def noted(host: Host, level: Level, code: str, text: str, take: int | None = None) -> None:
        assert host._reader is not None
        found.append((code, host._reader.state))
        event(host, level, code, text, take)

    monkeypatch.setattr(Host, "_event", noted)
    return found


@pytest.mark.parametrize("again", ["pass", "raise KeyError('gone')"])
def test_it_is_opened_again_but_not_for_ever(
    again: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: Told
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
    wait_for(lambda: not given_up() or states[-1:] == [DeviceState.FAILED])
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
    # A status that said it runs, after its event, took the reason away for the whole absence.
    assert {state for code, state in told if code == "device-broke"} == {DeviceState.STALLED}


AWAY = """
import numpy as np
from devices.base import Channel, Chunk, Device, DeviceLost, Notice, Settings, StreamSpec

class Driver(Device):
    Settings = Settings
    summary = "made in a test"
    lost = 0

    def __init__(self, settings, clock):
        self.name, self.clock = settings.name, clock

    def open(self):
        if self.lost:
            raise DeviceLost("no port")
        return (StreamSpec(self.name, "Test", (Channel("a"),), 0.0, "float32"),)

    def read(self):
        yield None
        self.lost = 3
        raise DeviceLost("unplugged")

    def while_away(self):
        yield Notice("warning", "code-not-sent", "3 codes not sent")
        yield Chunk(self.name, np.empty(0), np.empty((0, 1)), lost=3)

    def close(self):
        pass
"""


def test_what_is_lost_while_a_device_stays_away_is_told(tmp_path: Path, told: Told) -> None:
    """A trigger port that never came back hid how many codes were not sent."""
    (tmp_path / "away.py").write_text(AWAY)
    ours, theirs = Pipe()
    host = threading.Thread(target=Host(theirs).run)
    host.start()
    name = unique("away")
    ours.send(Request(1, Open("away", {"name": name}, tmp_path, None, VideoOptions())))
    events: list[HostEvent] = []
    lost: list[int] = []

    def all_told() -> bool:
        while ours.poll():
            message = ours.recv()
            events.extend([message] if isinstance(message, HostEvent) else [])
            if isinstance(message, HostStatus):
                lost.extend(loss.count for loss in message.losses)
        return "code-not-sent" in {event.code for event in events} and sum(lost) >= 3

    wait_for(all_told)
    ours.send(Request(2, Close()))
    host.join()
    ours.close()
    assert "device-back" not in {event.code for event in events}
    assert ("device-lost", DeviceState.STALLED) in told


BREAKS_AT_ONCE = """
from devices.base import Channel, Device, Settings, StreamSpec

class Driver(Device):
    Settings = Settings
    summary = "made in a test"

    def __init__(self, settings, clock):
        self.name = settings.name

    def open(self):
        return (StreamSpec(self.name, "Test", (Channel("a"),), 0.0, "float32"),)

    def read(self):
        raise MemoryError("no room")
        yield

    def close(self):
        pass
"""


def test_a_driver_that_breaks_before_its_first_answer_is_not_back(
    tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ran for a moment after each opening, in which a recording that waits for it began."""
    monkeypatch.setattr(restarts, "BACKOFF_S", (0.0,))
    (tmp_path / "odd.py").write_text(BREAKS_AT_ONCE)
    ours, theirs = Pipe()
    host = threading.Thread(target=Host(theirs).run)
    host.start()
    ours.send(Request(1, Open("odd", {"name": unique("odd")}, tmp_path, None, VideoOptions())))
    wait_for(lambda: "device-failed" in [code for code, _ in told])
    ours.send(Request(2, Close()))
    host.join()
    ours.close()
    assert {code for code, _ in told} == {"device-broke", "device-failed"}
