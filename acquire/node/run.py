"""One engine's run on a node: its devices, what they are asked for, and the takes that they store.

An order is carried out once, in the order in which it came, by a thread of its device. What comes
of it goes into the log, from which the engine fetches it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from acquire.errors import AcquireError, ControlError, Unknown
from acquire.lsl.clock import local_clock
from acquire.lsl.config import BUFFER_S
from acquire.node.hosted_device import CLOSE_S, HostedDevice, HostedLink
from acquire.node.message_log import Heard, MessageLog
from acquire.node.models import (
    DeviceRequest,
    NodeDevice,
    RecordingState,
    RunOrder,
)
from acquire.node.store import Kept, Store
from acquire.node.wire import Message, WireError, dump
from acquire.processes.messages import (
    Answer,
    ArmVideo,
    Close,
    HostEvent,
    HostStatus,
    Open,
    StopVideo,
    VideoSummary,
)
from acquire.rig.file import DeviceTable
from recordings.errors import RecordingError
from recordings.manifest import Level

STOP_S: Final = 20.0
"""How long a video file may take to be closed."""


@dataclass
class NodeTake:
    """One take that is being stored here. The run's lock guards it."""

    kept: Kept
    writing: set[str] = field(default_factory=set)  # devices that were armed and have not closed
    stops: dict[str, Future[Any]] = field(default_factory=dict)  # by device: what came of its stop


class Run:
    """The devices of one engine's run.

    Args:
        run_id: the engine's name for it.
        order: which devices, and for whom.
        tables: the devices, checked.
        lsl_config: what liblsl is told, checked.
        store: where the files go.
        closed: called when a take's files are closed; from any thread.
        buffer_s: what the outlets keep for an engine that is cut off.
    """

    def __init__(
        self,
        run_id: str,
        order: RunOrder,
        tables: tuple[DeviceTable, ...],
        lsl_config: str | None,
        store: Store,
        closed: Callable[[], None],
        buffer_s: int = BUFFER_S,
    ) -> None:
        self.run_id, self.order = run_id, order
        self.log = MessageLog()
        self._lsl_config = lsl_config
        self._store = store
        self._closed = closed
        self._buffer_s = buffer_s
        # Guards the takes; the devices' threads and whoever stops them change those.
        self._lock = threading.Lock()
        self._takes: dict[int, NodeTake] = {}
        self._heard = time.monotonic()
        self._devices = {
            table.name: HostedDevice(
                HostedLink(table, self._hear, self._keep, self._keep), self._carry_out
            )
            for table in tables
        }

    # What is known.

    @property
    def is_recording(self) -> bool:
        """Whether a device writes files."""
        return any(take.writing for take in list(self._takes.values()))

    @property
    def recording(self) -> list[Kept]:
        """The takes whose files are open."""
        return [take.kept for take in list(self._takes.values()) if take.writing]

    @property
    def is_stopping(self) -> bool:
        """Whether all that write were told to stop."""
        return all(take.writing <= take.stops.keys() for take in list(self._takes.values()))

    @property
    def unheard_s(self) -> float:
        """For how long the engine has not been heard."""
        return time.monotonic() - self._heard

    def heard(self) -> None:
        """Note that the engine asked something."""
        self._heard = time.monotonic()

    def devices(self) -> tuple[NodeDevice, ...]:
        """Describe the devices."""
        snapshots = (device.link.snapshot for device in self._devices.values())
        return tuple(
            NodeDevice(name=s.name, driver=s.driver, state=s.state, error=s.error)
            for s in snapshots
        )

    def statuses(self) -> dict[str, HostStatus]:
        """Give the newest status of each device that has told one."""
        hosts = {name: device.link.snapshot.host for name, device in self._devices.items()}
        return {
            name: host
            for name, host in hosts.items()
            if host is not None and _refusal(host) is None
        }

    # What the engine asks for.

    def take_requests(self, requests: tuple[DeviceRequest, ...]) -> None:
        """Have requests carried out, in their order; those that were before are let be.

        Raises:
            Unknown: one is for a device that is not of this run; none is carried out then.
            ControlError: too many wait for a device.
        """
        for request in requests:
            if request.device not in self._devices:
                raise Unknown(f"no device {request.device!r} in run {self.run_id} of this node")
        for request in requests:
            self._devices[request.device].order(request)

    def _carry_out(self, device: HostedDevice, request: DeviceRequest) -> None:
        answer = partial(self._answer, device.name, request.number)
        try:
            match request.body:
                case Open() as order:
                    self._open(device, order)
                    answer(None)
                case Close():
                    device.link.close(CLOSE_S)
                    self._left(device.name)
                    answer(None)
                case ArmVideo() as arm:
                    self._arm(device, arm, answer)
                case StopVideo(take, lsl_stop):
                    self._stop(device, take, lsl_stop).add_done_callback(partial(_tell, answer))
                case body:
                    device.link.ask(body).add_done_callback(partial(_tell, answer))
        except (AcquireError, RecordingError, OSError) as error:
            answer(error=str(error))
        except Exception as error:  # the engine must be answered, whatever was not foreseen
            answer(error=f"{type(error).__name__}: {error}; please report this")

    def _answer(
        self, device: str, number: int, value: Any = None, *, error: str | None = None
    ) -> None:
        answer = Answer(number, value, error)
        if refusal := _refusal(answer):
            answer = Answer(number, error=f"{device}: its answer cannot be sent: {refusal}")
        self.log.add(device, answer)

    def _open(self, device: HostedDevice, order: Open) -> None:
        if order.settings.get("name") != device.name:
            raise WireError(f"{device.name}: its settings are for another device")
        order = replace(order, lsl_config=self._lsl_config, buffer_s=self._buffer_s)
        device.start(order, self._store.data_dir)
        self._left(device.name)  # what it was writing was finished by the process before

    def _arm(self, device: HostedDevice, order: ArmVideo, answer: Callable[..., None]) -> None:
        stems = {stream: path.name for stream, path in order.paths.items()}
        paths = [*order.paths.values(), *([order.copy] if order.copy is not None else ())]
        session = paths[0].parent.name  # the wire has seen that it is the same for all
        kept, arm = self._store.armed(self.run_id, session, order.take, device.name, stems)
        with self._lock:
            take = self._takes.setdefault(order.take, NodeTake(kept))
            take.stops.pop(device.name, None)
            take.writing.add(device.name)
        local = replace(
            order,
            paths={stream: kept.folder / stem for stream, stem in arm.stems.items()},
            copy=kept.folder / arm.copy_name,
        )
        done = device.link.ask(local)
        done.add_done_callback(partial(self._armed, device.name, take, answer))

    def _armed(
        self, device: str, take: NodeTake, answer: Callable[..., None], done: Future[Any]
    ) -> None:
        if done.exception() is not None:
            self._no_longer_writes(device, take, RecordingState.LEFT)
        _tell(answer, done)

    def _stop(self, device: HostedDevice, number: int, lsl_stop: float) -> Future[Any]:
        """End a take on one device; once only, whoever asks first."""
        with self._lock:
            take = self._takes.get(number)
            if take is None:
                raise ControlError(f"{device.name}: no take {number} on this node")
            known = take.stops.get(device.name)
            stopped = known if known is not None else Future()
            take.stops[device.name] = stopped
        if known is None:
            done = device.link.ask(StopVideo(number, lsl_stop))
            done.add_done_callback(partial(self._stopped, device.name, take, stopped))
        return stopped

    def _stopped(
        self, device: str, take: NodeTake, stopped: Future[Any], done: Future[Any]
    ) -> None:
        failed = done.exception() is not None
        state = RecordingState.LEFT if failed else RecordingState.CLOSED
        self._no_longer_writes(device, take, state)
        _pass_on(done, stopped)

    def _no_longer_writes(self, device: str, take: NodeTake, state: RecordingState) -> None:
        with self._lock:
            take.writing.discard(device)
            ended = not take.writing
            unclosed = take.kept.record.unclosed or state is RecordingState.LEFT
        try:
            if ended:
                take.kept.change(state=state, unclosed=unclosed, is_cut=False)
            elif unclosed:
                take.kept.change(unclosed=True)
        except OSError as error:  # what is on the disk is found at the next start
            self.say("warning", "node-disk", f"{take.kept.id}: {error}", device)
        if ended:
            self._closed()

    # What the devices say.

    def _hear(self, device: str, event: HostEvent) -> None:
        self._keep(device, event)
        if event.code == "device-died":
            self._left(device)

    def _keep(self, device: str, message: Heard) -> None:
        """Keep a message for the engine; one that cannot be sent must not hold up the others."""
        if refusal := _refusal(message):
            text = f"{device}: something it said cannot be sent: {refusal}"
            message = HostEvent(local_clock(), "warning", "not-sent", text)
        self.log.add(device, message)

    def _left(self, device: str) -> None:
        """Its process is gone, and closes no file any more."""
        for take in list(self._takes.values()):
            if device in take.writing and device not in take.stops:
                self._no_longer_writes(device, take, RecordingState.LEFT)

    def say(self, level: Level, code: str, text: str, device: str | None = None) -> None:
        """Tell the engine something about the node, as coming from one of the devices or from all
        that write.
        """
        writing = {name for take in list(self._takes.values()) for name in take.writing}
        for name in [device] if device is not None else sorted(writing or self._devices)[:1]:
            self.log.add(name, HostEvent(local_clock(), level, code, text))

    # The end.

    def stop_takes(self) -> None:
        """End every take now, and wait until its files are closed."""
        now = local_clock()
        asked = [
            self._stop(self._devices[name], number, now)
            for number, take in list(self._takes.items())
            for name in sorted(take.writing)
        ]
        deadline = time.monotonic() + STOP_S
        for done in asked:
            try:
                done.exception(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                return

    def close(self) -> None:
        """End the takes and the devices, all at the same time."""
        self.stop_takes()
        threads = [
            threading.Thread(target=device.close, name=f"device {device.name} closing")
            for device in self._devices.values()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for take in list(self._takes.values()):
            for device in sorted(take.writing):
                self._no_longer_writes(device, take, RecordingState.LEFT)
        self.log.close()


def _tell(answer: Callable[..., None], done: Future[Any]) -> None:
    """Answer with what came of an order; paths lose their folders."""
    error = done.exception()
    if error is not None:
        answer(error=str(error))
    else:
        answer(_without_folders(done.result()))


def _without_folders(value: Any) -> Any:
    match value:
        case dict() if value and all(isinstance(path, Path) for path in value.values()):
            return {stream: Path(path.name) for stream, path in value.items()}
        case list() if value and all(isinstance(one, VideoSummary) for one in value):
            return [
                replace(one, path=Path(one.path.name), late_p99_ms=_finite(one.late_p99_ms))
                for one in value
            ]
    return value


def _refusal(message: Message) -> str | None:
    """Say why a message cannot be sent; None where it can."""
    try:
        dump(message)
    except WireError as error:
        return str(error)
    return None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _pass_on(done: Future[Any], to: Future[Any]) -> None:
    error = done.exception()
    if error is not None:
        to.set_exception(error)
    else:
        to.set_result(done.result())
