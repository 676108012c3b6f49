"""What all sensors on a serial port share: settings, port, start and stop, the reading loop."""

from __future__ import annotations

import contextlib
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from devices.base import Channel, Chunk, Clock, Device, DeviceError, Dtype, Settings, StreamSpec
from devices.channel_kinds import kind_of
from devices.serial import ports
from devices.serial.readings import Assembler, Readings

Commands = Annotated[tuple[bytes, ...], BeforeValidator(ports.commands)]

COALESCE_S = 0.020
"""At more than COALESCE_HZ, bytes are fetched no more often than this: it saves a core."""
COALESCE_HZ = 200.0


class PortSettings(Settings):
    """Which port, and how its bytes are sent."""

    port: str = Field(
        min_length=1,
        description="a path, COM3, `vendor:product`, `serial=…`, socket://… or rfc2217://…",
    )
    baud: int = Field(default=115200, ge=1, description="bits a second")
    parity: Literal["none", "even", "odd"] = Field(default="none", description="the parity bit")
    stop_bits: Literal[1, 2] = Field(default=1, description="the stop bits")

    def open_port(self) -> ports.Port:
        """Open the port; see `ports.Port`."""
        return ports.Port(
            self.port, baud=self.baud,
            parity=self.parity[0].upper(), stopbits=self.stop_bits,
        )  # fmt: skip


class SensorSettings(PortSettings):
    """What is sent to the sensor, and what its stream is."""

    rate_hz: float = Field(ge=0, le=100_000, description="readings a second; 0: irregular")
    type: str = Field(default="Physio", min_length=1, description="the stream's type")
    start: Commands = Field(default=(), description="sent after opening: texts, or lists of bytes")
    stop: Commands = Field(default=(), description="sent before closing")
    open_wait_s: float = Field(
        default=0.0,
        ge=0,
        le=30,
        description="before `start`: an Arduino restarts when opened, which takes 2 s",
    )
    command_pause_s: float = Field(default=0.0, ge=0, le=5, description="before each command")
    give_up_s: float = Field(
        default=5.0, gt=0, description="nothing but garbage for so long is an error"
    )


def channel(label: str, unit: str, kind: str) -> Channel:
    """Make a channel; a label that names a kind says what kind it is."""
    return Channel(label, unit, kind or kind_of(label))


class SerialSensor(Device):
    """A sensor that sends readings by itself; subclasses say how they look."""

    settings: SensorSettings

    def __init__(self, settings: SensorSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._port: ports.Port | None = None
        self._started = False
        self._assembler = self.make_assembler()
        self._good = False  # a reading has been found since the opening
        self._first_byte: float | None = None

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether pyserial is missing."""
        return ports.unavailable()

    @abstractmethod
    def channels(self) -> tuple[Channel, ...]:
        """Name the channels of the stream."""

    @abstractmethod
    def dtype(self) -> Dtype:
        """Choose the format of the stream."""

    @abstractmethod
    def make_assembler(self) -> Assembler:
        """Make what keeps count over the readings."""

    @abstractmethod
    def start_parser(self) -> None:
        """Begin to parse anew: the port has been opened."""

    @abstractmethod
    def parse(self, data: bytes) -> Readings:
        """Find readings in bytes."""

    @abstractmethod
    def complaint(self) -> str:
        """Say why no reading has been found in all that came."""

    @abstractmethod
    def counts(self) -> dict[str, int]:
        """Count what was good and what was not, since the opening."""

    def open(self) -> Sequence[StreamSpec]:
        """Open the port and start the sensor."""
        settings = self.settings
        self.close()
        self._port = settings.open_port()
        if settings.open_wait_s:
            self.clock.sleep_until(self.clock.now() + settings.open_wait_s)
        if settings.start:
            self._send(settings.start)
        self.start_parser()
        self._assembler.restart()
        self._good, self._first_byte = False, None
        self._started = True
        return (
            StreamSpec(
                name=settings.name,
                type=settings.type,
                channels=self.channels(),
                rate_hz=settings.rate_hz,
                dtype=self.dtype(),
                model=f"{type(self).__name__} on {settings.port}",
                can_drop_samples=True,
            ),
        )

    def _send(self, commands: tuple[bytes, ...]) -> None:
        assert self._port is not None
        for command in commands:
            self.clock.sleep_until(self.clock.now() + self.settings.command_pause_s)
            self._port.write(command)

    def read(self) -> Iterator[Chunk | None]:
        """Yield what comes, burst by burst."""
        assert self._port is not None, "open() comes first"
        coalesce = self.settings.rate_hz > COALESCE_HZ
        while True:
            data = self._port.read()
            arrival = self.clock.now()
            if data:
                self._first_byte = self._first_byte or arrival
                readings = self.parse(data)
                self._good |= len(readings.values) > 0
                yield from self._assembler.chunks(readings, arrival)
            if not self._good:
                self._judge(arrival)
            yield None
            if coalesce and data:
                self.clock.sleep_until(arrival + COALESCE_S)

    def held_back(self) -> Iterator[Chunk]:
        """Yield the readings that wait for the next one's word."""
        yield from self._assembler.held_back()

    def _judge(self, now: float) -> None:
        """Give up on a port that sends nothing but garbage."""
        settings = self.settings
        if self._first_byte is not None and now - self._first_byte > settings.give_up_s:
            assert self._port is not None
            raise DeviceError(
                f"{self._port.path} at {settings.baud} baud: {self.complaint()}; "
                f"check `baud` and the description of the readings in the rig file"
            )

    def close(self) -> None:
        """Stop the sensor and give the port back."""
        if self._port is not None and self._started:
            with contextlib.suppress(DeviceError):  # it has gone: nothing is left to be stopped
                self._send(self.settings.stop)
        if self._port is not None:
            self._port.close()
        self._port, self._started = None, False

    def command(self, name: str, args: Any) -> dict[str, Any]:
        """Answer `status` with what was found on the line since it was opened."""
        if name != "status":
            return super().command(name, args)
        return dict(self.counts())
