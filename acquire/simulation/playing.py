"""Simulated devices, played as fast as they can be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from devices.base import Chunk, Device, DeviceLost, Frame

STEP_S: Final = 0.9
"""A clock goes on by at least so much: samples come in large chunks, and a camera's frames before
they are overdue."""


class JumpingClock:
    """An LSL clock that is set to whatever is waited for."""

    def __init__(self, now: float) -> None:
        self._now = now

    def now(self) -> float:
        """Return the LSL time, s."""
        return self._now

    def sleep_until(self, time: float) -> None:
        """Go on to `time`, or by `STEP_S` if that is more."""
        self._now = max(time, self._now + STEP_S)


def play(device: Device, clock: JumpingClock, stop: float) -> Iterator[Chunk | Frame]:
    """Yield what an opened device delivers until it is past LSL time `stop`, and close it.

    A device that goes away is opened again, as its host does.
    """
    there = True
    try:
        while clock.now() < stop:
            try:
                if not there:
                    device.open()
                    there = True
                for item in device.read():
                    if isinstance(item, Chunk | Frame):
                        yield item
                    if clock.now() > stop + STEP_S:
                        return
            except DeviceLost:
                there = False
                clock.sleep_until(clock.now())
    finally:
        device.close()
