"""What all trigger outputs share: codes from a stream or a command, pulses, and their times.

A code that comes while the line is at rest is written in the very thread that hears it: to hand it
over to another costs time. Each write that begins a pulse goes back as a sample (code, time of the
marker, time of the write), so that the lag from marker to line is in the session.
"""

from __future__ import annotations

import contextlib
import math
import threading
from abc import abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from devices.base import (
    BEAT_S,
    Channel,
    Chunk,
    Clock,
    Device,
    DeviceError,
    DeviceLost,
    Notice,
    StreamQuery,
    StreamSpec,
)
from devices.marker_codes import CodeNames, codes_in, label, unknown_code
from devices.triggers.pulses import Pulses

COUNT_S = 10.0
"""Codes that are not sent for one reason are told once, and then counted for so long."""
AWAY = "the line was not open"
LARGEST = 255
_KEPT = 10_000
"""Writes that wait to be published; they do not, as long as the host reads."""


class PulseSettings(BaseModel):
    """Which codes, from where, and for how long."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    source: str | None = Field(
        default=None, description="marker stream whose codes are sent; else by command alone"
    )
    pulse_ms: float = Field(default=10.0, ge=0.5, le=1000, description="how long a code is held")
    gap_ms: float = Field(default=10.0, ge=0, le=1000, description="rest before the next code")
    idle: int = Field(default=0, ge=0, le=255, description="the lines at rest, as bits")
    codes: CodeNames = Field(default={}, description='names of the codes: `{ 1 = "tap" }`')


class TriggerOut(Device):
    """A line that is given codes; subclasses write them."""

    _port: Any = None  # while it is open; `check` of it raises DeviceLost where it has gone

    def __init__(self, settings: Any, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._pulses = Pulses(settings.pulse_ms * 1e-3, settings.gap_ms * 1e-3, settings.idle)
        # Codes are heard in one thread and put out, pulse by pulse, in another.
        self._wake = threading.Condition()
        self._open = False
        self._failed: DeviceError | None = None
        self._written: deque[tuple[int, float, float]] = deque(maxlen=_KEPT)
        self._lost = 0
        self._refused: dict[int, int] = {}
        self._untold: dict[str, int] = {}  # codes that were not sent, by reason
        self._told: dict[str, float] = {}  # when that was last told
        self._checked = 0.0
        self._unknown: dict[int, int] = {}
        self._notices: deque[Notice] = deque(maxlen=_KEPT)

    @abstractmethod
    def open_line(self) -> None:
        """Get hold of the line and put it to rest."""

    @abstractmethod
    def write_line(self, code: int) -> None:
        """Put a code on the line, the idle code to end a pulse; return when it is there."""

    def inputs(self) -> Sequence[StreamQuery]:
        """Listen to the marker stream."""
        return (StreamQuery(name=self.settings.source),) if self.settings.source else ()

    def open(self) -> Sequence[StreamSpec]:
        """Open the line."""
        self.close()
        self.open_line()
        self._failed, self._open = None, True
        names = {f"code_{code}": name for code, name in self.settings.codes.items()}
        return (
            StreamSpec(
                name=self.settings.name,
                type="TriggerLag",
                channels=(
                    Channel("code", "", "Trigger"),
                    Channel("marker time", "seconds", "Misc"),
                    Channel("write time", "seconds", "Misc"),
                ),
                rate_hz=0.0,
                dtype="float64",
                desc={"source": self.settings.source or "", **names},
            ),
        )

    def take(self, chunk: Chunk) -> None:
        """Send the codes of markers; markers without a code are none of our business."""
        for row, code in codes_in(chunk.data):
            self._request(code, float(chunk.times[row]))

    def _request(self, code: int, requested: float) -> str | None:
        """Send a code as soon as the line is free; say why not where it is not sent."""
        with self._wake:
            if self.settings.codes and label(code, self.settings.codes) == "unknown":
                if code not in self._unknown:
                    self._notices.append(unknown_code(code))
                self._unknown[code] = self._unknown.get(code, 0) + 1
            reason = None
            if not 0 < code <= LARGEST:
                reason = f"a code that does not fit the line: 1 to {LARGEST}"
            elif not self._open:
                reason = AWAY
            elif not self._pulses.add(code, requested):
                reason = "too many codes wait: is pulse_ms too long for this protocol?"
            if reason is not None:
                self._untold[reason] = self._untold.get(reason, 0) + 1
                self._refused[code] = self._refused.get(code, 0) + 1
                self._lost += 1
                return reason
            self._step()
            self._wake.notify()
        return None

    def _step(self) -> None:
        """Write what is due; the lock is held."""
        while self._open and (write := self._pulses.next(self.clock.now())) is not None:
            try:
                self.write_line(write.code)
            except DeviceError as error:
                self._failed, self._open = error, False
                return
            if write.requested is not None:
                self._written.append((write.code, write.requested, self.clock.now()))

    def read(self) -> Iterator[Chunk | Notice | None]:
        """End pulses, begin those that waited, and yield the times of what was written."""
        while True:
            yield from self._told_of()
            with self._wake:
                self._step()
                self._check()
                if self._failed is not None:
                    # Not cleared with `_open` still false: nothing is written until a reopening.
                    self._lost += self._pulses.clear()
                    raise DeviceLost(str(self._failed)) from self._failed
                chunk = self._chunk()
                if chunk is None:
                    due = self._pulses.due()
                    left = BEAT_S if due is None else min(BEAT_S, due - self.clock.now())
                    if left > 0:
                        self._wake.wait(left)  # until a code comes, or the pulse is to end
            yield chunk

    def while_away(self) -> Iterator[Chunk | Notice]:
        """Count what is not sent: a line that does not come back must not hide it."""
        yield from self._told_of()
        with self._wake:
            chunk = self._chunk()
        if chunk is not None:
            yield chunk

    def _told_of(self) -> Iterator[Notice]:
        while self._notices:
            yield self._notices.popleft()
        yield from self._not_sent()

    def _check(self) -> None:
        """See whether the line is still there, though nothing is written; the lock is held."""
        if self._open and self.clock.now() - self._checked > BEAT_S:
            self._checked = self.clock.now()
            try:
                self._port.check()
            except DeviceError as error:
                self._failed, self._open = error, False

    def _not_sent(self) -> Iterator[Notice]:
        """Tell how many codes were not sent: the first of a reason at once, then their number."""
        now = self.clock.now()
        with self._wake:
            due = [r for r in self._untold if now - self._told.get(r, -math.inf) > COUNT_S]
            counts = {reason: self._untold.pop(reason) for reason in due}
        for reason, count in counts.items():
            self._told[reason] = now
            codes = "1 code" if count == 1 else f"{count} codes"
            yield Notice("warning", "code-not-sent", f"{codes} not sent: {reason}")

    def _chunk(self) -> Chunk | None:
        if not self._written and not self._lost:
            return None
        # A loss is told whether or not a code is ever written again.
        rows = np.array(self._written, np.float64).reshape(-1, 3)
        self._written.clear()
        lost, self._lost = self._lost, 0
        return Chunk(self.settings.name, rows[:, 2].copy(), rows, lost=lost)

    def close(self) -> None:
        """Put the line to rest and let go of it."""
        with self._wake:
            if self._open:
                with contextlib.suppress(DeviceError):  # it has gone: nothing is left to rest
                    self.write_line(self.settings.idle)
            self._open = False
            port, self._port = self._port, None
            if port is not None:
                port.close()

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """`test` {code} sends a trigger; `status` counts what was not sent or is not named."""
        match name:
            case "test":
                code = args.get("code", 1)
                if not isinstance(code, int) or isinstance(code, bool):
                    raise DeviceError(f"code {code!r} is no whole number")
                if reason := self._request(code, self.clock.now()):
                    raise DeviceError(reason)
                return {"code": code, "label": label(code, self.settings.codes)}
            case "status":
                return {"refused": dict(self._refused), "unknown": dict(self._unknown)}
        return super().command(name, args)
