"""A device on a node, as the engine sees it: what `DeviceLink` is for one of this computer.

What comes and goes by the node's clock is mapped here: nobody else in the engine knows that there
is another one. Paths go down as `session/name`, and come up as names that will be in the session's
folder here once they are collected.
"""

from __future__ import annotations

import contextlib
import math
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from acquire.errors import ControlError
from acquire.node.engine.connection import Connection
from acquire.processes.link import ANSWER_S, DeviceSnapshot, Link
from acquire.processes.messages import (
    Answer,
    ArmVideo,
    Close,
    DeviceState,
    HostEvent,
    Loss,
    Opened,
    Preview,
    StartVideo,
    StopVideo,
    VideoSummary,
)
from recordings.layout import session_id

OffsetOf = Callable[[frozenset[str]], float | None]
"""Gives what to add to stamps of streams with these LSL uids; None where it is not known."""
_CODES: Final = {"disk-full": "node-full"}
"""What an event means here that a device process says of a disk which is not the session's."""


class NodeLink(Link):
    """One device of a node."""

    def __init__(
        self,
        name: str,
        driver: str,
        connection: Connection,
        offset_of: OffsetOf,
        on_event: Callable[[str, HostEvent], None],
        on_loss: Callable[[str, Loss], None],
    ) -> None:
        super().__init__(
            DeviceSnapshot(name, driver, DeviceState.CLOSED, node=connection.name),
            on_event,
            on_loss,
        )
        self._connection = connection
        self._offset_of = offset_of
        self._started = False
        self._closing = threading.Event()
        self._folders: dict[int, Path] = {}  # take → the session's folder here
        connection.attach(name, self)

    @property
    def snapshot(self) -> DeviceSnapshot:
        """The newest state, and whether the node is heard."""
        return replace(self._snapshot, away=self._connection.snapshot.trouble)

    @property
    def alive(self) -> bool:
        """Whether it has been started and has not ended, as far as is known here."""
        return self._started

    def start(self, order: Any, cwd: Path | None) -> None:
        """Have the node open the device; drivers and liblsl's configuration are its own."""
        self._change(state=DeviceState.OPENING, error=None, opened=None, host=None)
        self._started = True
        self._closing.clear()
        self._post(replace(order, folder=None, lsl_config=None), Future())

    def close(self, timeout_s: float) -> None:
        """Have the device closed; of a node that is away nobody waits for it."""
        if not self._started:
            return
        self._closing.set()
        done = self.ask(Close())
        if self._connection.snapshot.connected:
            with contextlib.suppress(ControlError, TimeoutError):  # the node ends it anyway
                done.result(timeout_s)
        self._started = False
        self._nobody_answers("it was closed")
        self._change(state=DeviceState.CLOSED)

    # What the connection tells.

    def heard(self, message: Any) -> None:
        """Take in a message of the device, with its times mapped into this computer's clock."""
        match message:
            case Loss():
                self._on_loss(self.name, message)  # its time is a stamp: the pump maps it
                return
            case HostEvent():
                message = replace(
                    message,
                    time=message.time + self._offset,
                    code=_CODES.get(message.code, message.code),
                )
                if message.code == "device-died":
                    if not self._closing.is_set():
                        self._lost(message.text)
                    return
            case Answer():
                message = replace(message, value=self._mapped(message.value))
            case Opened():
                self._folders.clear()
        self._hear(message)

    def refused(self, number: int, text: str) -> None:
        """Tell who waits that no answer comes."""
        self._answer(Answer(number, error=text))

    def lost(self, text: str) -> None:
        """The node knows nothing of the device any more."""
        if self._started and not self._closing.is_set():
            self._lost(f"{self.name}: {text}; its streams are gone")
        else:
            self._nobody_answers(text)

    def _lost(self, text: str) -> None:
        self._started = False
        self._nobody_answers(text)
        self._died(text)

    # Mapping.

    @property
    def _offset(self) -> float:
        """What to add to a time of the node's clock: as its streams have it, or as it answers."""
        opened = self._snapshot.opened
        offset = self._offset_of(frozenset(opened.uids.values())) if opened is not None else None
        if offset is None:
            clock = self._connection.snapshot.clock
            offset = clock.offset if clock is not None else 0.0
        return offset

    def _post(self, body: Any, future: Future[Any]) -> None:
        number = self._expect(future)
        try:
            self._connection.post(self.name, number, self._down(body))
        except ControlError as error:
            self._answer(Answer(number, error=str(error)))

    def _down(self, body: Any) -> Any:
        match body:
            case ArmVideo():
                named = [*body.paths.values(), *([body.copy] if body.copy is not None else ())]
                folder = named[0].parent
                self._folders[body.take] = folder
                session = Path(session_id(folder))
                paths = {stream: session / path.name for stream, path in body.paths.items()}
                copy = session / body.copy.name if body.copy is not None else None
                return replace(body, paths=paths, copy=copy)
            case StartVideo():
                return replace(body, lsl_start=body.lsl_start - self._offset)
            case StopVideo():
                # An infinite one has no form on the wire: nothing of the take is to be stored.
                lsl_stop = body.lsl_stop - self._offset
                return replace(body, lsl_stop=lsl_stop if math.isfinite(lsl_stop) else 0.0)
        return body

    def _mapped(self, value: Any) -> Any:
        match value:
            case Preview():
                return replace(value, stamp=value.stamp + self._offset)
            case list() if value and all(isinstance(v, VideoSummary) for v in value):
                # A full disk there ends nothing here.
                return [replace(v, path=self._here(v.take, v.path), disk_full=False) for v in value]
        return value

    def _here(self, take: int, path: Path) -> Path:
        folder = self._folders.get(take)
        return folder / path.name if folder is not None else path

    def _no_answer(self, what: str, timeout_s: float = ANSWER_S) -> str:
        trouble = self._connection.snapshot.trouble
        if trouble is not None:
            return f"{self.name}: no answer to {what}: {trouble}; try again once it is reached"
        return super()._no_answer(what, timeout_s)


def unready(links: Iterable[Link]) -> list[str]:
    """Say of each device on a node why it cannot be recorded; empty where all can.

    One that somebody has closed is not meant to be.
    """
    return [
        f"{s.name}: {s.away or s.error or f'is {s.state}'}"
        for s in (link.snapshot for link in links)
        if s.node is not None
        and s.state is not DeviceState.CLOSED
        and (s.away is not None or not s.runs)
    ]
