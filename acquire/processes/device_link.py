"""The engine's end of one device process: start it, ask it, hear it, end it."""

from __future__ import annotations

import itertools
import subprocess
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from acquire.errors import ControlError
from acquire.processes.child import start_child
from acquire.processes.messages import (
    Answer,
    Close,
    Command,
    DeviceState,
    HostEvent,
    HostStatus,
    Loss,
    Opened,
    Request,
)
from devices.base import VideoSpec

ANSWER_S = 5.0
"""How long a device process may take to answer; drivers open in a thread of their own."""


@dataclass(frozen=True, slots=True)
class DeviceSnapshot:
    """What the engine knows of a device now."""

    name: str
    driver: str
    state: DeviceState
    error: str | None = None
    opened: Opened | None = None  # its streams, once it has been open
    host: HostStatus | None = None

    @property
    def runs(self) -> bool:
        """Whether its streams can be had."""
        return self.opened is not None and self.state is DeviceState.RUNNING

    @property
    def videos(self) -> tuple[VideoSpec, ...]:
        """Its cameras."""
        specs = self.opened.specs if self.opened else ()
        return tuple(spec for spec in specs if isinstance(spec, VideoSpec))


class DeviceLink:
    """One device process."""

    module = "acquire.host.device_host"
    """What the process runs."""

    def __init__(
        self,
        name: str,
        driver: str,
        on_event: Callable[[str, HostEvent], None],
        on_loss: Callable[[str, Loss], None],
    ) -> None:
        self._on_event = on_event
        self._on_loss = on_loss
        # Guards what is known and who waits; never held while anything is sent.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        # One message goes down at a time: the window, the keeper and a stop order at once, and a
        # message is longer than what the system writes in one piece. `start` holds it until `Open`
        # is sent: nothing may come before that.
        self._send_lock = threading.Lock()
        self._snapshot = DeviceSnapshot(name, driver, DeviceState.CLOSED)
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}
        self._closing = False
        self._pipe: Connection | None = None  # None: never started
        self._listener: threading.Thread | None = None

    @property
    def name(self) -> str:
        """The device's name."""
        return self._snapshot.name

    @property
    def snapshot(self) -> DeviceSnapshot:
        """The newest state."""
        return self._snapshot

    def start(self, order: Any, cwd: Path | None) -> None:
        """Start the process and have it open the device; returns before the device is open.

        `order` is its first message, `Open` for a device.
        It may be started again after its end.
        """
        if self._listener is not None:  # what it still says is of the process before
            self._listener.join()
        self._change(state=DeviceState.OPENING, error=None, opened=None, host=None)
        self._closing = False
        with self._send_lock:
            pair: Any = Pipe(duplex=True)  # on Windows of another class with the same methods
            ours, theirs = pair
            self._pipe = ours
            try:
                self._process = start_child(self.module, theirs, cwd)
            finally:
                theirs.close()
            name = f"device {self.name}"
            self._listener = threading.Thread(
                target=self._listen, args=(ours,), name=name, daemon=True
            )
            self._listener.start()
            self._send(Request(next(self._numbers), order))

    @property
    def alive(self) -> bool:
        """Whether it has been started and has not ended."""
        return self._pipe is not None and self._process.poll() is None

    def wait_open(self, timeout_s: float) -> bool:
        """Wait until the device is open; False = it failed, or takes longer."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._snapshot.opened or self._snapshot.error is not None, timeout_s
            )
        return self._snapshot.opened is not None

    def request(self, body: Any, timeout_s: float = ANSWER_S) -> Any:
        """Ask the process and wait for its answer.

        Raises:
            ControlError: the device refuses, is gone, or does not answer in time.
        """
        answer = self.ask(body)
        try:
            return answer.result(timeout_s)
        except FutureTimeoutError:
            raise ControlError(
                f"{self.name}: no answer to {type(body).__name__} within {timeout_s:g} s"
            ) from None

    def ask(self, body: Any) -> Future[Any]:
        """Ask the process; the future gets the answer, or a `ControlError`."""
        future: Future[Any] = Future()
        self._post(body, future)
        return future

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Have the driver carry out a command."""
        answer: dict[str, Any] = self.request(Command(name, args))
        return answer

    def close(self, timeout_s: float) -> None:
        """Have it close the device and end; kill it when it has not by then."""
        if self._pipe is None:
            return
        self._closing = True
        self._post(Close(), Future())
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._listener is not None:
            self._listener.join()
        self._pipe.close()
        self._change(state=DeviceState.CLOSED)

    def _post(self, body: Any, future: Future[Any]) -> None:
        number = next(self._numbers)
        with self._lock:
            self._waiting[number] = future
        with self._send_lock:
            sent = self._send(Request(number, body))
        if not sent:
            self._answer(Answer(number, error=f"{self.name}: its process is gone"))

    def _send(self, request: Request) -> bool:
        if self._pipe is None:
            return False
        try:
            self._pipe.send(request)
        except OSError:
            return False
        return True

    def _change(self, **changes: Any) -> None:
        with self._lock:
            self._snapshot = replace(self._snapshot, **changes)
            self._changed.notify_all()

    def _listen(self, pipe: Connection) -> None:
        while True:
            try:
                message = pipe.recv()
            except (EOFError, OSError):
                break
            self._hear(message)
        self._ended()

    def _hear(self, message: Any) -> None:
        match message:
            case Answer():
                self._answer(message)
            case Opened():
                self._change(opened=message, state=DeviceState.RUNNING)
            case HostStatus():
                for loss in message.losses:
                    self._on_loss(self.name, loss)
                if self._snapshot.state is not DeviceState.FAILED:
                    self._change(state=message.state)
                self._change(host=replace(message, losses=()))
            case HostEvent():
                if message.code == "device-failed":
                    self._change(state=DeviceState.FAILED, error=message.text)
                self._on_event(self.name, message)

    def _answer(self, answer: Answer) -> None:
        with self._lock:
            future = self._waiting.pop(answer.number, None)
        if future is None:
            return
        if answer.error is not None:
            future.set_exception(ControlError(answer.error))
        else:
            future.set_result(answer.value)

    def _ended(self) -> None:
        """The pipe has ended: nobody will answer any more."""
        name = self.name
        for number in list(self._waiting):
            self._answer(Answer(number, error=f"{name}: its process is gone"))
        if self._closing:
            return
        code = self._process.wait()
        how = f"signal {-code}" if code < 0 else f"exit code {code}"
        text = f"{name}: its process ended ({how}); its streams are gone"
        self._change(state=DeviceState.FAILED, error=text)
        from acquire.lsl.clock import local_clock

        self._on_event(name, HostEvent(local_clock(), "error", "device-died", text))
