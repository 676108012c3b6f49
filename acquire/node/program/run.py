"""One engine's run on a node: its devices, what they are asked for, and the takes that they store.

An order is carried out once, in the order in which it came, by a thread of its device. What comes
of it goes into the log, from which the engine fetches it.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from acquire.errors import AcquireError, Unknown
from acquire.lsl.clock import local_clock
from acquire.lsl.config import BUFFER_S
from acquire.node.program.hosted_device import CLOSE_S, HostedDevice, HostedLink
from acquire.node.program.message_log import Heard, MessageLog
from acquire.node.program.takes import NodeTakes
from acquire.node.store.store import Store
from acquire.node.wire.limits import WireError
from acquire.node.wire.messages import Body, Message, dump
from acquire.node.wire.models import MAX_TEXT, DeviceRequest, NodeDevice, RunOrder
from acquire.processes.futures import all_at_once
from acquire.processes.messages import (
    Answer,
    ArmVideo,
    Close,
    HostEvent,
    HostStatus,
    Open,
    StartVideo,
    StopVideo,
    VideoSummary,
)
from acquire.processes.restarts import Restarts
from acquire.rig.file import DeviceTable
from recordings.errors import RecordingError
from recordings.manifest_entries import Level

ALONE_S: Final = 3.0
"""An engine that was not heard for so long does not start again what dies."""
OPEN_S: Final = 15.0
ARM_S: Final = 5.0


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
        self._buffer_s = buffer_s
        self._data_dir = store.data_dir
        self.takes = NodeTakes(run_id, store, closed, partial(self.say, "warning", "node-disk"))
        self._restarts = Restarts()
        self._ending = threading.Event()
        self._heard = time.monotonic()
        self._devices = {
            table.name: HostedDevice(
                HostedLink(table, self._hear, self._keep, self._keep), self._carry_out
            )
            for table in tables
        }

    # What is known.

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
            NodeDevice(
                name=s.name,
                driver=s.driver,
                state=s.state,
                error=s.error[:MAX_TEXT] if s.error is not None else None,
            )
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
            self._obey(device, request.body, answer)
        except (AcquireError, RecordingError, OSError) as error:
            answer(error=str(error))
        except Exception as error:  # the engine must be answered, whatever was not foreseen
            answer(error=f"{type(error).__name__}: {error}; please report this")

    def _obey(self, device: HostedDevice, body: Body, answer: Callable[..., None]) -> None:
        revived = device.revived
        match body:
            case Open() as order:
                self._open(device, order)
                answer(None)
            case Close():
                device.link.close(CLOSE_S)
                self.takes.left(device.name)
                answer(None)
            case ArmVideo(take) if take in revived:
                answer(_without_folders(revived[take]))
            case StartVideo(take) if take in revived:
                del revived[take]  # it stores already
                answer(None)
            case ArmVideo() as order:
                self.takes.arm(device, order).add_done_callback(partial(_tell, answer))
            case StopVideo(take, lsl_stop):
                stopped = self.takes.stop(device, take, lsl_stop)
                stopped.add_done_callback(partial(_tell, answer))
            case _:
                device.link.ask(body).add_done_callback(partial(_tell, answer))

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
        if (opened := device.revived_as(order)) is not None:
            self._keep(device.name, opened)  # the engine begins anew, and finds it open
            return
        own = replace(order, lsl_config=self._lsl_config, buffer_s=self._buffer_s)
        device.start(own, order, self._data_dir)
        self.takes.left(device.name)  # what it was writing was finished by the process before

    # What the devices say.

    def _hear(self, device: str, event: HostEvent) -> None:
        self._keep(device, event)
        if event.code == "device-died":
            left = self.takes.left(device)
            if self.unheard_s > ALONE_S:
                self._revive_later(self._devices[device], left)

    def _keep(self, device: str, message: Heard) -> None:
        """Keep a message for the engine; one that cannot be sent must not hold up the others."""
        if refusal := _refusal(message):
            text = f"{device}: something it said cannot be sent: {refusal}"
            message = HostEvent(local_clock(), "warning", "not-sent", text)
        self.log.add(device, message)

    # A device that dies while no engine is heard.

    def _revive_later(self, device: HostedDevice, left: list[ArmVideo]) -> None:
        delay = self._restarts.died(device.name, local_clock())
        if delay is None:
            text = f"{device.name}: its process dies again and again; it is left alone"
            self.say("error", "device-given-up", device.name, text)
            return
        timer = threading.Timer(delay, device.call, (partial(self._revive, device, left),))
        timer.daemon = True
        timer.start()

    def _revive(self, device: HostedDevice, left: list[ArmVideo]) -> None:
        """Start it again, and have it go on with the takes that it has left.

        The engine, once it is back, hears of the death and opens it as ever: it is then found
        open, armed and started.
        """
        name = device.name
        if self._ending.is_set() or device.link.alive:
            return
        try:
            if not device.start_again(self._data_dir) or not device.link.wait_open(OPEN_S):
                return
            for order in left:
                armed = self.takes.arm(device, order).result(ARM_S)
                device.link.ask(StartVideo(order.take, local_clock()))
                device.revived[order.take] = armed
        except Exception as error:  # its thread must go on
            text = f"{name}: {str(error) or type(error).__name__}; start it again"
            self.say("error", "not-revived", name, text)
            return
        text = f"{name}: its process runs again; no engine was heard meanwhile"
        self.say("info", "device-back", name, text)

    def say(self, level: Level, code: str, device: str, text: str) -> None:
        """Tell the engine something, as coming from a device."""
        self.log.add(device, HostEvent(local_clock(), level, code, text))

    def say_of_disk(self, level: Level, code: str, text: str) -> None:
        """Tell the engine something about the node: from the first device that writes, or has."""
        for name in (self.takes.writing or sorted(self._devices))[:1]:
            self.say(level, code, name, text)

    # The end.

    def stop_takes(self, late: Mapping[str, float] = MappingProxyType({})) -> None:
        """End every take now, and wait until its files are closed; `late`: see `NodeTakes`."""
        self.takes.stop_all(self._devices.values(), local_clock(), late)

    def close(self, late: Mapping[str, float] = MappingProxyType({})) -> None:
        """End the takes and the devices, all at the same time; `late`: see `NodeTakes`."""
        self._ending.set()
        self.stop_takes(late)
        all_at_once(device.close for device in self._devices.values())
        self.takes.close()
        self.log.close()  # last: until then the engine hears how all ends


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
