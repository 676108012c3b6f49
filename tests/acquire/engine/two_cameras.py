"""A device with two cameras, as a lab's own driver: each frame carries its number."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

import numpy as np

from devices import base
from devices.base import Clock, Device, Frame, VideoSpec

RATE_HZ = 200.0


class TwoCameras(Device):
    """Two 200 Hz cameras on one device."""

    Settings = base.Settings
    summary = "two cameras for a test"
    simulated = True

    def __init__(self, settings: base.Settings, clock: Clock) -> None:
        self._names = (f"{settings.name}-left", f"{settings.name}-right")
        self._clock = clock

    def open(self) -> Sequence[VideoSpec]:
        """Announce both."""
        return [VideoSpec(name, 64, 48, "Mono8", RATE_HZ) for name in self._names]

    def read(self) -> Iterator[Frame | None]:
        """Give a frame of each, 200 times a second."""
        start = self._clock.now()
        number = 0
        while True:
            due = start + number / RATE_HZ
            if (left := due - self._clock.now()) > 0:
                time.sleep(left)
            image = np.zeros((48, 64), np.uint8)
            image.ravel()[:4].view("<u4")[0] = number
            for name in self._names:
                yield Frame(name, number, due, image)
            number += 1

    def close(self) -> None:
        """Nothing to free."""
