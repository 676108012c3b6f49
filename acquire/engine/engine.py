"""The engine: devices, streams and recordings of one rig. `record`, `demo` and the daemon use it.

Life: `open` (slow), `start` and `stop` as often as wanted (fast), `close` always. Each recording is
a `Take`; the engine holds those that are not closed, oldest first, and the last one may run.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Self

from acquire.engine.apparatus import Apparatus
from acquire.engine.cameras import Cameras
from acquire.engine.clock_watch import ClockWatch, slept_s
from acquire.engine.reporter import Reporter
from acquire.engine.status import Phase, Status
from acquire.engine.streams import Streams
from acquire.engine.takes import Takes
from acquire.errors import ControlError
from acquire.lsl.clock import local_clock
from acquire.lsl.config import configure
from acquire.lsl.origin import origin_of
from acquire.node.engine.nodes import Nodes
from acquire.player.link import PlayerLink
from acquire.processes.messages import HostEvent
from acquire.processes.rig_devices import RigDevices
from acquire.pump.pump import Pump
from acquire.pump.selection import Selection
from acquire.rig.file import Rig
from acquire.take.closing import guarded
from acquire.take.disk import Forecast
from acquire.take.folder import Labels
from acquire.take.routing import SANE_S
from acquire.take.take import Outcome, Take
from recordings.manifest_entries import Event


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
        data_dir: Path | None = None,
    ) -> None:
        """Prepare; nothing is started yet.

        Args:
            rig: the rig file, or `no_rig()`.
            selection: which streams to record beside the rig's own.
            lsl_config: the text for liblsl, also for the device processes; None = its own search.
            on_event: hears every event, from any thread.
            on_failure: called once the recording cannot go on, from any thread.
            publish_events: whether `unisono-events` is on the network.
            publish_markers: whether `markers` is, so that `mark` works.
            data_dir: where sessions go: what a dead engine has left on a node is known by them.
        """
        self.rig = rig
        self._lsl_config = lsl_config
        self._on_failure = on_failure or (lambda: None)
        self._publish_events, self._publish_markers = publish_events, publish_markers
        self._opening = False
        self._clocks = ClockWatch()
        # Each part is handed the ones before it; what it needs of later ones it asks for when it
        # is called, which is not before `open`.
        self._reporter = Reporter(on_event or (lambda event: None), lambda: self.takes.open)
        self.report = self._reporter.report
        self._pump = Pump(
            self.report, lambda take, error: self.takes.failed(take, error), self._each_second
        )
        self._pump.on_nodes = frozenset(table.name for table in rig.devices if table.node)
        self.nodes = Nodes(
            lambda: self.rig,
            lsl_config,
            data_dir,
            self.report,
            self._pump.offset_of,
            self._arm_missing,
        )
        origin = origin_of(rig.table.name, self.nodes.run_id)
        self.devices = RigDevices(
            rig,
            lsl_config,
            origin,
            self._hear,
            self._pump.note_loss,
            lambda device: self.takes.arm_again(device),
            lambda device: self.takes.retire(device),
            self._pump.fetch,
            self.nodes.link,
        )
        self.player = PlayerLink(
            lsl_config,
            origin,
            self.report,
            lambda uids: self.streams.wait_connected(uids),
            self._light_port,
            lambda time: self.takes.folders_at(time),
        )
        self.streams = Streams(
            selection, self._pump, self._reporter, self.devices, self.player, origin
        )
        cameras = Cameras(self.devices.processes, self._complain_of_video, self._arm_missing)
        node_run = self.nodes.run_id if rig.nodes else None
        self.takes = Takes(
            Apparatus(self._pump, cameras, self.devices, self.player, self._reporter, node_run),
            self._on_failure,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    # What is going on.

    @property
    def phase(self) -> Phase:
        """What is going on."""
        if self._opening:
            return Phase.OPENING
        if self.takes.running is not None:
            return Phase.RECORDING
        return Phase.FINISHING if self.takes.open else Phase.IDLE

    @property
    def status(self) -> Status:
        """A snapshot."""
        return Status(
            self.phase,
            tuple(device.snapshot for device in self.devices.processes.values()),
            self.streams.status(self.takes.running),
            self.streams.missing,
        )

    @property
    def forecast(self) -> Forecast | None:
        """How long the disk will last; None while nothing is recorded."""
        running = self.takes.running
        return running.disk.forecast if running is not None else None

    @property
    def is_stuck(self) -> bool:
        """Whether it lives, and receives nothing any more."""
        return self._pump.is_stuck

    # Opening.

    def open(
        self,
        wait_s: float = 10.0,
        *,
        allow_missing: bool = False,
        cancelled: Callable[[], bool] = lambda: False,
        file: Path | None = None,
    ) -> None:
        """Start the devices and connect to all streams.

        Args:
            wait_s: how long to wait for what is missing.
            allow_missing: whether to go on without it.
            cancelled: whether nobody waits any more.
            file: a bare XDF file that is recorded from now on: it gets all of each stream from the
                subscription on. Where the opening fails or is cancelled, it
                is deleted.

        Raises:
            ControlError: something is missing after `wait_s`; the message lists what was found.
            ConfigError: LSL does not understand a predicate.
            RecordingError: the file exists, or cannot be made.
        """
        self._opening = True
        try:
            configure(self._lsl_config)
            self.streams.publish(events=self._publish_events, markers=self._publish_markers)
            if file is not None:  # before any stream is subscribed to
                self.takes.start_file(file, early_s=SANE_S)
            self.nodes.start()
            self.devices.start_all()
            self._pump.start()
            self.streams.connect(wait_s, allow_missing=allow_missing, cancelled=cancelled)
            for name in self.devices.processes:  # what is recorded by then gets them as well
                self.devices.once_open(name, self._arm_missing)
            if cancelled():
                self.takes.discard()
        except BaseException:
            self.takes.discard()
            raise
        finally:
            self._opening = False

    def _hear(self, device: str, event: HostEvent) -> None:
        self.report(device, event.level, event.code, event.text, event.take)
        running = self.takes.running
        if event.code == "disk-full" and running is not None and event.take == running.number:
            self._on_failure()

    def _light_port(self) -> int | None:
        """Where the rig's simulated photodiode hears of flashes."""
        tables = (d for d in self.rig.devices if d.driver == "simulated-photodiode")
        return next((int(d.settings["port"]) for d in tables), None)

    def change_device(self, name: str, settings: dict[str, Any]) -> None:
        """Give a device other settings, and start it with them.

        Raises:
            Unknown: there is none of that name.
            ConfigError: the settings are not allowed.
            ControlError: a recording is running, or the device does not start.
        """
        if self._opening or self.takes.open:
            raise ControlError(f"{name}: cannot be changed: the engine is {self.phase}")
        self.devices.change(name, settings)
        self.rig = self.devices.rig
        self._pump.forget(name)
        text = f"{name}: {json.dumps(settings)}"
        self.report(name, "info", "settings-changed", text)

    # Recording.

    def start(
        self,
        data_dir: Path,
        labels: Labels,
        notes: str = "",
        run: int | None = None,
        *,
        allow_missing: bool = False,
    ) -> float:
        """Begin a session; gives the LSL time of the first sample that is kept.

        `allow_missing`: also without what is on a node that cannot be recorded now.

        Raises:
            ControlError: a recording is running, or a node is not ready; the message says of each
                device on one why.
            RecordingError: the folder cannot be made, `run` exists already, or the disk has not
                enough space.
        """
        if self._opening:
            raise ControlError(f"cannot start: the engine is {self.phase}")
        take = self.takes.start(data_dir, labels, notes, run, allow_missing=allow_missing)
        return take.interval.start

    def stop(self, lsl_stop: float = 0.0) -> Outcome:
        """End the recording now, or at LSL time `lsl_stop` if that is still to come.

        Everything stamped before is in the files, and they are closed; their hashes follow.

        Raises:
            ControlError: no recording is running.
        """
        return self.takes.stop(lsl_stop)

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
        return self.takes.split(data_dir, labels, notes)

    def _each_second(self) -> None:
        """Watch the clocks, the streams and the take that runs."""
        for code, text in self._clocks.look(local_clock(), time.time(), slept_s()):
            self.report("engine", "warning", code, text)
        self.streams.look_again()
        self.takes.watch()

    def _arm_missing(self, device: str) -> None:
        """Have a device that is back, or answers late, stored by the takes that lack it."""
        self.takes.arm_again(device, only_missing=True)

    def _complain_of_video(self, take: Take, device: str, text: str) -> None:
        self.report(device, "error", "video-failed", f"{device}: {text}", take.number)

    # The end.

    def close(self) -> None:
        """Stop all, and wait for the hashes of what was recorded."""
        self.devices.keep_down()

        def complain(code: str, text: str) -> None:
            self.report("engine", "error", code, text)

        # Inlets (the pump's, discovery's) go before outlets, or liblsl may hang.
        steps: tuple[tuple[str, Callable[[], object]], ...] = (
            ("recordings", self.takes.close),
            ("discovery", self.streams.stop_looking),
            ("pump", self._pump.close),
            ("player", self.player.close),
            ("devices", self.devices.close),
            ("nodes", self.nodes.close),
            ("markers", self.streams.withdraw),
        )
        for what, step in steps:
            guarded(what, step, complain)
        self._reporter.close()
