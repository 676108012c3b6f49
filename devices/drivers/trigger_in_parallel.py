"""`trigger-in-parallel`: trigger codes at a parallel port. Not tried on hardware.

`data`: the eight data lines, turned to input (a bidirectional port, and nothing that drives them
from this side). `status`: the five status lines, pins 15, 13, 12, 10, 11 from the lowest bit on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from devices.base import Settings
from devices.triggers import parallel_port
from devices.triggers.parallel_port import ParallelPort
from devices.triggers.trigger_in import LineSettings, TriggerIn


class TriggerInParallelSettings(Settings, LineSettings):
    """Which port."""

    port: str = Field(default="/dev/parport0", description="on Windows an address, such as 0x378")
    lines: Literal["data", "status"] = Field(
        default="data", description="the eight data lines, or the five status lines"
    )


class TriggerInParallel(TriggerIn):
    """Eight data lines or five status lines."""

    Settings = TriggerInParallelSettings
    summary = "trigger codes from a parallel port (not tried on hardware)"

    settings: TriggerInParallelSettings
    _port: ParallelPort | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        """Say why there is no parallel port here."""
        return parallel_port.unavailable()

    def open_line(self) -> None:
        """Open the port."""
        reading = self.settings.lines == "data"
        self._port = parallel_port.open_port(self.settings.port, reading=reading)

    def states(self) -> Iterator[tuple[float, int] | None]:
        """Yield changes."""
        assert self._port is not None, "open() comes first"
        return self._polled(self._read)

    def _read(self) -> int:
        assert self._port is not None
        if self.settings.lines == "data":
            return self._port.read_data()
        return parallel_port.status_code(self._port.read_status())
