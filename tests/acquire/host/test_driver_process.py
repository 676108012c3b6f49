"""What a driver does in its own process is told of it in words, and reaches nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from acquire.processes.device_link import DeviceLink
from acquire.processes.messages import DeviceState, HostEvent, Open
from acquire.rig.video import VideoOptions
from tests.acquire.program import unique, wait_for

DRIVER = """
import os, sys, threading
import numpy as np
from devices.base import Channel, Chunk, Device, Settings, StreamSpec

class Spec(StreamSpec):
    pass

class Driver(Device):
    Settings = Settings
    summary = "made in a test"
    {of_class}

    def open(self):
        {on_open}
        return [Spec(self.settings.name, "Test", (Channel("a"),), {rate_hz}, "float32")]

    def read(self):
        {on_read}
        while True:
            yield from self.until(self.clock.now() + {period_s})
            yield Chunk.of(self.settings.name, self.clock.now(), [1.0])

    def close(self):
        pass
"""
Run = Callable[..., tuple[DeviceLink, list[HostEvent]]]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    links: list[DeviceLink] = []

    def start(**parts: str) -> tuple[DeviceLink, list[HostEvent]]:
        parts = {"of_class": "", "on_open": "", "on_read": "", **parts}
        parts = {"rate_hz": "0.0", "period_s": "0.1", **parts}
        (tmp_path / "odd.py").write_text(DRIVER.format(**parts))
        events: list[HostEvent] = []
        name = unique("odd")
        link = DeviceLink(name, "odd", lambda _, event: events.append(event), lambda *_: None)
        link.start(Open("odd", {"name": name}, tmp_path, None, VideoOptions()), None)
        links.append(link)
        return link, events

    yield start
    for link in links:
        link.close(5.0)


def test_streams_of_a_class_of_its_own_are_opened(run: Run) -> None:
    link, events = run()
    assert link.wait_open(60), events


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"of_class": "resting = property(lambda self: 1 / 0)"}, "ZeroDivisionError"),
        ({"of_class": "resting = np.array([True, False])"}, "ValueError"),
        ({"of_class": "def inputs(self): return ['EEG']"}, "inputs(): returns list"),
        ({"of_class": "simulated = np.array([True, False])"}, "ValueError"),
    ],
)
def test_what_it_says_of_itself_is_held_against_the_contract(
    parts: dict[str, str], words: str, run: Run
) -> None:
    """The process died of it with a traceback, or its ears fell off in silence."""
    link, events = run(**parts)
    assert not link.wait_open(60)
    wait_for(lambda: events)  # the state comes first
    assert [event.code for event in events] == ["device-failed"]
    assert words in events[0].text


def test_a_thread_of_its_own_that_ends_is_told(run: Run) -> None:
    _, events = run(on_read="threading.Thread(target=lambda: 1 / 0).start()")
    wait_for(lambda: events)
    assert [(event.level, event.code) for event in events] == [("warning", "thread-ended")]
    assert "ZeroDivisionError: division by zero" in events[0].text


def test_what_it_writes_fills_no_terminal(run: Run, capfd: pytest.CaptureFixture[str]) -> None:
    write = "for line in range(3000): os.write(2, b'E' * 999 + bytes([10]))"
    link, events = run(on_read=f"{write}\n        print('hello', flush=True)")
    wait_for(lambda: sum((link.snapshot.host.samples if link.snapshot.host else {}).values()))
    assert capfd.readouterr() == ("", "")
    assert events == []


def test_a_slow_stream_is_not_stalled_between_its_samples(run: Run) -> None:
    """At 0.4 Hz it was, for half a second of each 2.5 s; no recording could start then."""
    seen: set[DeviceState] = set()

    def two_came() -> bool:
        status = link.snapshot.host
        seen.add(link.snapshot.state)
        return status is not None and sum(status.samples.values()) >= 2

    link, events = run(rate_hz="0.4", period_s="2.5")
    assert link.wait_open(60), events
    wait_for(two_came)
    assert DeviceState.STALLED not in seen
