"""What is looked after while a take runs: disk, files, devices, and its signs of life."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from acquire.engine.apparatus import Apparatus
from acquire.lsl.clock import local_clock
from acquire.lsl.origin import DEVICE
from acquire.pump.selection import matches
from acquire.take.disk import DiskAlarm, gone
from acquire.take.take import Take
from recordings.errors import DiskFull, RecordingError, few
from recordings.layout import free_bytes
from recordings.manifest_entries import Level

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
        """Name the devices that should have a stream in a take and have none.

        And the streams that the rig expects, unless they were left out by choice.
        """
        return self._absent_devices(take) + self._absent_streams(take)

    def _absent_devices(self, take: Take) -> list[str]:
        present = {s.device for s in take.xdf.streams.values() if s.device is not None}
        return self._devices.absent(present, take.gets)

    def _absent_streams(self, take: Take) -> list[str]:
        there = [stream.found for stream in take.xdf.streams.values()]
        there += [stream.found for stream in self._pump.streams if not take.gets(stream.name)]
        expected = self._devices.rig.expect
        return [str(e) for e in expected if not any(matches(e, found) for found in there)]

    def tell_of_absent(self, take: Take) -> None:
        """Name, once, what has no stream in a take and has not said why."""
        if take.folder is None:
            return
        for name in self._absent_devices(take):
            snapshot = self._devices[name].snapshot
            if snapshot.error is None:
                text = (
                    f"{name}: has no stream in this recording, as it is {snapshot.state}; "
                    "see its cable and its program, then start it again"
                )
                self._tell_once(take, name, "device-missing", text)
        for name in self._absent_streams(take):
            text = (
                f"{name} is not there: nothing of it is in this recording; start its program, and "
                "see that its computer is in this network"
            )
            self._tell_once(take, name, "not-found", text)

    def _tell_once(self, take: Take, name: str, code: str, text: str) -> None:
        if name not in take.told_absent:
            take.told_absent.add(name)
            self._report(name, "warning", code, text, take.number)

    def tell_of_beginning(self, take: Take) -> None:
        """Say what a recording begins without: all streams of data, or those not selected.

        What one script has chosen is in force for the recordings of all others.
        """
        self._tell_of_nothing(take)
        data = (s.name for s in self._pump.streams if s.device != DEVICE)
        if left_out := sorted({name for name in data if not take.gets(name)}):
            text = f"{few(left_out)}: not selected, and not in this recording"
            self._report("engine", "info", "not-selected", text, take.number)

    def _tell_of_nothing(self, take: Take) -> None:
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
