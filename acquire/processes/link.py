"""The engine's end of one device, wherever it runs: what is known of it, and who waits for what."""

from __future__ import annotations

import itertools
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from acquire.errors import ControlError
from acquire.lsl.clock import local_clock
from acquire.processes.messages import (
    Answer,
    Command,
    DeviceState,
    Ends,
    HostEvent,
    HostStatus,
    Loss,
    Opened,
)
from devices.base import MediaSpec, StreamSpec, VideoSpec

ANSWER_S = 5.0
"""How long a device process may take to answer; drivers open in a thread of their own."""

ENDS_OPENING = ("device-failed", "device-died")
"""Events of a device without which nothing is recorded, unless it may be missing."""
TROUBLES = ("device-broke", "device-lost", "device-away", "device-hangs")
"""Events of one that is tried again."""


@dataclass(frozen=True, slots=True)
class DeviceSnapshot:
    """What the engine knows of a device now."""

    name: str
    driver: str
    state: DeviceState
    error: str | None = None
    opened: Opened | None = None  # its streams, once it has been open
    host: HostStatus | None = None
    node: str | None = None  # the other computer that it runs on
    away: str | None = None  # why that computer is not heard now, in words
    trouble: str | None = None  # why the device does not run though it has not failed, in words

    @property
    def runs(self) -> bool:
        """Whether its streams can be had."""
        return self.opened is not None and self.state is DeviceState.RUNNING

    def may_give(self, gets: Callable[[str], bool]) -> bool:
        """Whether `gets` wants a stream of it, by name; of one that was never open, any may be."""
        return self.opened is None or any(gets(spec.name) for spec in self.opened.specs)

    @property
    def media(self) -> tuple[MediaSpec, ...]:
        """What it stores in files of its own: its cameras and microphones."""
        specs = self.opened.specs if self.opened else ()
        return tuple(spec for spec in specs if not isinstance(spec, StreamSpec))

    @property
    def videos(self) -> tuple[VideoSpec, ...]:
        """Its cameras."""
        return tuple(spec for spec in self.media if isinstance(spec, VideoSpec))


class Link(ABC):
    """One device that is told and heard by messages; a subclass carries them."""

    def __init__(
        self,
        snapshot: DeviceSnapshot,
        on_event: Callable[[str, HostEvent], None],
        on_loss: Callable[[str, Loss], None],
    ) -> None:
        self._on_event = on_event
        self._on_loss = on_loss
        # Guards what is known and who waits; never held while anything is sent.
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._snapshot = snapshot
        self._numbers = itertools.count(1)
        self._waiting: dict[int, Future[Any]] = {}

    @property
    def name(self) -> str:
        """The device's name."""
        return self._snapshot.name

    @property
    def snapshot(self) -> DeviceSnapshot:
        """The newest state."""
        return self._snapshot

    @abstractmethod
    def start(self, order: Any, cwd: Path | None) -> None:
        """Have the device opened; returns before it is open.

        `order` is the first message, `Open` for a device. It may be started again after its end.
        """

    @property
    @abstractmethod
    def alive(self) -> bool:
        """Whether it has been started and has not ended."""

    def finish(self, timeout_s: float) -> Ends:
        """Have the device end, and its streams stay until `close`; gives where they end.

        Nothing where that cannot be known, as of a device that keeps a copy of its own elsewhere.
        """
        return {}

    def wait_written(self, timeout_s: float) -> bool:
        """Wait until nobody writes files any more for a process that has died; False = not yet."""
        return True

    @abstractmethod
    def close(self, timeout_s: float) -> None:
        """Have the device closed, and wait for it."""

    @abstractmethod
    def _post(self, body: Any, future: Future[Any]) -> None:
        """Send a message; the future gets the answer, or why there is none."""

    def wait_open(self, timeout_s: float | None = None) -> bool:
        """Wait until the device is open; False = it failed, was closed, or takes longer."""

        def is_decided() -> bool:
            now = self._snapshot
            return bool(now.opened or now.error) or now.state is DeviceState.CLOSED

        with self._changed:
            self._changed.wait_for(is_decided, timeout_s)
        return self._snapshot.opened is not None

    def request(self, body: Any, timeout_s: float = ANSWER_S) -> Any:
        """Ask the device and wait for its answer.

        Raises:
            ControlError: the device refuses, is gone, or does not answer in time.
        """
        answer = self.ask(body)
        try:
            return answer.result(timeout_s)
        except FutureTimeoutError:
            raise ControlError(self._no_answer(type(body).__name__, timeout_s)) from None

    def _no_answer(self, what: str, timeout_s: float) -> str:
        return f"{self.name}: no answer to {what} within {timeout_s:g} s"

    def ask(self, body: Any) -> Future[Any]:
        """Ask the device; the future gets the answer, or a `ControlError`."""
        future: Future[Any] = Future()
        self._post(body, future)
        return future

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Have the driver carry out a command."""
        answer: dict[str, Any] = self.request(Command(name, args))
        return answer

    def _expect(self, future: Future[Any]) -> int:
        """Give the number of the next request, whose answer goes to `future`."""
        number = next(self._numbers)
        with self._lock:
            self._waiting[number] = future
        return number

    def _change(self, **changes: Any) -> None:
        with self._lock:
            self._snapshot = replace(self._snapshot, **changes)
            self._changed.notify_all()

    def _hear(self, message: Any) -> None:
        match message:
            case Answer():
                self._answer(message)
            case Opened():
                self._change(opened=message, state=DeviceState.RUNNING)
            case HostStatus():
                for loss in message.losses:
                    self._on_loss(self.name, loss)
                failed = self._snapshot.state is DeviceState.FAILED
                runs = message.state is DeviceState.RUNNING
                self._change(
                    state=DeviceState.FAILED if failed else message.state,
                    host=replace(message, losses=()),
                    trouble=None if runs else self._snapshot.trouble,
                )
            case HostEvent():
                if message.code == "device-failed":
                    self._change(state=DeviceState.FAILED, error=message.text)
                elif message.code in TROUBLES:
                    self._change(trouble=message.text)
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

    def _nobody_answers(self, why: str) -> None:
        """Tell everybody who waits that no answer comes any more."""
        for number in list(self._waiting):
            self._answer(Answer(number, error=f"{self.name}: {why}"))

    def _died(self, text: str) -> None:
        """Note the end of the device, and report it."""
        self._change(state=DeviceState.FAILED, error=text)
        self._on_event(self.name, HostEvent(local_clock(), "error", "device-died", text))
