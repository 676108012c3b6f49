"""Takes that begin: made, armed, started, or undone where something goes wrong."""

from __future__ import annotations

import contextlib
import itertools
import math
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from acquire.engine.apparatus import Apparatus
from acquire.engine.cameras import ARM_S
from acquire.engine.take_watch import TakeWatch
from acquire.errors import ControlError
from acquire.lsl.clock import local_clock
from acquire.node.engine.link import unready
from acquire.processes.messages import Interval
from acquire.processes.sleep_inhibitor import kept_awake
from acquire.survey.codec_speed import held_against
from acquire.take.closing import Complain, guarded
from acquire.take.disk import DiskWatch, require_space
from acquire.take.folder import Labels, SessionFolder
from acquire.take.take import Take
from acquire.take.videos import TakeVideos
from acquire.take.xdf_recorder import RESERVE_BYTES, XdfRecorder
from recordings.errors import RecordingError
from recordings.layout import free_bytes
from recordings.manifest import State
from recordings.xdf.file import XdfFile

BARRIER_S = 0.05
"""From the order to start until the start: the time that the order needs to every camera."""
RESERVE_S = 10.0
ROWS_S = 5.0
"""How long a start waits for the index streams of cameras that run, where they are new."""


class Beginnings:
    """Begins takes; what cannot be begun leaves the engine as it was."""

    def __init__(
        self,
        apparatus: Apparatus,
        watch: TakeWatch,
        hold: Callable[[Take], None],
        forget: Callable[[Take], None],
        complain: Complain,
    ) -> None:
        """Prepare.

        Args:
            apparatus: what they are made with.
            watch: says what is missing in a take.
            hold: called with a take that is open from now on.
            forget: called with one that is none any more.
            complain: takes what goes wrong while something is undone.
        """
        self._pump, self._cameras = apparatus.pump, apparatus.cameras
        self._devices, self._player = apparatus.devices, apparatus.player
        self._reporter, self._node_run = apparatus.reporter, apparatus.node_run
        self._watch, self._hold, self._forget, self._complain = watch, hold, forget, complain
        self._numbers = itertools.count(1)
        self._awake = contextlib.ExitStack()

    def folder(
        self, data_dir: Path, labels: Labels, notes: str, run: int | None = None
    ) -> SessionFolder:
        """Make the folder of a session; see `SessionFolder`."""
        return SessionFolder(self._devices.rig, data_dir, labels, notes, run, self._node_run)

    def require_space(self, folder: Path) -> None:
        """See that the disk has room for the first seconds.

        Raises:
            RecordingError: it has not.
        """
        rates = [s.found for s in self._pump.streams]
        per_s = sum(f.rate_hz * (9 + f.sample_bytes) for f in rates)
        per_s += self._cameras.bytes_per_s(self._pump.is_chosen)
        require_space(folder, RESERVE_BYTES + RESERVE_S * per_s, RESERVE_S)

    def require_nodes(self) -> None:
        """See that all nodes can record: it is begun on all of them or on none.

        Raises:
            ControlError: one cannot; the message says of each device why.
        """
        links = self._devices.processes.values()
        chosen = [link for link in links if link.snapshot.may_give(self._pump.is_chosen)]
        if reasons := unready(chosen):
            raise ControlError(_not_begun(reasons))

    def start(
        self,
        folder: SessionFolder | None,
        xdf: Path,
        early_s: float = 0.0,
        *,
        all_of_nodes: bool = False,
    ) -> Take:
        """Make a take and start it; whatever goes wrong leaves the engine as it was.

        Raises:
            ControlError: a node cannot record it, and `all_of_nodes` are wanted.
            RecordingError: its files cannot be made.
        """
        take = None
        try:
            self._wait_for_rows()
            take = self.make(folder, xdf, continues=False)
            self._reporter.begin(take)
            failed = self.arm(take, ARM_S)
            if failed and all_of_nodes:
                raise ControlError(_not_begun(failed))
            self._awake.enter_context(kept_awake())
            self._set_interval(take, Interval(local_clock() + BARRIER_S - early_s))
            self._cameras.start(take)
            self.note(take)
        except BaseException as error:
            self.abandon(take, folder)
            if isinstance(error, OSError):
                where = folder.folder if folder is not None else xdf
                raise RecordingError(
                    f"{where}: cannot be begun: {error}; see that the folder is there and can be "
                    "written"
                ) from error
            raise
        _sleep_until(take.interval.start)
        return take

    def _wait_for_rows(self) -> None:
        """Wait for the index streams of cameras that have just been opened.

        What they store before anybody listens would have no time.
        """
        snapshots = [link.snapshot for link in self._devices.processes.values()]
        uids = {
            s.opened.uids[spec.name]
            for s in snapshots
            if s.opened is not None and s.runs and s.node is None
            for spec in s.media
            if self._pump.is_chosen(spec.name)
        }
        self._pump.wait_connected(uids, ROWS_S)

    def hold_codecs_against(self, data_dir: Path) -> None:
        """Warn of codecs that the benchmark of this computer and data folder found too slow."""
        codecs = {table.name: table.video.codec for table in self._devices.rig.devices}
        cameras = [
            (video, codecs[device.name])
            for device in self._devices.processes.values()
            for video in device.snapshot.videos
            if device.snapshot.node is None
        ]
        for name, level, text in held_against(data_dir, cameras):
            self._reporter.report(name, level, "codec-slow", f"{name}: {text}")

    def let_sleep(self) -> None:
        """Let the computer sleep again: no take is open."""
        self._awake.close()

    def make(self, folder: SessionFolder | None, xdf: Path, *, continues: bool) -> Take:
        """Make a take that nothing is recorded into yet.

        Raises:
            RecordingError: its file cannot be made.
        """
        gated = {table.name for table in self._devices.rig.devices if table.video.gate is not None}
        take = Take(
            next(self._numbers),
            XdfRecorder(XdfFile(xdf, RESERVE_BYTES)),
            TakeVideos(folder.folder if folder is not None else None),
            DiskWatch(local_clock(), free_bytes(xdf.parent)),
            folder,
            self._pump.selection,
            continues=continues,
            gated=frozenset(gated),
        )
        self._hold(take)
        return take

    def arm(self, take: Take, within_s: float) -> list[str]:
        """Have all its files opened: it then wants nothing but its start.

        Gives what went wrong on nodes.
        """
        failed = []
        if take.folder is not None:
            failed = self._cameras.arm(take, within_s)
            self._player.write_protocol(take.folder.folder)
        self._pump.open(take)
        return failed

    def _set_interval(self, take: Take, interval: Interval) -> None:
        with self._pump.held():
            take.interval = interval

    def note(self, take: Take) -> None:
        """Write into the manifest what is recorded from now on."""
        if take.folder is None:
            return
        absent = self._watch.absent(take)
        self._watch.tell_of_beginning(take)
        streams = [s.entry() for s in take.xdf.streams.values()]
        lsl_start = take.interval.start
        videos = take.videos.entries(lsl_start)
        take.folder.started(
            lsl_start, streams, videos, absent, self._devices.simulated, take.videos.pending()
        )

    def abandon(self, take: Take | None, folder: SessionFolder | None) -> None:
        """Undo what was begun of a take; each step on its own, and what fails is reported."""
        complain = self._complain
        if take is not None:
            self._set_interval(take, Interval(math.inf, -math.inf))
            self._pump.drop(take)
            guarded("videos", lambda: self._cameras.stop(take), complain)
            guarded("recording.xdf", take.xdf.finish, complain)
            take.xdf.file.release()
            self._forget(take)
        if folder is not None:
            guarded("session.json", lambda: folder.change(state=State.FAILED), complain)


def _not_begun(reasons: Iterable[str]) -> str:
    return (
        f"cannot start: {'; '.join(reasons)}; see the nodes and their cables, or record without "
        "them (--allow-missing)"
    )


def _sleep_until(lsl_time: float) -> None:
    if (left := lsl_time - local_clock()) > 0:
        time.sleep(left)
