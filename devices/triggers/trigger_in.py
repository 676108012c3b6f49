"""What all trigger inputs share: states of lines in, codes and markers out.

`<name>-codes` has every change of the lines, their rest included, as numbers; `<name>-markers` has
the codes alone with their names, as other marker streams have them: a camera's gate may hear it.
"""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from devices.base import BEAT_S, Channel, Chunk, Clock, Device, Notice, StreamSpec
from devices.marker_codes import CodeNames, label, marker_spec, unknown_code


class LineSettings(BaseModel):
    """How lines are read; `poll_ms` is also the resolution of the stamps."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    poll_ms: float = Field(
        default=1.0, ge=0.2, le=100, description="how often lines are read; the stamps' resolution"
    )
    debounce_ms: float = Field(
        default=1.0, ge=0, le=1000, description="how long lines must hold to count"
    )
    mask: int = Field(default=0xFF, ge=1, le=0xFF, description="the lines that count, as bits")
    invert: bool = Field(default=False, description="for lines that rest high")
    codes: CodeNames = Field(default={}, description='names of the codes: `{ 1 = "tap" }`')


class Debouncer:
    """The eight lines of a code do not switch at one instant: what stands between is no code."""

    def __init__(self, hold_s: float) -> None:
        self._hold_s = hold_s
        self.state = 0
        self._coming: tuple[float, int] | None = None

    def feed(self, time: float, state: int) -> Iterator[tuple[float, int]]:
        """Take the state of the lines at LSL time `time`; give (begin, code) of a new one."""
        if state == self.state:
            self._coming = None
        elif self._coming is None or self._coming[1] != state:
            self._coming = (time, state)
        if self._coming is not None and time - self._coming[0] >= self._hold_s:
            begin, self.state = self._coming
            self._coming = None
            yield begin, self.state


class TriggerIn(Device):
    """Lines that are watched; subclasses read them."""

    _port: Any = None  # while it is open

    def __init__(self, settings: Any, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._unknown: dict[int, int] = {}

    @abstractmethod
    def open_line(self) -> None:
        """Get hold of the lines."""

    @abstractmethod
    def states(self) -> Iterator[tuple[float, int] | None]:
        """Yield LSL time and state of the lines, or None, at least every 200 ms, for ever."""

    def open(self) -> Sequence[StreamSpec]:
        """Open the lines."""
        self.close()
        self.open_line()
        name, codes = self.settings.name, self.settings.codes
        names = {f"code_{code}": text for code, text in codes.items()}
        channel = (Channel("code", "", "Trigger"),)
        return (
            StreamSpec(f"{name}-codes", "Trigger", channel, 0.0, "int32", desc=names),
            marker_spec(f"{name}-markers"),
        )

    def read(self) -> Iterator[Chunk | Notice | None]:
        """Yield changes, and a notice for the first of each code without a name."""
        for found in self.states():
            if found is None:
                yield None
                continue
            time, code = found
            stamp = np.array([time])
            yield Chunk(f"{self.settings.name}-codes", stamp, np.array([[code]], np.int32))
            if not code:
                continue
            text = label(code, self.settings.codes)
            yield Chunk(f"{self.settings.name}-markers", stamp, self._marker(code, text))
            if text == "unknown":
                self._unknown[code] = self._unknown.get(code, 0) + 1
                if self._unknown[code] == 1:
                    yield unknown_code(code)

    @staticmethod
    def _marker(code: int, text: str) -> Any:
        marker = {"event": "trigger", "code": code, "label": text}
        return np.array([[json.dumps(marker)]], dtype=object)

    def close(self) -> None:
        """Let go of the lines."""
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `status` with the codes that have no name in `codes`, and how often they came."""
        if name != "status":
            return super().command(name, args)
        return {"unknown": dict(self._unknown)}

    def _polled(self, read: Callable[[], int]) -> Iterator[tuple[float, int] | None]:
        """Read lines at even times and debounce them."""
        settings = self.settings
        debouncer = Debouncer(settings.debounce_ms * 1e-3)
        flip = settings.mask if settings.invert else 0
        beat = due = self.clock.now()
        while True:
            now = self.clock.now()
            changes = list(debouncer.feed(now, (read() & settings.mask) ^ flip))
            yield from changes
            if changes or now - beat > BEAT_S:
                beat = now
                if not changes:
                    yield None
            due = max(due + settings.poll_ms * 1e-3, now)
            self.clock.sleep_until(due)
