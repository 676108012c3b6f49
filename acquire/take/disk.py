"""How long the disk will last, and when to say so."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from recordings.errors import RecordingError
from recordings.layout import free_bytes

WARN_MIN = 10.0
CLEAR_MIN = 12.0
"""The warning is over above this: a forecast that wavers must not repeat it."""
STOP_MIN = 1.0
SETTLE_S = 5.0
"""Before so much has been written, the forecast is a guess."""


class DiskAlarm(Enum):
    """What the forecast asks for."""

    LOW = "disk-low"
    FINE = "disk-low-over"
    STOP = "disk-stop"


@dataclass(frozen=True, slots=True)
class Forecast:
    """The disk now; `minutes` is None until the rate of writing is known."""

    free_bytes: int
    bytes_per_s: float
    minutes: float | None


def require_space(folder: Path, needed: float, seconds: float) -> None:
    """Refuse a recording that could not even last `seconds`; `needed` is in bytes.

    Raises:
        RecordingError: there is less than that; both figures are named.
    """
    free = free_bytes(folder)
    if free < needed:
        raise RecordingError(
            f"{folder}: {free / 1e6:,.1f} MB free, but {seconds:g} s of this rig and the reserve "
            f"take {needed / 1e6:,.1f} MB; free space or name another data folder"
        )


def gone(file: Path, written: int = 0) -> RecordingError | None:
    """Say that a file is not where it is being recorded; None where it is.

    A system that lets go of open files writes on without an error, and all is lost at the end. One
    that holds fewer than the `written` bytes is another that was put in its place, as programs that
    keep folders alike do, or was cut.
    """
    try:
        size = file.stat().st_size
    except FileNotFoundError:
        return RecordingError(
            f"{file}: is not there any more: it was deleted or moved while it was being recorded; "
            "find out by whom, and start another recording"
        )
    except OSError:  # a share that does not answer now; writing to it says what is wrong
        return None
    if size < written:
        return RecordingError(
            f"{file}: is not what is being recorded: it has {size:,} bytes, of {written:,} that "
            "were written: it was replaced or cut; find out by whom, and start another recording"
        )
    return None


class DiskWatch:
    """Watches the free space of one recording. Pure: it is told the time and the space."""

    def __init__(self, now: float, free_bytes: int) -> None:
        self._start = (now, free_bytes)
        self._low = False
        self._was_enough = False
        self.forecast = Forecast(free_bytes, 0.0, None)

    def look(self, now: float, free_bytes: int, written: int) -> DiskAlarm | None:
        """Take in the free space and what the recording has written so far, both in bytes.

        The forecast is by what is written, not by what disappears: another program that fills the
        disk shows in `free_bytes` soon enough. A recording that was begun with less than a minute
        left is let go on to the last byte; one that comes down to a minute is asked to stop.
        """
        elapsed = now - self._start[0]
        rate = written / elapsed if elapsed > 0 else 0.0
        known = elapsed >= SETTLE_S and rate > 0
        minutes = free_bytes / rate / 60 if known else None
        self.forecast = Forecast(free_bytes, rate, minutes)
        if minutes is None:
            return None
        if minutes > STOP_MIN:
            self._was_enough = True
        elif self._was_enough:
            self._was_enough = False
            return DiskAlarm.STOP
        if not self._low and minutes < WARN_MIN:
            self._low = True
            return DiskAlarm.LOW
        if self._low and minutes > CLEAR_MIN:
            self._low = False
            return DiskAlarm.FINE
        return None

    def told(self, alarm: DiskAlarm, folder: Path) -> str:
        """Say in words what an alarm means for the recording in `folder`."""
        free, minutes = self.forecast.free_bytes, self.forecast.minutes or 0.0
        match alarm:
            case DiskAlarm.STOP:
                return (
                    f"{folder}: less than a minute left on the disk ({free / 1e6:,.0f} MB): "
                    "stopped in good order; free space or use another"
                )
            case DiskAlarm.LOW:
                return f"{folder}: the disk will be full in {minutes:.0f} min; free space"
            case DiskAlarm.FINE:
                return "there is enough space again"
