"""Sees the wall clock being set, and the computer having slept: neither may pass for data.

Pure: it is told what the clocks say, once a second.
"""

from __future__ import annotations

import sys
import time

STEP_S = 0.5
"""What the wall clock may gain on the LSL clock in a second: NTP slews by far less."""

Finding = tuple[str, str]
"""Code, and text."""


class ClockWatch:
    """Compares the wall clock and the clock that runs on in sleep with the LSL clock."""

    def __init__(self) -> None:
        self._wall: float | None = None  # wall clock less LSL clock at the last look, s
        self._slept: float | None = None  # sleep since the computer was started, s

    def look(self, lsl: float, wall: float, slept: float | None) -> list[Finding]:
        """Take in one look: LSL time, UTC, and sleep so far (None = this system cannot tell)."""
        before, self._wall = self._wall, wall - lsl
        slept_before, self._slept = self._slept, slept
        if before is None:
            return []
        asleep = (slept or 0.0) - (slept_before or 0.0)
        step = self._wall - before - asleep
        findings = []
        if asleep > STEP_S:
            findings.append(
                (
                    "suspended",
                    f"the computer slept for {asleep:.1f} s: nothing was recorded meanwhile; "
                    "switch its sleep off",
                )
            )
        if abs(step) > STEP_S:
            findings.append(
                (
                    "clock-step",
                    f"the wall clock was set by {step:+.1f} s; LSL times do not change, but UTC "
                    "times before and after do not fit together",
                )
            )
        return findings


def slept_s() -> float | None:
    """Say how long the computer has slept since its start; None where that cannot be known."""
    if sys.platform != "linux":
        return None
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)
