"""Whether a driver's `read` still answers, whatever its device delivers."""

from __future__ import annotations

from acquire.host.driver_streams import Event

HANGS_S = 2.0
"""A `read` that gives nothing for so long, not even None, hangs: it owes something every 200 ms."""


class Heart:
    """Tells once that it hangs, and once that it goes on."""

    def __init__(self, event: Event) -> None:
        self.hangs = False
        """Whether that has been told."""
        self._event = event
        self._watched = 0.0  # when it was last looked whether it does
        self._woke_at = 0.0  # when this process went on after it had been stopped

    def watch(self, now: float, last_beat: float, *, is_read: bool) -> None:
        """Look, much more often than each `HANGS_S`.

        Args:
            now: LSL time.
            last_beat: when `read` has answered last, LSL time.
            is_read: whether it is to answer.
        """
        before, self._watched = self._watched, now
        if now - before > HANGS_S:  # this whole process was stopped: the engine has told it
            self._woke_at = now  # and the driver has had no turn yet
            return
        beat = last_beat if self.hangs else max(last_beat, self._woke_at)
        still = now - beat
        hangs = is_read and still > HANGS_S
        if hangs == self.hangs:
            return
        self.hangs = hangs
        if hangs:
            self._event(
                "warning",
                "device-hangs",
                f"its driver's read() has not answered for {still:.1f} s (limit {HANGS_S:g} s): "
                "nothing of it is recorded; check its cable, or start the device again",
            )
        elif is_read:
            self._event("info", "device-hangs-over", "its driver answers again")
