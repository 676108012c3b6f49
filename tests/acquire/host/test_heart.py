"""Whether a driver hangs is told of the driver, never of a pause of its whole process."""

from __future__ import annotations

from multiprocessing import Pipe
from types import SimpleNamespace
from typing import Any

import pytest

from acquire.host.device_host import Host


class Heart:
    """A host whose clock and driver are in the test's hands."""

    def __init__(self) -> None:
        self.ours, theirs = Pipe()
        host: Any = Host(theirs)
        self.now = 0.0
        host._clock = SimpleNamespace(now=lambda: self.now)
        self.driver = SimpleNamespace(is_read=True, last_beat=0.0)
        self._host = host

    def at(self, now: float) -> list[str]:
        """Look at a time of the clock; gives the codes of what is told."""
        self.now = now
        self._host._watch_heart(self.driver)
        told = []
        while self.ours.poll():
            told.append(self.ours.recv().code)
        return told


@pytest.fixture
def heart() -> Heart:
    heart = Heart()
    heart.driver.last_beat = 100.0
    assert heart.at(100.0) == heart.at(100.1) == []
    return heart


def test_a_driver_without_a_turn_since_its_process_was_stopped_does_not_hang(heart: Heart) -> None:
    assert heart.at(105.0) == heart.at(105.1) == []  # it went on at 105; its thread not yet
    heart.driver.last_beat = 105.15
    assert heart.at(105.2) == []


def test_a_driver_that_hangs_on_after_its_process_was_stopped_is_told_of(heart: Heart) -> None:
    told = [code for tenth in range(1050, 1090) for code in heart.at(tenth / 10)]
    assert told == ["device-hangs"]


def test_a_driver_that_hung_before_its_process_was_stopped_hangs_still(heart: Heart) -> None:
    told = [code for tenth in range(1002, 1025) for code in heart.at(tenth / 10)]
    assert told == ["device-hangs"]
    assert heart.at(110.0) == heart.at(110.1) == []
    heart.driver.last_beat = 110.15
    assert heart.at(110.2) == ["device-hangs-over"]
