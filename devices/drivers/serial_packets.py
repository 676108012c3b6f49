"""`serial-packets`: any sensor that sends binary frames, described in the rig file."""

from __future__ import annotations

from devices.base import Channel, Dtype
from devices.serial.binary_frames import FrameFormat
from devices.serial.device import SensorSettings, SerialSensor, channel
from devices.serial.frame_parser import FrameParser
from devices.serial.readings import TIME_UNITS, Assembler, Readings

_EXACT_BITS = 24  # what float32 holds exactly


class SerialPacketsSettings(SensorSettings, FrameFormat):
    """The port, and what a frame is made of."""


class SerialPackets(SerialSensor):
    """Frames with sync bytes, fields, counter and checksum."""

    Settings = SerialPacketsSettings
    summary = "any sensor that sends binary frames with a checksum on a serial port"

    settings: SerialPacketsSettings

    def channels(self) -> tuple[Channel, ...]:
        """Name the value fields."""
        return tuple(channel(f.name, f.unit, f.kind) for f in self.settings.values)

    def dtype(self) -> Dtype:
        """Hold the widest field exactly."""
        wide = any(f.bits > _EXACT_BITS and f.type != "f32" for f in self.settings.values)
        return "float64" if wide else "float32"

    def make_assembler(self) -> Assembler:
        """Take counter and time from the fields with these roles."""
        counter, time = self.settings.role("counter"), self.settings.role("time")
        return Assembler(
            self.settings.name,
            self.settings.rate_hz,
            self.dtype(),
            counter_wraps=counter.modulus if counter else None,
            tick_s=TIME_UNITS[time.unit] * time.scale if time else None,
            ticks_wrap=time.modulus if time and time.type[0] in "ub" else None,
        )

    def start_parser(self) -> None:
        """Forget half a frame."""
        self._parser = FrameParser(self.settings)

    def parse(self, data: bytes) -> Readings:
        """Find frames and scale their values."""
        rows, spoilt = self._parser.feed(data)
        settings = self.settings
        counter, time = settings.role("counter"), settings.role("time")
        return Readings(
            settings.scaled(rows),
            spoilt,
            settings.column(rows, counter) if counter else None,
            settings.column(rows, time) if time else None,
        )

    def complaint(self) -> str:
        """Say what was missing, or which checksum would have fitted."""
        return self._parser.complaint()

    def counts(self) -> dict[str, int]:
        """Count frames, junk bytes and wrong checksums."""
        parser = self._parser
        return {
            "frames": parser.frames,
            "skipped_bytes": parser.skipped,
            "wrong_checksums": parser.wrong,
        }
