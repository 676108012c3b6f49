"""The takes that a run stores on this node: who writes them, and what came of their stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from acquire.errors import ControlError
from acquire.node.program.hosted_device import HostedDevice
from acquire.node.store.kept import Kept
from acquire.node.store.store import Store
from acquire.node.wire.models import RecordingState
from acquire.processes.messages import ArmVideo, StopVideo

STOP_S: Final = 20.0
"""How long a video file may take to be closed."""

Complain = Callable[[str, str], None]
"""Takes a device's name, and what is wrong."""


@dataclass
class NodeTake:
    """One take. The lock of `NodeTakes` guards it."""

    kept: Kept
    writing: dict[str, ArmVideo] = field(default_factory=dict)  # by device, until it has closed
    stops: dict[str, Future[Any]] = field(default_factory=dict)  # by device: what came of its stop


class NodeTakes:
    """All takes of one run.

    Args:
        run_id: the run.
        store: where the files go.
        closed: called when a take's files are closed; from any thread.
        complain: hears what is wrong with the disk; from any thread.
    """

    def __init__(
        self, run_id: str, store: Store, closed: Callable[[], None], complain: Complain
    ) -> None:
        self._run_id = run_id
        self._store = store
        self._closed = closed
        self._complain = complain
        # The devices' threads change the takes, and whoever stops them; nobody waits holding it.
        self._lock = threading.Lock()
        self._takes: dict[int, NodeTake] = {}

    def _all(self) -> list[NodeTake]:
        with self._lock:
            return list(self._takes.values())

    @property
    def is_recording(self) -> bool:
        """Whether a device writes files."""
        return any(take.writing for take in self._all())

    @property
    def is_stopping(self) -> bool:
        """Whether all that write were told to stop."""
        return all(take.writing.keys() <= take.stops.keys() for take in self._all())

    @property
    def recording(self) -> list[Kept]:
        """The takes whose files are open."""
        return [take.kept for take in self._all() if take.writing]

    @property
    def writing(self) -> list[str]:
        """The devices that write."""
        return sorted({name for take in self._all() for name in take.writing})

    def arm(self, device: HostedDevice, order: ArmVideo) -> Future[Any]:
        """Have a device begin its files of a take; gives its answer.

        `order` is as it came: its paths are `session/stem`.

        Raises:
            RecordingError, OSError: there is no place for them.
        """
        stems = {stream: path.name for stream, path in order.paths.items()}
        named = [*order.paths.values(), *([order.copy] if order.copy is not None else ())]
        session = named[0].parent.name  # the wire has seen that it is the same for all
        kept, arm = self._store.armed(self._run_id, session, order.take, device.name, stems)
        with self._lock:
            take = self._takes.setdefault(order.take, NodeTake(kept))
            take.stops.pop(device.name, None)
            take.writing[device.name] = order
        paths: dict[str, Path] = {s: kept.folder / stem for s, stem in arm.stems.items()}
        local = replace(order, paths=paths, copy=kept.folder / arm.copy_name)
        done = device.link.ask(local)
        done.add_done_callback(partial(self._armed, device.name, take))
        return done

    def _armed(self, device: str, take: NodeTake, done: Future[Any]) -> None:
        if done.exception() is not None:
            self._no_longer_writes(device, take, RecordingState.LEFT)

    def stop(self, device: HostedDevice, number: int, lsl_stop: float) -> Future[Any]:
        """End a take on one device: once only, whoever asks first. Gives its answer.

        Raises:
            ControlError: there is no such take.
        """
        with self._lock:
            take = self._takes.get(number)
            if take is None:
                raise ControlError(f"{device.name}: no take {number} on this node")
            known = take.stops.get(device.name)
            stopped: Future[Any] = known if known is not None else Future()
            take.stops[device.name] = stopped
        if known is None:
            done = device.link.ask(StopVideo(number, lsl_stop))
            done.add_done_callback(partial(self._stopped, device.name, take, stopped))
        return stopped

    def _stopped(
        self, device: str, take: NodeTake, stopped: Future[Any], done: Future[Any]
    ) -> None:
        error = done.exception()
        state = RecordingState.CLOSED if error is None else RecordingState.LEFT
        self._no_longer_writes(device, take, state)
        if error is not None:
            stopped.set_exception(error)
        else:
            stopped.set_result(done.result())

    def left(self, device: str) -> list[ArmVideo]:
        """Note that a device's process is gone; gives the orders whose takes it has left."""
        orders = []
        for take in self._all():
            if device in take.writing and device not in take.stops:
                orders.append(take.writing[device])
                self._no_longer_writes(device, take, RecordingState.LEFT)
        return orders

    def stop_all(
        self,
        devices: Iterable[HostedDevice],
        lsl_stop: float,
        late: Mapping[str, float] = MappingProxyType({}),
    ) -> None:
        """End every take on these devices, and wait until the files are closed.

        Args:
            devices: all of the run.
            lsl_stop: now.
            late: by session, when a take should have ended whose order to stop never came.
        """
        with self._lock:
            writing = [
                (n, name, min(lsl_stop, late.get(take.kept.record.session, lsl_stop)))
                for n, take in self._takes.items()
                for name in take.writing
            ]
        by_name = {device.name: device for device in devices}
        asked = [self.stop(by_name[name], n, at) for n, name, at in writing if name in by_name]
        deadline = time.monotonic() + STOP_S
        for done in asked:
            try:
                done.exception(max(0.0, deadline - time.monotonic()))
            except TimeoutError:
                return

    def close(self) -> None:
        """All processes are gone: nobody closes a file any more."""
        for take in self._all():
            for device in list(take.writing):
                self._no_longer_writes(device, take, RecordingState.LEFT)

    def _no_longer_writes(self, device: str, take: NodeTake, state: RecordingState) -> None:
        with self._lock:
            if take.writing.pop(device, None) is None:
                return  # it was armed, and nobody knew: its process died before it answered
            ended = not take.writing
        unclosed = take.kept.record.unclosed or state is RecordingState.LEFT
        try:
            if ended:
                take.kept.change(state=state, unclosed=unclosed, is_cut=False)
            elif unclosed:
                take.kept.change(unclosed=True)
        except OSError as error:  # what is on the disk is found at the next start
            self._complain(device, f"{take.kept.id}: {error}")
        if ended:
            self._closed()
