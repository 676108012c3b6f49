"""How soon a device that goes away again and again is opened again."""

from __future__ import annotations

import threading
from itertools import pairwise
from multiprocessing import Pipe
from pathlib import Path

import pytest

from acquire.host import absences
from acquire.host.absences import REOPEN_S, STAYS_S, Absences
from acquire.host.device_host import Host
from acquire.processes.messages import Close, HostEvent, Open, Request
from acquire.rig.video import VideoOptions
from tests.acquire.program import unique, wait_for


def test_later_each_time_until_its_data_stay() -> None:
    one = Absences()
    waits = [one.lost(0.1) for _ in range(20)]
    assert waits[0] == REOPEN_S[0]
    assert all(a <= b for a, b in pairwise(waits))
    assert waits[-1] == REOPEN_S[-1]
    assert one.lost(STAYS_S) == REOPEN_S[0]
    assert one.lost(0.0) == REOPEN_S[1]


def test_it_is_counted_in_words() -> None:
    one = Absences()
    assert one.told("gone", one.lost(0.0)) == "gone; trying to open it again"
    assert one.told("gone", one.lost(0.0)).endswith("in 1 s: it was lost 2 times in a row")


RUBBISH = """
import numpy as np
from devices.base import Channel, Chunk, Device, DeviceLost, Settings, StreamSpec

class Driver(Device):
    Settings = Settings
    summary = "made in a test"

    def open(self):
        return (StreamSpec(self.settings.name, "Test", (Channel("a"),), 100.0, "float32"),)

    def read(self):
        yield Chunk.of(self.settings.name, self.clock.now(), [1.0])
        raise DeviceLost("rubbish")

    def close(self):
        pass
"""


def test_one_that_is_lost_right_after_each_opening_is_opened_less_and_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was opened each 0.6 s for ever, and each time two events said so."""
    waits = (0.05, 0.1, 0.2, 0.4)
    monkeypatch.setattr(absences, "REOPEN_S", waits)
    (tmp_path / "rubbish.py").write_text(RUBBISH)
    ours, theirs = Pipe()
    host = threading.Thread(target=Host(theirs).run)
    host.start()
    name = unique("rubbish")
    ours.send(Request(1, Open("rubbish", {"name": name}, tmp_path, None, VideoOptions())))
    lost: list[HostEvent] = []

    def six_times() -> bool:
        while ours.poll():
            message = ours.recv()
            if isinstance(message, HostEvent) and message.code == "device-lost":
                lost.append(message)
        return len(lost) >= 6

    wait_for(six_times)
    ours.send(Request(2, Close()))
    host.join()
    ours.close()
    gaps = [after.time - before.time for before, after in pairwise(lost)]
    assert all(gap >= wait for gap, wait in zip(gaps, (*waits, waits[-1]), strict=False))
    assert "lost 6 times in a row" in lost[5].text
