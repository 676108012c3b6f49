"""A device that comes back otherwise than it went."""

from __future__ import annotations

import threading
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import pytest

from acquire.host import device_reader
from acquire.host.changed_streams import ChangedStreams, refuse_changes
from acquire.host.device_host import Host
from acquire.processes.messages import Close, HostEvent, Open, Request
from acquire.rig.video import VideoOptions
from devices.base import Channel, StreamSpec, VideoSpec
from tests.acquire.program import unique, wait_for

EEG = StreamSpec("eeg", "EEG", (Channel("Fz", "microvolts"), Channel("Cz")), 500.0, "float32")
FACE = VideoSpec("face", 64, 48, "Mono8", 30.0)


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (replace(EEG, rate_hz=250.0), "eeg: rate_hz is 250.0, was 500.0"),
        (replace(EEG, channels=(Channel("Fz"),)), "eeg: 1 channels, were 2"),
        (
            replace(EEG, channels=(Channel("Fz", "volts"), Channel("Cz"))),
            "channel 1 is 'Fz volts', was 'Fz microvolts'",
        ),
        (replace(EEG, name="ecg"), "ecg; there were eeg"),
        (replace(FACE, name="eeg"), "eeg: type is None, was 'EEG'"),
    ],
)
def test_what_has_changed_is_named(now: Any, words: str) -> None:
    refuse_changes({"eeg": EEG}, {"eeg": EEG})
    with pytest.raises(ChangedStreams) as told:
        refuse_changes({"eeg": EEG}, {now.name: now})
    assert words in str(told.value)


CHANGES = """
from devices.base import Channel, Chunk, Device, DeviceLost, StreamSpec

class Driver(Device):
    opened = 0

    def open(self):
        self.opened += 1
        rate_hz = 250.0 if self.opened == 2 else 500.0
        return (StreamSpec(self.settings.name, "Test", (Channel("a"),), rate_hz, "float32"),)

    def read(self):
        if self.opened == 1:
            raise DeviceLost("its set-up was changed")
        while True:
            yield from self.until(self.clock.now() + 0.05)
            yield Chunk.of(self.settings.name, self.clock.now(), [1.0])

    def close(self):
        pass
"""


def test_a_set_up_that_is_set_back_is_recorded_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The device failed for good, and nobody was told what was other than before."""
    monkeypatch.setattr(device_reader, "TRY_S", (0.1,))
    (tmp_path / "changes.py").write_text(CHANGES)
    ours, theirs = Pipe()
    host = threading.Thread(target=Host(theirs).run)
    host.start()
    name = unique("changes")
    ours.send(Request(1, Open("changes", {"name": name}, tmp_path, None, VideoOptions())))
    events: list[HostEvent] = []

    def is_back() -> bool:
        while ours.poll():
            message = ours.recv()
            events.extend([message] if isinstance(message, HostEvent) else [])
        return "device-back" in {event.code for event in events}

    wait_for(is_back)
    ours.send(Request(2, Close()))
    host.join()
    ours.close()
    assert [event.code for event in events] == ["device-lost", "device-away", "device-back"]
    assert "rate_hz is 250.0, was 500.0" in events[1].text
    assert "set it as it was, or stop and start the device" in events[1].text
