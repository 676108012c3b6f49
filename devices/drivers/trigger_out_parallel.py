"""`trigger-out-parallel`: trigger codes on the data lines of a parallel port.

Not tried on hardware.
"""

from __future__ import annotations

from pydantic import Field

from devices.base import Settings
from devices.triggers import parallel_port
from devices.triggers.parallel_port import ParallelPort
from devices.triggers.trigger_out import PulseSettings, TriggerOut


class TriggerOutParallelSettings(Settings, PulseSettings):
    """Which port."""

    port: str = Field(default="/dev/parport0", description="on Windows an address, such as 0x378")


class TriggerOutParallel(TriggerOut):
    """Pins 2 to 9 are bits 0 to 7 of the code."""

    Settings = TriggerOutParallelSettings
    summary = "trigger codes out of a parallel port (not tried on hardware)"

    settings: TriggerOutParallelSettings
    _port: ParallelPort | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        """Say why there is no parallel port here."""
        return parallel_port.unavailable()

    def open_line(self) -> None:
        """Open the port and put the lines to rest."""
        self._port = parallel_port.open_port(self.settings.port)
        self._port.write(self.settings.idle)

    def write_line(self, code: int) -> None:
        """Set the lines."""
        assert self._port is not None
        self._port.write(code)
