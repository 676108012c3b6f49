"""`trigger-in-serial`: trigger codes from a serial port.

`bytes`: every byte that comes is a code, 0 the rest. `lines`: the port's own inputs CTS, DSR, DCD
and RI are bits 0 to 3 of the code. `cedrus`: the key reports of a response pad; the code is the
key, and 10 more a port.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

from pydantic import Field

from devices.serial import ports
from devices.serial.device import PortSettings
from devices.triggers.cedrus import HeldKeys, KeyReports
from devices.triggers.trigger_in import LineSettings, TriggerIn


class TriggerInSerialSettings(PortSettings, LineSettings):
    """`poll_ms`, `debounce_ms`, `mask` and `invert` are for `lines`; bytes come as they are."""

    style: Literal["bytes", "lines", "cedrus"] = Field(
        default="bytes",
        description="every byte is a code; CTS, DSR, DCD, RI as bits 0 to 3; a Cedrus pad's keys",
    )


class TriggerInSerial(TriggerIn):
    """Bytes of a trigger box, or the port's four input lines."""

    Settings = TriggerInSerialSettings
    summary = "trigger codes from a serial port: bytes of a box, lines (CTS…), keys of a Cedrus pad"

    settings: TriggerInSerialSettings
    _port: ports.Port | None = None
    _reports: KeyReports | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether pyserial is missing."""
        return ports.unavailable()

    def open_line(self) -> None:
        """Open the port; what came before is not ours."""
        self._port = self.settings.open_port()
        self._port.forget_input()
        if self.settings.style == "lines":
            self._port.lines()  # a port without such lines fails here

    def states(self) -> Iterator[tuple[float, int] | None]:
        """Yield what comes."""
        assert self._port is not None, "open() comes first"
        if self.settings.style == "lines":
            yield from self._polled(self._lines)
            return
        decode = self._keys() if self.settings.style == "cedrus" else iter
        while True:
            data = self._port.read()
            now = self.clock.now()
            yield from ((now, code) for code in decode(data))
            if not data:
                yield None

    def _keys(self) -> Callable[[bytes], Iterator[int]]:
        """Make what finds the states of a pad's keys in its bytes."""
        held = HeldKeys()
        reports = self._reports = KeyReports()

        def decode(data: bytes) -> Iterator[int]:
            for report in reports.feed(data):
                if (state := held.state(report)) is not None:
                    yield state

        return decode

    def command(self, name: str, args: Mapping[str, Any]) -> dict[str, Any]:
        """Answer `status`; of a pad also with the bytes that were no report."""
        answer = super().command(name, args)
        if self._reports is not None:
            answer["skipped_bytes"] = self._reports.skipped
        return answer

    def _lines(self) -> int:
        assert self._port is not None
        return sum(on << bit for bit, on in enumerate(self._port.lines()))
