"""The LSL clock."""

from __future__ import annotations

import threading


class LslClock:
    """The LSL clock, as drivers see it; `closing` ends every sleep."""

    def __init__(self, closing: threading.Event) -> None:
        import pylsl

        self._now = pylsl.local_clock
        self._closing = closing

    def now(self) -> float:
        """Return the LSL time in seconds."""
        return float(self._now())

    def sleep_until(self, time: float) -> None:
        """Sleep until LSL time `time`, or until the device closes."""
        if (left := time - self._now()) > 0:
            self._closing.wait(left)


def local_clock() -> float:
    """Return the LSL time in seconds."""
    import pylsl

    return float(pylsl.local_clock())
