"""What is looked after while a take runs: disk, files, devices, and its signs of life."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from acquire.engine.apparatus import Apparatus
from acquire.lsl.clock import local_clock
from acquire.pump.live_stream import DEVICE
from acquire.take.disk import DiskAlarm, gone
from acquire.take.take import Take
from recordings.errors import DiskFull, RecordingError
from recordings.layout import free_bytes
from recordings.manifest import Level

BEAT_S: Final = 30.0
"""How far apart the signs of life in `unisono-events` are."""
ABSENT_S: Final = 3.0
"""A device that is still opening as a take begins has so long until it is said to be missing."""


class TakeWatch:
    """Looks after takes, and tells what is wrong with them."""

    def __init__(
        self,
        apparatus: Apparatus,
        failed: Callable[[Take, RecordingError], None],
        is_alone: Callable[[], bool],
    ) -> None:
        """Prepare.

        Args:
            apparatus: what they are made with.
            failed: called with a take that cannot go on.
            is_alone: whether one take alone is open.
        """
        self._pump, self._devices = apparatus.pump, apparatus.devices
        self._reporter, self._report = apparatus.reporter, apparatus.reporter.report
        self._failed, self._is_alone = failed, is_alone
        self._beat_due = 0.0

    def look(self, take: Take) -> None:
        """See how long the disk of the take that runs will last, and whether all of it is there."""
        self._look_at_disk(take)
        self.look_for_videos(take)
        self._beat(take)
        if local_clock() - take.interval.start > ABSENT_S:
            self.tell_of_absent(take)

    def absent(self, take: Take) -> list[str]:
        """Name the devices that should have a stream in a take and have none."""
        present = {s.device for s in take.xdf.streams.values() if s.device is not None}
        return self._devices.absent(present, take.gets)

    def tell_of_absent(self, take: Take) -> None:
        """Name, once, the devices that have no stream in a take and have not said why."""
        for name in self.absent(take) if take.folder is not None else ():
            snapshot = self._devices[name].snapshot
            if name in take.told_absent or snapshot.error is not None:
                continue
            take.told_absent.add(name)
            text = (
                f"{name}: has no stream in this recording, as it is {snapshot.state}; "
                "see its cable and its program, then start it again"
            )
            self._report(name, "warning", "device-missing", text, take.number)

    def tell_of_nothing(self, take: Take) -> None:
        """Say that a recording begins without any stream of data."""
        if any(stream.device != DEVICE for stream in take.xdf.streams.values()):
            return
        there = [s.name for s in self._pump.data_streams if take.gets(s.name)]
        if there:
            text = f"{', '.join(there)}: connected, but not in the recording; stop, and start again"
            self._report("engine", "error", "no-streams", text, take.number)
        else:
            text = "no stream of data is connected: nothing is recorded until one comes"
            self._report("engine", "info", "no-streams", text, take.number)

    def _beat(self, take: Take) -> None:
        """Leave a sign of life in the recording: it tells later how far all was well."""
        now = local_clock()
        if now < max(self._beat_due, take.interval.start + BEAT_S):
            return
        self._beat_due = now + BEAT_S
        streams = take.xdf.streams.values()
        samples, lost = sum(s.samples for s in streams), sum(s.lost for s in streams)
        seconds = round(now - take.interval.start)
        self._reporter.beat(
            f"{take.path.name}: recording for {seconds} s; {samples} samples, {lost} lost"
        )

    def _look_at_disk(self, take: Take) -> None:
        file = take.xdf.file
        if take.failure is None and (error := gone(file.path, file.position)) is not None:
            self._failed(take, error)
        free = free_bytes(file.path.parent)
        written = file.position + take.videos.bytes_written()
        alarm = take.disk.look(local_clock(), free, written)
        if alarm is None:
            return
        text = take.disk.told(alarm, take.path)
        if alarm is DiskAlarm.STOP:
            self._failed(take, DiskFull(text))
        else:
            level: Level = "warning" if alarm is DiskAlarm.LOW else "info"
            self._report("engine", level, alarm.value, text, take.number)

    def look_for_videos(self, take: Take) -> None:
        """Tell, once, of files that are not there any more."""
        for path in take.videos.newly_gone(alone=self._is_alone()):
            text = (
                f"{path.name}: is not there any more: deleted, moved or replaced while it was "
                "recorded; its frames are lost from the session; put it back once that is over"
            )
            self._report("engine", "error", "video-gone", text, take.number)
