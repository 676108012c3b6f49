"""The engine: devices, streams and recordings of one rig. `record`, `demo` and the daemon use it.

Life: `open` (slow), `start` and `stop` as often as wanted (fast), `close` always. Each recording is
a `Take`; the engine holds those that are not closed, oldest first, and the last one may run.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self

from acquire.engine.cameras import ARM_FOR_SPLIT_S, ARM_S, Cameras
from acquire.engine.clock_watch import ClockWatch, slept_s
from acquire.engine.markers import Markers
from acquire.engine.readiness import Readiness
from acquire.engine.reporter import Reporter
from acquire.engine.sleep_inhibitor import kept_awake
from acquire.engine.status import Phase, Status, stream_status
from acquire.errors import ControlError, Unknown
from acquire.lsl.clock import local_clock
from acquire.lsl.config import configure
from acquire.player.link import NAME as PLAYER
from acquire.player.link import PlayerLink
from acquire.processes.messages import HostEvent, Interval
from acquire.processes.rig_devices import RigDevices
from acquire.pump.discovery import Discovery, Selection
from acquire.pump.live_stream import DEVICE
from acquire.pump.pump import Pump
from acquire.rig.file import Rig
from acquire.survey.codec_speed import held_against
from acquire.take.closing import conclude, guarded
from acquire.take.disk import DiskAlarm, DiskWatch, Forecast, gone, require_space
from acquire.take.folder import Labels, SessionFolder
from acquire.take.hashing import Hashing
from acquire.take.take import GATED_DRAIN_S, SPLIT_DRAIN_S, STOP_DRAIN_S, Outcome, Take
from acquire.take.videos import TakeVideos
from acquire.take.xdf_recorder import RESERVE_BYTES, XdfRecorder
from recordings.errors import DiskFull, RecordingError
from recordings.layout import free_bytes
from recordings.manifest import Event, Level, State
from recordings.xdf.file import XdfFile

BARRIER_S = 0.05
"""From the order to start until the start: the time that the order needs to every camera."""
STOP_AHEAD_S = 0.01
SHORTEST_S = 1.0
"""How long a take lasts, at least, before it is split."""
MAX_CLOSING = 3
"""Takes that may be open at once, one that runs among them: a fourth is refused."""
CONNECTED_S = 10.0
"""How long a camera that came back waits, at most, for its index stream to be connected."""
RESERVE_S = 10.0


class Engine:
    """One rig, its streams, and the recording that is being made of them."""

    def __init__(
        self,
        rig: Rig,
        selection: Selection,
        lsl_config: str | None,
        *,
        on_event: Callable[[Event], None] | None = None,
        on_failure: Callable[[], None] | None = None,
        publish_events: bool = True,
        publish_markers: bool = False,
    ) -> None:
        """Prepare; nothing is started yet.

        Args:
            rig: the rig file, or `rig.EMPTY`.
            selection: which streams to record beside the rig's own.
            lsl_config: the text for liblsl, also for the device processes; None = its own search.
            on_event: hears every event, from any thread.
            on_failure: called once the recording cannot go on, from any thread.
            publish_events: whether `unisono-events` is on the network.
            publish_markers: whether `markers` is, so that `mark` works.
        """
        self.rig = rig
        self._selection = selection
        self._lsl_config = lsl_config
        self._takes: list[Take] = []  # not closed yet, oldest first; replaced whole
        self._numbers = itertools.count(1)
        self._reporter = Reporter(on_event or (lambda event: None), lambda: self._takes)
        self._on_failure = on_failure or (lambda: None)
        self._publish_events = publish_events
        self._publish_markers = publish_markers
        self._markers: Markers | None = None
        self._opening = False
        self._pump = Pump(self.report, self._failed, self._each_second)
        self._discovery: Discovery | None = None
        self.devices = RigDevices(
            rig, lsl_config, self._hear, self._pump.note_loss, self._came_up, self._goes_down
        )
        self.player = PlayerLink(
            lsl_config, self.report, self._connect, self._light_port, self._folders_at
        )
        self._cameras = Cameras(self.devices.processes, self._complain_of_video)
        self._hashing = Hashing(lambda: self.running is not None, self._complain_of_hash)
        self._closings: list[threading.Thread] = []
        self._awake = contextlib.ExitStack()
        # Takes are added by whoever starts or splits, and taken out by the threads that close.
        self._lock = threading.Lock()
        self._clocks = ClockWatch()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # What is going on.

    @property
    def running(self) -> Take | None:
        """The take that is recorded now."""
        return next((take for take in reversed(self._takes) if take.interval.runs), None)

    @property
    def phase(self) -> Phase:
        """What is going on."""
        if self._opening:
            return Phase.OPENING
        if self.running is not None:
            return Phase.RECORDING
        return Phase.FINISHING if self._takes else Phase.IDLE

    @property
    def status(self) -> Status:
        """A snapshot."""
        newest = self.running or next(reversed(self._takes), None)
        start = newest.interval.start if newest is not None else math.inf
        return Status(
            self.phase,
            tuple(device.snapshot for device in self.devices.processes.values()),
            tuple(stream_status(s, self._pump.is_selected(s)) for s in self._pump.streams),
            newest.path if newest is not None else None,
            start if start < math.inf else None,
            tuple(self._discovery.missing()) if self._discovery is not None else (),
        )

    def report(
        self, source: str, level: Level, code: str, text: str, take: int | None = None
    ) -> None:
        """Tell everybody what happened: log, manifest, `unisono-events`, listener."""
        self._reporter.report(source, level, code, text, take)

    @property
    def forecast(self) -> Forecast | None:
        """How long the disk will last; None while nothing is recorded."""
        running = self.running
        return running.disk.forecast if running is not None else None

    @property
    def selection(self) -> frozenset[str] | None:
        """The names of the streams that the next recording gets; None = all."""
        return self._pump.selection

    def select(self, names: Iterable[str] | None) -> None:
        """Choose the streams of the next recording by name; None = all.

        The engine's own streams are always recorded; a camera is stored with its index stream.

        Raises:
            Unknown: there is no stream of such a name.
        """
        if names is None:
            self._pump.selection = None
            return
        wanted = frozenset(names)
        known = {stream.name for stream in self._pump.streams}
        if unknown := wanted - known:
            raise Unknown(
                f"no stream {', '.join(map(repr, sorted(unknown)))}; "
                f"there are: {', '.join(sorted(known)) or 'none'}"
            )
        self._pump.selection = wanted

    def mark(self, text: str, code: int | None = None, time: float | None = None) -> float:
        """Publish a marker, now or as of an LSL time; gives its stamp.

        Raises:
            ControlError: there is no marker stream, or the time makes no sense.
        """
        if self._markers is None:
            raise ControlError("no marker can be set: the engine is not open")
        return self._markers.push(text, code, time)

    # Opening.

    def open(
        self,
        wait_s: float = 10.0,
        *,
        allow_missing: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """Start the devices and connect to all streams.

        Raises:
            ControlError: something is missing after `wait_s`; the message lists what was found.
            ConfigError: LSL does not understand a predicate.
        """
        self._opening = True
        try:
            self._open(wait_s, allow_missing, cancelled)
        finally:
            self._opening = False

    def _open(self, wait_s: float, allow_missing: bool, cancelled: Callable[[], bool]) -> None:
        configure(self._lsl_config)
        if self._publish_events:
            self._reporter.open()
        if self._publish_markers:
            self._markers = Markers()
        self._discovery = Discovery(self._selection, self._own_streams, self._pump, self.report)
        self.devices.start_all()
        self._pump.start()
        self._discovery.start()
        readiness = Readiness(self.devices.processes, self._discovery, self._pump)
        readiness.wait(wait_s, allow_missing=allow_missing, cancelled=cancelled)

    def _own_streams(self) -> dict[str, str]:
        own: dict[str, str] = {}
        for device in self.devices.processes.values():
            snapshot = device.snapshot
            if snapshot.opened is not None:
                own |= dict.fromkeys(snapshot.opened.uids.values(), snapshot.name)
        for uid in (self._reporter.uid, self._markers.uid if self._markers else None):
            if uid is not None:
                own[uid] = DEVICE
        return own | self.player.uids

    def _hear(self, device: str, event: HostEvent) -> None:
        self.report(device, event.level, event.code, event.text, event.take)
        running = self.running
        if event.code == "disk-full" and running is not None and event.take == running.number:
            self._on_failure()

    def _came_up(self, device: str) -> None:
        """A device runs again: its cameras are stored again, once the rows of frames arrive."""
        opened = self.devices[device].snapshot.opened
        takes = [take for take in self._takes if take.is_open and take.folder is not None]
        if opened is None or not takes:
            return
        self._pump.wait_connected(set(opened.uids.values()), CONNECTED_S)
        for take in takes:
            self._cameras.start_again(device, take, local_clock() + BARRIER_S)

    def _connect(self, uids: set[str]) -> None:
        """Wait until streams that have come while the engine is open are connected."""
        if self._discovery is not None:
            self._pump.wait_connected(uids, CONNECTED_S)

    def _light_port(self) -> int | None:
        """Where the rig's simulated photodiode hears of flashes."""
        tables = (d for d in self.rig.devices if d.driver == "simulated-photodiode")
        return next((int(d.settings["port"]) for d in tables), None)

    def _goes_down(self, device: str) -> None:
        """A device is about to be stopped: its video is closed first."""
        if (take := self.running) is not None:
            self._cameras.retire(device, take, local_clock() + STOP_AHEAD_S)

    def change_device(self, name: str, settings: dict[str, Any]) -> None:
        """Give a device other settings, and start it with them.

        Raises:
            Unknown: there is none of that name.
            ConfigError: the settings are not allowed.
            ControlError: a recording is running, or the device does not start.
        """
        if self._opening or self._takes:
            raise ControlError(f"{name}: cannot be changed: the engine is {self.phase}")
        self.devices.change(name, settings)
        self.rig = self.devices.rig
        self._pump.forget(name)
        text = f"{name}: {json.dumps(settings)}"
        self.report(name, "info", "settings-changed", text)

    # Recording.

    def start(
        self, data_dir: Path, labels: Labels, notes: str = "", run: int | None = None
    ) -> float:
        """Begin a session; gives the LSL time of the first sample that is kept.

        Raises:
            ControlError: a recording is running.
            RecordingError: the folder cannot be made, `run` exists already, or the disk has not
                enough space.
        """
        self._must_be_able_to_begin()
        self._check_space(data_dir)
        folder = SessionFolder(self.rig, data_dir, labels, notes, run)
        take = self._begin(folder, folder.xdf)
        name = folder.folder.name
        self.report("engine", "info", "recording-start", f"recording {name}", take.number)
        self._hold_codecs_against(data_dir)
        return take.interval.start

    def start_file(self, path: Path) -> float:
        """Begin a bare XDF file; gives the LSL time of the first sample that is kept.

        Raises:
            ControlError: a recording is running.
            RecordingError: the file exists, or cannot be made.
        """
        self._must_be_able_to_begin()
        self._check_space(path.parent)
        return self._begin(None, path).interval.start

    def _must_be_able_to_begin(self) -> None:
        if self._opening or any(take.is_open for take in self._takes):
            raise ControlError(f"cannot start: the engine is {self.phase}")
        self._refuse_a_fourth()

    def _refuse_a_fourth(self) -> None:
        if len(self._takes) >= MAX_CLOSING:
            raise ControlError(
                f"{len(self._takes)} recordings are open, {MAX_CLOSING} at most; wait until the "
                "first of them is closed"
            )

    def _begin(self, folder: SessionFolder | None, xdf: Path) -> Take:
        """Make a take and start it; whatever goes wrong leaves the engine as it was."""
        take = None
        try:
            take = self._arm(folder, xdf)
            self._awake.enter_context(kept_awake())
            self._set_interval(take, Interval(local_clock() + BARRIER_S))
            self._cameras.start(take)
            self._note_start(take)
        except BaseException as error:
            self._abandon(take, folder)
            if isinstance(error, OSError):
                where = folder.folder if folder is not None else xdf
                raise RecordingError(
                    f"{where}: cannot be begun: {error}; see that the folder is there and can be "
                    "written"
                ) from error
            raise
        _sleep_until(take.interval.start)
        return take

    def _arm(
        self,
        folder: SessionFolder | None,
        xdf: Path,
        *,
        after: Take | None = None,
        within_s: float = ARM_S,
    ) -> Take:
        """Make a take, with all its files, that wants nothing but its start."""
        gated = {table.name for table in self.rig.devices if table.video.gate is not None}
        take = Take(
            next(self._numbers),
            XdfRecorder(XdfFile(xdf, RESERVE_BYTES)),
            TakeVideos(folder.folder if folder is not None else None),
            DiskWatch(local_clock(), free_bytes(xdf.parent)),
            folder,
            self._pump.selection,
            continues=after is not None,
            gated=frozenset(gated),
        )
        with self._lock:
            self._takes = [*self._takes, take]
        if after is None:
            self._reporter.begin(take)
        if folder is not None:
            self._cameras.arm(take, within_s)
            self.player.write_protocol(folder.folder)
        self._pump.open(take)
        return take

    def _set_interval(self, take: Take, interval: Interval) -> None:
        with self._pump.lock:
            take.interval = interval

    def _note_start(self, take: Take) -> None:
        if take.folder is not None:
            streams = [s.entry() for s in take.xdf.streams.values()]
            lsl_start = take.interval.start
            videos = take.videos.entries(lsl_start)
            take.folder.started(lsl_start, streams, videos, self.devices.simulated)

    def _abandon(self, take: Take | None, folder: SessionFolder | None) -> None:
        """Undo what was begun of a take; each step on its own, and what fails is reported."""

        def complain(code: str, text: str) -> None:
            self.report("engine", "error", code, text)

        if take is not None:
            self._set_interval(take, Interval(math.inf, -math.inf))
            with self._pump.lock:
                self._pump.drop(take)
            guarded("videos", lambda: self._cameras.stop(take), complain)
            guarded("recording.xdf", take.xdf.finish, complain)
            self._forget(take)
        if folder is not None:
            guarded("session.json", lambda: folder.change(state=State.FAILED), complain)

    def _forget(self, take: Take) -> None:
        with self._lock:
            self._takes = [other for other in self._takes if other is not take]
            if not any(other.is_open for other in self._takes):
                self._awake.close()

    def _hold_codecs_against(self, data_dir: Path) -> None:
        """Warn of codecs that the benchmark of this data folder found too slow."""
        codecs = {table.name: table.video.codec for table in self.rig.devices}
        cameras = [
            (video, codecs[device.name])
            for device in self.devices.processes.values()
            for video in device.snapshot.videos
        ]
        for name, level, text in held_against(data_dir, cameras):
            self.report(name, level, "codec-slow", f"{name}: {text}")

    def _check_space(self, folder: Path) -> None:
        rates = [s.found for s in self._pump.streams]
        per_s = sum(f.rate_hz * (9 + f.channels * _itemsize(f.dtype)) for f in rates)
        if self._publish_events:
            per_s += self._cameras.bytes_per_s(self._pump.is_chosen)
        require_space(folder, RESERVE_BYTES + RESERVE_S * per_s, RESERVE_S)

    def _complain_of_video(self, take: Take, device: str, text: str) -> None:
        self.report(device, "error", "video-failed", f"{device}: {text}", take.number)

    def _complain_of_hash(self, take: Take, text: str) -> None:
        self.report("engine", "error", "not-hashed", f"{take.path.name}: {text}", take.number)

    def _failed(self, take: Take, error: RecordingError) -> None:
        """A take cannot go on; if it still runs, somebody has to call `stop`."""
        take.failure = error
        self.report("engine", "error", "recording-failed", str(error), take.number)
        if take.is_open:
            self._on_failure()

    def _each_second(self) -> None:
        """Watch the clocks and the disk."""
        for code, text in self._clocks.look(local_clock(), time.time(), slept_s()):
            self.report("engine", "warning", code, text)
        for take in self._takes:
            if take.interval.runs:
                self._watch_disk(take)

    def _watch_disk(self, take: Take) -> None:
        if take.failure is None and (error := gone(take.xdf.file.path)) is not None:
            self._failed(take, error)
        free = free_bytes(take.xdf.file.path.parent)
        written = take.xdf.file.position + take.videos.bytes_written()
        alarm = take.disk.look(local_clock(), free, written)
        if alarm is None:
            return
        text = take.disk.told(alarm, take.path)
        if alarm is DiskAlarm.STOP:
            self._failed(take, DiskFull(text))
        else:
            level: Level = "warning" if alarm is DiskAlarm.LOW else "info"
            self.report("engine", level, alarm.value, text, take.number)

    def stop(self, lsl_stop: float = 0.0) -> Outcome:
        """End the recording now, or at LSL time `lsl_stop` if that is still to come.

        Everything stamped before is in the files, and they are closed; their hashes follow.

        Raises:
            ControlError: no recording is running.
        """
        take = self.running
        if take is None:
            raise ControlError(f"cannot stop: the engine is {self.phase}")
        start = take.interval.start
        lsl_stop = max(lsl_stop, local_clock() + STOP_AHEAD_S, start + STOP_AHEAD_S)
        take.drain_s = GATED_DRAIN_S if take.gated else STOP_DRAIN_S
        self._set_interval(take, Interval(start, lsl_stop))
        self._cameras.stop(take)
        self.report("engine", "info", "recording-stop", "stopping", take.number)
        self._close_in_background(take)
        return take.outcome.result()

    def split(
        self, data_dir: Path, labels: Labels, notes: str = ""
    ) -> tuple[Future[Outcome], float]:
        """End the session that is being recorded and go on in another one, without a gap.

        Gives what will come of the first one, and the LSL time from which on everything is in the
        second. Nobody waits for the first to be closed.

        Raises:
            ControlError: no session is being recorded, or too many are not closed yet.
            RecordingError: the second cannot be begun; the first goes on.
        """
        before = self.running
        if before is None or before.folder is None:
            raise ControlError("cannot split: no session is being recorded")
        self._refuse_a_fourth()
        self._check_space(data_dir)
        folder = SessionFolder(self.rig, data_dir, labels, notes)
        name = folder.folder.name
        after = None
        try:
            after = self._arm(folder, folder.xdf, after=before, within_s=ARM_FOR_SPLIT_S)
            folder.change(continues=before.folder.folder.name)
        except BaseException as error:
            self._abandon(after, folder)
            if isinstance(error, OSError):
                raise RecordingError(f"{folder.folder}: cannot be begun: {error}") from error
            raise
        lsl_split = max(local_clock() + BARRIER_S, before.interval.start + SHORTEST_S)
        before.drain_s = SPLIT_DRAIN_S
        with self._pump.lock:  # both at once: no sample is in none of them
            before.interval = Interval(before.interval.start, math.nextafter(lsl_split, -math.inf))
            after.interval = Interval(lsl_split)
        # The new one is begun first: a frame between the two orders is then in the older one.
        self._cameras.start(after)
        self._cameras.stop(before)
        self.report("engine", "info", "recording-split", f"goes on in {name}", before.number)

        def complain(code: str, text: str) -> None:
            self.report("engine", "error", code, text)

        guarded("session.json", lambda: self._note_start(after), complain)
        first = before.folder
        guarded("session.json", lambda: first.change(continued_in=name), complain)
        self._close_in_background(before)
        return before.outcome, lsl_split

    # Closing.

    def _close_in_background(self, take: Take) -> None:
        thread = threading.Thread(target=self._close_take, args=(take,), name="closing")
        self._closings = [t for t in self._closings if t.is_alive()] + [thread]
        thread.start()

    def _close_take(self, take: Take) -> None:
        """Drain, close and describe a take; each step on its own, and each failure is reported."""

        def complain(code: str, text: str) -> None:
            self.report("engine", "error", code, text, take.number)

        guarded("recording.xdf", lambda: self._pump.let_go(take), complain)
        known: dict[str, str] = {}
        try:
            summaries = self._cameras.collect(take) if take.folder is not None else []
            known = {s.path.name: s.sha256 for s in summaries if s.sha256}
            for stream in take.xdf.streams.values():
                if stream.device == PLAYER:
                    stream.latency_s = self.player.latency_s
            outcome = conclude(take, summaries, self._seeds(), complain)
        except Exception as error:
            text = f"{take.path}: could not be closed in good order: {error!r}"
            complain("not-closed", text)
            outcome = Outcome(take.number, take.path, State.FAILED, (), (), take.alarms, text)
        self._forget(take)
        if take.folder is not None and take.folder.manifest.hashing:
            self._hashing.add(take, known)
        else:
            take.hashed.set()
        take.outcome.set_result(outcome)

    def _seeds(self) -> list[int]:
        opened = [device.snapshot.opened for device in self.devices.processes.values()]
        return [o.seed for o in opened if o is not None and o.seed is not None]

    def _folders_at(self, time: float | None) -> list[Path]:
        """Give the folder of the take that a time belongs to; None = of all that are open."""
        takes = [take for take in self._takes if take.folder is not None]
        if time is None:
            takes = [take for take in takes if take.is_open]
        else:
            begun = [take for take in takes if take.interval.start <= time]
            takes = begun[-1:] or takes[:1]
        return [take.folder.folder for take in takes if take.folder is not None]

    # The end.

    def close(self, *, leave_hashes: bool = False) -> None:
        """Stop all; inlets go before outlets, or liblsl may hang.

        Waits for the hashes of what was recorded, unless they are left to the next daemon's start.
        """
        self.devices.keep_down()
        with contextlib.suppress(ControlError):  # nothing runs
            self.stop()
        for thread in self._closings:
            thread.join()

        def complain(code: str, text: str) -> None:
            self.report("engine", "error", code, text)

        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("hashes", lambda: self._hashing.close(leave=leave_hashes)),
            ("discovery", lambda: self._discovery.close() if self._discovery else None),
            ("pump", self._pump.close),
            ("player", self.player.close),
            ("devices", self.devices.close),
            ("markers", lambda: self._markers.close() if self._markers else None),
        )
        for what, step in steps:
            guarded(what, step, complain)
        self._markers = None
        self._reporter.close()


def _sleep_until(lsl_time: float) -> None:
    if (left := lsl_time - local_clock()) > 0:
        time.sleep(left)


def _itemsize(dtype: str) -> int:
    sizes = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "int16": 2, "int8": 1}
    return sizes.get(dtype, 64)
