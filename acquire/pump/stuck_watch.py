"""Sees whether the pump comes round, by a thread and a clock of its own and without its lock."""

from __future__ import annotations

import threading
import time

from acquire.processes.messages import TellOfTake

STUCK_S = 5.0
"""A pump that has not come round for so long is said to be stuck."""
WATCH_S = 1.0


class StuckWatch:
    """Is told of each turn, and tells when none comes any more."""

    def __init__(self, report: TellOfTake, closing: threading.Event) -> None:
        self._report, self._closing = report, closing
        self._turned_at = time.monotonic()
        self._told_stuck = False
        self.thread = threading.Thread(target=self._run, name="pump watch", daemon=True)

    def turned(self) -> None:
        """Note that a turn begins."""
        self._turned_at = time.monotonic()

    @property
    def is_stuck(self) -> bool:
        """Whether it was started and does not come round any more."""
        return self._turned_at < time.monotonic() - STUCK_S and self.thread.is_alive()

    def _run(self) -> None:
        while not self._closing.wait(WATCH_S):
            if self.is_stuck == self._told_stuck:
                continue
            self._told_stuck = not self._told_stuck
            if self._told_stuck:
                text = (
                    f"the thread that receives all streams has not come round for {STUCK_S:g} s: "
                    "nothing is recorded; stop the recording, and restart Unisono"
                )
                self._report("engine", "error", "pump-stuck", text)
            else:
                self._report("engine", "info", "pump-stuck-over", "all streams are received again")
