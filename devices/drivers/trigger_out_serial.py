"""`trigger-out-serial`: trigger codes through a serial port.

`raw`: one byte is the state of the eight lines until the next byte (TriggerBox and most plain
boxes). `cedrus`: the box makes the pulse itself (XID, StimTracker): `mp` sets its length, `mh` with
the lines as two binary bytes begins it.
"""

from __future__ import annotations

import struct
from typing import Literal

from pydantic import Field

from devices.serial import ports
from devices.serial.device import PortSettings
from devices.triggers.trigger_out import PulseSettings, TriggerOut

_BETWEEN_COMMANDS_S = 0.1
"""A Cedrus box stores the pulse length in flash: its own library waits so long."""


class TriggerOutSerialSettings(PortSettings, PulseSettings):
    """A TriggerBox Plus wants baud = 2000000; a Cedrus box says its rate in its own program."""

    style: Literal["raw", "cedrus"] = Field(
        default="raw", description="one byte is the state of the lines, or a Cedrus box's pulses"
    )


class TriggerOutSerial(TriggerOut):
    """One byte a code, or Cedrus's pulse commands."""

    Settings = TriggerOutSerialSettings
    summary = "trigger codes out of a serial port: TriggerBox, plain boxes, Cedrus"

    settings: TriggerOutSerialSettings
    _port: ports.Port | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether pyserial is missing."""
        return ports.unavailable()

    def open_line(self) -> None:
        """Open the port, and set the lines to rest or the pulse length."""
        self._port = self.settings.open_port()
        if self.settings.style == "cedrus":
            self._port.write(b"mp" + struct.pack("<I", round(self.settings.pulse_ms)))
            self.clock.sleep_until(self.clock.now() + _BETWEEN_COMMANDS_S)
        else:
            self._port.write(bytes([self.settings.idle]))

    def write_line(self, code: int) -> None:
        """Write a code; a Cedrus box ends the pulse itself."""
        assert self._port is not None
        if self.settings.style == "raw":
            self._port.write(bytes([code]))
        elif code != self.settings.idle:
            self._port.write(b"mh" + struct.pack("<H", code))
