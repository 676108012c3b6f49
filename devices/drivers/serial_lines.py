"""`serial-lines`: any sensor that prints one reading a line, described in the rig file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from devices.base import Channel, Dtype, Plugged
from devices.serial import ports
from devices.serial.device import SensorSettings, SerialSensor, channel
from devices.serial.line_parser import ColumnSpec, LineFormat, LineParser
from devices.serial.readings import TIME_UNITS, Assembler, Readings


class SerialLinesSettings(SensorSettings, LineFormat):
    """The port, and the columns of a line."""


class SerialLines(SerialSensor):
    """Numbers between separators, or JSON objects, one a line."""

    Settings = SerialLinesSettings
    summary = "any sensor that prints one reading a line (CSV or JSON) on a serial port"

    settings: SerialLinesSettings

    @classmethod
    def found(cls) -> Sequence[Plugged]:
        """List the serial ports; what hangs on them cannot be known from here."""
        if cls.unavailable():
            return ()
        return [Plugged(port.path, str(port), _snippet(port)) for port in ports.present()]

    def channels(self) -> tuple[Channel, ...]:
        """Name the value columns."""
        return tuple(channel(c.label, c.unit, c.kind) for c in self.settings.values)

    def dtype(self) -> Dtype:
        """A text does not say how many digits will come."""
        return "float64"

    def make_assembler(self) -> Assembler:
        """Take counter and time from the columns with these roles."""
        counter, time = self.settings.role("counter"), self.settings.role("time")
        return Assembler(
            self.settings.name,
            self.settings.rate_hz,
            self.dtype(),
            counter_wraps=counter.wraps_at if counter else None,
            tick_s=TIME_UNITS[time.unit] * time.scale if time else None,
            ticks_wrap=time.wraps_at if time else None,
        )

    def start_parser(self) -> None:
        """Forget half a line."""
        self._parser = LineParser(self.settings)
        self._values = [i for i, c in enumerate(self.settings.columns) if c.role == "value"]
        self._scale = np.array([c.scale for c in self.settings.values])
        self._offset = np.array([c.offset for c in self.settings.values])

    def parse(self, data: bytes) -> Readings:
        """Find lines and scale their values."""
        numbers, spoilt = self._parser.feed(data)

        def column(spec: ColumnSpec | None) -> Any:
            return None if spec is None else numbers[:, self.settings.columns.index(spec)]

        return Readings(
            numbers[:, self._values] * self._scale + self._offset,
            spoilt,
            column(self.settings.role("counter")),
            column(self.settings.role("time")),
        )

    def complaint(self) -> str:
        """Show what came instead of a reading."""
        return self._parser.complaint()

    def counts(self) -> dict[str, int]:
        """Count good lines and others."""
        return {"lines": self._parser.lines, "malformed": self._parser.malformed}


_TRIGGERBOX = (0x1103, 0x0021)


def _snippet(port: ports.PortInfo) -> str:
    """Write the table for a trigger box that is known by its numbers; of others a comment."""
    where = f"serial={port.serial_number}" if port.serial_number else port.path
    if (port.vendor, port.product) == _TRIGGERBOX:
        return (
            f'[[device]]\nname = "trigger"\ndriver = "trigger-out-serial"\nport = "{where}"\n'
            'source = "protocol"\n'
        )
    # What hangs on it cannot be known: nothing is read until somebody has described it.
    said = " ".join(str(port).split())
    return (
        f"# {said}: a port, nothing known behind it.\n"
        "# Describe what it sends (docs/sensors.md) and take the # away:\n"
        f'# [[device]]\n# name = "sensor"\n# driver = "serial-lines"\n# port = "{where}"\n'
        '# baud = 115200\n# rate_hz = 100\n# columns = [{ label = "value", unit = "a.u." }]\n'
    )
