"""The engine: devices, streams and recordings of one rig. `record`, `demo` and the daemon use it.

Life: `open` (slow), `start` and `stop` as often as wanted (fast), `close` always.
"""

from __future__ import annotations

import contextlib
import json
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

from acquire.engine.cameras import Videos, final_entries
from acquire.engine.clock_watch import ClockWatch, slept_s
from acquire.engine.markers import Markers
from acquire.engine.readiness import Readiness
from acquire.engine.reporter import Reporter
from acquire.engine.sleep_inhibitor import kept_awake
from acquire.engine.status import Phase, Status, stream_status
from acquire.errors import ControlError, Unknown
from acquire.lsl.clock import local_clock
from acquire.lsl.config import configure
from acquire.player.link import PlayerLink
from acquire.processes.messages import HostEvent, VideoSummary
from acquire.processes.rig_devices import RigDevices
from acquire.pump.discovery import Discovery, Selection
from acquire.pump.live_stream import DEVICE
from acquire.pump.pump import Pump
from acquire.rig.file import Rig
from acquire.survey.codec_speed import held_against
from acquire.take.closing import conclude
from acquire.take.disk import DiskAlarm, DiskWatch, Forecast, gone, require_space
from acquire.take.folder import Labels, Session
from acquire.take.take import Outcome
from acquire.take.xdf_recorder import RESERVE_BYTES, Recording
from recordings.errors import DiskFull, RecordingError
from recordings.layout import free_bytes
from recordings.manifest import Event, Level, State, VideoEntry
from recordings.xdf.file import XdfFile

BARRIER_S = 0.05
"""From the order to start until the start: the time that the order needs to every camera."""
STOP_AHEAD_S = 0.01
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
        self._reporter = Reporter(on_event or (lambda event: None))
        self._on_failure = on_failure or (lambda: None)
        self._publish_events = publish_events
        self._publish_markers = publish_markers
        self._markers: Markers | None = None
        self._phase = Phase.IDLE
        self._pump = Pump(self.report, self._failed, self._each_second)
        self._discovery: Discovery | None = None
        self.devices = RigDevices(
            rig, lsl_config, self._hear, self._pump.note_loss, self._came_up, self._goes_down
        )
        self.player = PlayerLink(lsl_config, self.report, self._connect, self._light_port)
        self._videos = Videos(self.devices.processes, self._complain_of_video, self._pump.is_chosen)
        self._recording: Recording | None = None
        self._session: Session | None = None
        self._path: Path | None = None
        self._failure: RecordingError | None = None
        self._awake = contextlib.ExitStack()
        self._disk: DiskWatch | None = None
        self._clocks = ClockWatch()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # What is going on.

    @property
    def status(self) -> Status:
        """A snapshot."""
        return Status(
            self._phase,
            tuple(device.snapshot for device in self.devices.processes.values()),
            tuple(stream_status(s, self._pump.is_selected(s)) for s in self._pump.streams),
            self._path,
            self._recording.start if self._recording else None,
            tuple(self._discovery.missing()) if self._discovery is not None else (),
        )

    def report(self, source: str, level: Level, code: str, text: str) -> None:
        """Tell everybody what happened: log, manifest, `unisono-events`, listener."""
        self._reporter.report(source, level, code, text)

    @property
    def forecast(self) -> Forecast | None:
        """How long the disk will last; None while nothing is recorded."""
        disk = self._disk
        return disk.forecast if disk is not None and self._recording is not None else None

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
        self._phase = Phase.OPENING
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
        self._phase = Phase.IDLE

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
        self.report(device, event.level, event.code, event.text)
        if event.code == "disk-full":
            self._on_failure()

    def _came_up(self, device: str) -> None:
        """A device runs again: a camera is stored again, once the rows of its frames arrive."""
        opened = self.devices[device].snapshot.opened
        if opened is not None and self._phase is Phase.RECORDING and self._session is not None:
            self._pump.wait_connected(set(opened.uids.values()), CONNECTED_S)
            self._videos.start_again(device, local_clock() + BARRIER_S)

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
        if self._phase is Phase.RECORDING and self._session is not None:
            self._videos.retire(device, local_clock() + STOP_AHEAD_S)

    def change_device(self, name: str, settings: dict[str, Any]) -> None:
        """Give a device other settings, and start it with them.

        Raises:
            Unknown: there is none of that name.
            ConfigError: the settings are not allowed.
            ControlError: a recording is running, or the device does not start.
        """
        self._must_be_idle()
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
        self._must_be_idle()
        self._check_space(data_dir)
        session = Session(self.rig, data_dir, labels, notes, run)
        self._session = session
        self._reporter.begin(session)
        try:
            lsl_start = self._begin(session.xdf, session.folder)
        except RecordingError as error:
            session.change(state=State.FAILED)
            self._session = None
            self._reporter.end()
            raise error
        assert self._recording is not None
        simulated = self.devices.simulated
        streams = [s.entry() for s in self._recording.streams.values()]
        videos = self._videos.entries(lsl_start)
        session.started(lsl_start, streams, videos, simulated)
        self.player.record_to(session.folder)
        _sleep_until(lsl_start)
        self.report("engine", "info", "recording-start", f"recording {session.folder.name}")
        self._hold_codecs_against(data_dir)
        return lsl_start

    def _hold_codecs_against(self, data_dir: Path) -> None:
        """Warn of codecs that the benchmark of this data folder found too slow."""
        codecs = {table.name: table.video.codec for table in self.rig.devices}
        cameras = [
            (video, codecs[device.snapshot.name])
            for device in self.devices.processes.values()
            for video in device.snapshot.videos
        ]
        for name, level, text in held_against(data_dir, cameras):
            self.report(name, level, "codec-slow", f"{name}: {text}")

    def start_file(self, path: Path) -> float:
        """Begin a bare XDF file; gives the LSL time of the first sample that is kept.

        Raises:
            ControlError: a recording is running.
            RecordingError: the file exists, or cannot be made.
        """
        self._must_be_idle()
        self._check_space(path.parent)
        lsl_start = self._begin(path, None)
        _sleep_until(lsl_start)
        return lsl_start

    def _must_be_idle(self) -> None:
        if self._phase is not Phase.IDLE:
            raise ControlError(f"cannot start: the engine is {self._phase}")

    def _check_space(self, folder: Path) -> None:
        rates = [s.found for s in self._pump.streams]
        per_s = sum(f.rate_hz * (9 + f.channels * _itemsize(f.dtype)) for f in rates)
        if self._publish_events:
            per_s += self._videos.bytes_per_s()
        needed = RESERVE_BYTES + RESERVE_S * per_s
        require_space(folder, needed, RESERVE_S)

    def _begin(self, xdf: Path, folder: Path | None) -> float:
        self._failure = None
        self._path = folder or xdf
        self._disk = DiskWatch(local_clock(), free_bytes(xdf.parent))
        recording = Recording(XdfFile(xdf, RESERVE_BYTES))
        if folder is not None:
            self._videos.arm(folder)
        self._pump.begin(recording)
        lsl_start = local_clock() + BARRIER_S
        self._videos.start(lsl_start)
        self._pump.keep_from(recording, lsl_start)
        self._recording = recording
        self._awake.enter_context(kept_awake())
        self._phase = Phase.RECORDING
        return lsl_start

    def _complain_of_video(self, device: str, text: str) -> None:
        self.report(device, "error", "video-failed", f"{device}: {text}")

    def _failed(self, error: RecordingError) -> None:
        """The recording cannot go on; somebody has to call `stop`."""
        self._failure = error
        self.report("engine", "error", "recording-failed", str(error))
        self._on_failure()

    def _each_second(self) -> None:
        """Watch the clocks and the disk."""
        for code, text in self._clocks.look(local_clock(), time.time(), slept_s()):
            self.report("engine", "warning", code, text)
        recording, session, disk = self._recording, self._session, self._disk
        if recording is None or disk is None:
            return
        if self._failure is None and (error := gone(recording.file.path)) is not None:
            self._failed(error)
        if session is None:
            return
        free = free_bytes(session.folder)
        written = recording.file.position + self._videos.bytes_written()
        alarm = disk.look(local_clock(), free, written)
        if alarm is DiskAlarm.STOP:
            self._failed(DiskFull(disk.told(alarm, session.folder)))
        elif alarm is not None:
            level: Level = "warning" if alarm is DiskAlarm.LOW else "info"
            self.report("engine", level, alarm.value, disk.told(alarm, session.folder))

    def stop(self, lsl_stop: float = 0.0) -> Outcome:
        """End the recording now, or at LSL time `lsl_stop` if that is still to come.

        Everything stamped before is in the files. Each step is guarded on its own, and each
        failure is reported.

        Raises:
            ControlError: no recording is running.
        """
        recording = self._recording
        if self._phase is not Phase.RECORDING or recording is None:
            raise ControlError(f"cannot stop: the engine is {self._phase}")
        self._phase = Phase.FINISHING
        lsl_stop = max(lsl_stop, local_clock() + STOP_AHEAD_S)
        videos = self._videos.entries(recording.start)
        if self._session is not None:
            self._videos.stop(lsl_stop)
        self.report("engine", "info", "recording-stop", "stopping")
        self.player.record_to(None)
        self._pump.finish(lsl_stop)
        summaries = self._videos.collect() if self._session is not None else []
        videos = final_entries(videos, summaries, recording, lsl_stop)
        outcome = self._conclude(recording, self._session, lsl_stop, videos, summaries)
        self._awake.close()
        self._recording = None
        self._path = None
        self._session = None
        self._reporter.end()
        self._phase = Phase.IDLE
        return outcome

    def split(self, data_dir: Path, labels: Labels, notes: str = "") -> tuple[Outcome, float]:
        """End the session that is being recorded and go on in another one, without a gap.

        Gives how the first one ended, and the LSL time from which on everything is in the second.

        Raises:
            ControlError: no session is being recorded.
            RecordingError: the second cannot be begun; the first goes on.
        """
        recording, session = self._recording, self._session
        if self._phase is not Phase.RECORDING or recording is None or session is None:
            raise ControlError("cannot split: no session is being recorded")
        self._check_space(data_dir)
        after = Session(self.rig, data_dir, labels, notes)
        try:
            following = Recording(XdfFile(after.xdf, RESERVE_BYTES))
        except RecordingError:
            after.change(state=State.FAILED)
            raise
        videos, alarms = self._videos.entries(recording.start), self._reporter.alarms
        self.report("engine", "info", "recording-split", f"goes on in {after.folder.name}")
        lsl_split = local_clock() + BARRIER_S
        self._videos.split(after.folder, lsl_split)
        self._session, self._path = after, after.folder
        self._reporter.go_on_in(after)
        self.player.record_to(after.folder)
        self._recording = following
        self._pump.split(following, lsl_split)
        streams = [s.entry() for s in following.streams.values()]
        simulated = session.manifest.simulated
        after.started(lsl_split, streams, self._videos.entries(lsl_split), simulated)
        lsl_stop = math.nextafter(lsl_split, -math.inf)
        summaries = self._videos.collect()
        videos = final_entries(videos, summaries, recording, lsl_stop)
        outcome = self._conclude(recording, session, lsl_stop, videos, summaries)
        return replace(outcome, alarms=alarms), lsl_split

    def _conclude(
        self,
        recording: Recording,
        session: Session | None,
        lsl_stop: float,
        videos: tuple[VideoEntry, ...],
        summaries: list[VideoSummary],
    ) -> Outcome:
        opened = [d.snapshot.opened for d in self.devices.processes.values()]
        seeds = [o.seed for o in opened if o is not None and o.seed is not None]
        self.player.note_latency(recording.streams.values())
        return conclude(
            recording,
            session,
            lsl_stop,
            videos,
            summaries,
            failure=self._failure,
            seeds=seeds,
            reporter=self._reporter,
        )

    # The end.

    def close(self) -> None:
        """Stop all; inlets go before outlets, or liblsl may hang."""
        self.devices.keep_down()
        if self._phase is Phase.RECORDING:
            self.stop()
        if self._discovery is not None:
            self._discovery.close()
        self._pump.close()
        self.player.close()
        self.devices.close()
        self._reporter.close()
        if self._markers is not None:
            self._markers.close()
            self._markers = None


def _sleep_until(lsl_time: float) -> None:
    if (left := lsl_time - local_clock()) > 0:
        time.sleep(left)


def _itemsize(dtype: str) -> int:
    sizes = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "int16": 2, "int8": 1}
    return sizes.get(dtype, 64)
