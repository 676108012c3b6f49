"""What ends a recording on a node that nobody ends: a full disk, and an engine that is silent."""

from __future__ import annotations

import contextlib
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from acquire.lasting_thread import LastingThread
from acquire.lsl.clock import local_clock
from acquire.node.program.run import Run
from acquire.node.store.kept import Kept
from acquire.node.store.room import floor
from acquire.processes.sleep_inhibitor import kept_awake
from acquire.take.disk import DiskAlarm, DiskWatch
from recordings.manifest_entries import Level

WATCH_S: Final = 0.5
FULL: Final = "node-full"
"""The code of the event: the disk of a node ends what is stored there, not the recording."""


class Watch:
    """Looks after the takes that a node stores, twice a second.

    Args:
        name: of the node.
        run: gives the run that goes on, if one does.
        complain: hears what nobody else can be told.
    """

    def __init__(
        self, name: str, run: Callable[[], Run | None], complain: Callable[[str], None]
    ) -> None:
        self._name = name
        self._run = run
        self._closing = threading.Event()
        self._disks: dict[str, DiskWatch] = {}  # of the takes that are stored, by id
        self._gone: set[str] = set()  # of the takes that are stored, those said to have no folder
        self.bytes_per_s = 0.0
        """What the disk was given last."""
        self._thread = LastingThread("node watch", self._look_after, self._closing, complain)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def close(self) -> None:
        """End."""
        self._thread.end()

    def _look_after(self) -> None:
        with contextlib.ExitStack() as awake:
            is_kept_awake = False
            while not self._closing.wait(WATCH_S):
                run = self._run()
                is_recording = run is not None and run.takes.is_recording
                if is_kept_awake and not is_recording:
                    awake.close()
                    is_kept_awake = False
                if run is None or not is_recording:
                    continue
                if not is_kept_awake:
                    awake.enter_context(kept_awake())
                    is_kept_awake = True
                self._look_at(run)

    def _look_at(self, run: Run) -> None:
        recording = {kept.id: kept for kept in run.takes.recording}
        self._disks = {id: disk for id, disk in self._disks.items() if id in recording}
        self._gone &= recording.keys()
        for kept in recording.values():
            try:
                self._look_at_disk(run, kept)
            except FileNotFoundError:  # or a file was renamed just now: the next look sees it
                if not kept.folder.exists():
                    self._say_gone(run, kept)
        hours = run.unheard_s / 3600
        if hours > run.order.max_hours:
            self._stop(
                run,
                "node-unheard",
                f"{self._name}: no engine was heard for {hours:.1f} h (max_hours "
                f"{run.order.max_hours:g}): what it recorded was ended and is kept",
            )

    def _look_at_disk(self, run: Run, kept: Kept) -> None:
        disk = shutil.disk_usage(kept.folder)
        now = local_clock()
        watch = self._disks.setdefault(kept.id, DiskWatch(now, disk.free))
        alarm = watch.look(now, disk.free, _written(kept.folder))
        self.bytes_per_s = watch.forecast.bytes_per_s
        if disk.free < floor(disk.total) or alarm is DiskAlarm.STOP:
            self._stop(
                run,
                FULL,
                f"{self._name}: its disk is full but for {disk.free / 1e6:,.0f} MB: what it stores "
                f"of {kept.id} ends here in good order, and the recording goes on without; collect "
                "what is there and release it",
            )
        elif alarm is not None:
            level: Level = "warning" if alarm is DiskAlarm.LOW else "info"
            where = Path(f"{self._name}: {kept.id}")
            run.say_of_disk(level, alarm.value, watch.told(alarm, where))

    def _say_gone(self, run: Run, kept: Kept) -> None:
        if kept.id in self._gone:
            return
        self._gone.add(kept.id)
        run.say_of_disk(
            "error",
            "node-disk",
            f"{self._name}: the folder of {kept.id} is gone from its disk: what is stored there is "
            "lost; split the recording, and see who has removed it",
        )

    def _stop(self, run: Run, code: str, text: str) -> None:
        if not run.takes.is_stopping:  # else a file takes long to be closed
            run.say_of_disk("error", code, text)
            run.stop_takes()


def _written(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
