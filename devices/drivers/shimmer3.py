"""`shimmer3`: Shimmer3 units over their Bluetooth serial port (LogAndStream firmware)."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeVar

import numpy as np
from pydantic import AfterValidator, Field

from devices.base import Channel, Chunk, Clock, Device, DeviceError, DeviceLost, StreamSpec
from devices.serial import ports
from devices.serial import shimmer_words as words
from devices.serial.device import COALESCE_S, PortSettings

Sensor = Literal[
    "gsr", "ppg", "accelerometer", "wide-accelerometer", "gyroscope", "magnetometer", "exg1",
    "exg2", "battery",
]  # fmt: skip
ANSWER_S = 2.0
QUIET_S = 1.0
"""How long it may go on sending after it was told to stop."""
Answer = TypeVar("Answer", bound=words.Heard)
_REMEDY = (
    "switch it on, pair it with this computer, and see that no other program has its port and that "
    "its firmware is LogAndStream"
)


def _each_once(names: tuple[Sensor, ...]) -> tuple[Sensor, ...]:
    if len(set(names)) < len(names):
        raise ValueError("a sensor is named twice; name each once")
    return names


class Shimmer3Settings(PortSettings):
    """What is measured, and how often."""

    sensors: Annotated[tuple[Sensor, ...], Field(min_length=1), AfterValidator(_each_once)] = Field(
        default=("gsr", "ppg"), description="are switched on, all others off"
    )
    rate_hz: float = Field(
        default=128.0, ge=0.5, le=1024, description="becomes 32768 / a whole number"
    )
    silent_s: float = Field(
        default=5.0, gt=0, le=600, description="silent for so long, it is opened again"
    )


class Shimmer3(Device):
    """Streams the sensors of one unit; its own clock stamps and counts the samples."""

    Settings = Shimmer3Settings
    summary = "Shimmer3 units (GSR+, ExG, IMU) over Bluetooth serial"

    settings: Shimmer3Settings

    def __init__(self, settings: Shimmer3Settings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._port: ports.Port | None = None
        self._parser = words.ShimmerParser()
        self._count = words.TickCount(1)

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether pyserial is missing."""
        return ports.unavailable()

    def open(self) -> Sequence[StreamSpec]:
        """Set rate and sensors, ask for the channels, and start."""
        self.close()
        self._port = self.settings.open_port()
        self._parser = words.ShimmerParser()
        try:
            return (self._started(),)
        except (DeviceError, words.UnknownChannel) as error:
            self.close()
            if isinstance(error, DeviceError):
                raise
            raise DeviceError(f"{self.settings.port}: {error}; leave their sensors out") from error

    def _started(self) -> StreamSpec:
        settings = self.settings
        self._quiet()
        with contextlib.suppress(DeviceError):  # older firmware does not know it, and says nothing
            self._ask(words.NO_STATUS_ACK, words.Acknowledged)
        self._ask(words.sensors_mask(settings.sensors), words.Acknowledged)
        divisor = words.rate_divisor(settings.rate_hz)
        self._ask(words.set_rate(divisor), words.Acknowledged)
        firmware = self._ask(words.ASK_FIRMWARE, words.Firmware)
        inquiry = self._ask(words.INQUIRY, words.Inquiry)
        if inquiry.divisor != divisor:
            raise DeviceError(
                f"{settings.port}: it samples at {words.CLOCK_HZ / inquiry.divisor:g} Hz, asked "
                f"for were {words.CLOCK_HZ / divisor:g}; switch it off and on"
            )
        self._count = words.TickCount(divisor)
        spec = StreamSpec(
            name=settings.name,
            type="Physio",
            channels=tuple(Channel(f.label, f.unit, f.kind) for f in inquiry.fields),
            rate_hz=words.CLOCK_HZ / divisor,
            dtype="float32",
            manufacturer="Shimmer",
            model=f"Shimmer3, {firmware.text}",
            can_drop_samples=True,
            counts_losses=True,
        )
        self._ask(words.START, words.Acknowledged)
        return spec

    def _quiet(self) -> None:
        """Stop what a program before has started, and forget what was under way."""
        assert self._port is not None
        self._port.write(words.STOP)
        end = self.clock.now() + QUIET_S
        while self._port.read() and self.clock.now() < end:
            pass
        self._parser.restart()

    def _ask(self, command: bytes, answer: type[Answer]) -> Answer:
        """Send a command and wait for the acknowledgement, or for the response behind it."""
        assert self._port is not None
        self._port.write(command)
        end = self.clock.now() + ANSWER_S
        while self.clock.now() < end:
            for heard in self._parser.feed(self._port.read()):
                if isinstance(heard, answer):
                    return heard
        raise DeviceError(
            f"{self.settings.port}: no answer to command 0x{command[0]:02x} within {ANSWER_S:g} s; "
            + _REMEDY
        )

    def read(self) -> Iterator[Chunk | None]:
        """Yield what comes, burst by burst; a gap begins a chunk."""
        assert self._port is not None, "open() comes first"
        heard_at = self.clock.now()
        while True:
            data = self._port.read()
            now = self.clock.now()
            samples = [h for h in self._parser.feed(data) if isinstance(h, words.Sample)]
            if samples:
                heard_at = now
                yield from self._chunks(samples, now)
            elif now - heard_at > self.settings.silent_s:
                raise DeviceLost(
                    f"{self.settings.port}: no sample for {now - heard_at:.1f} s; see its battery "
                    "and how far it is"
                )
            yield None
            if data:
                self.clock.sleep_until(now + COALESCE_S)

    def _chunks(self, samples: Sequence[words.Sample], now: float) -> Iterator[Chunk]:
        raw = np.array([sample.values for sample in samples], np.float64)
        fields = self._parser.fields
        data = np.column_stack([words.in_units(f, raw[:, n]) for n, f in enumerate(fields)])
        placed = [self._count.place(sample.ticks) for sample in samples]
        starts = [0, *(n for n, (_, lost) in enumerate(placed) if lost and n), len(placed)]
        for first, last in pairwise(starts):
            own = np.array([time for time, _ in placed[first:last]])
            yield Chunk(
                self.settings.name,
                np.full(last - first, now),
                data[first:last].astype(np.float32),
                own,
                placed[first][1],
            )

    def close(self) -> None:
        """Stop it and give the port back."""
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(DeviceError):  # it has gone: nothing is left to be stopped
                port.write(words.STOP)
            port.close()

    def command(self, name: str, args: Any) -> dict[str, Any]:
        """Answer `status` with the bytes that fitted nothing since the opening."""
        if name != "status":
            return super().command(name, args)
        return {"skipped_bytes": self._parser.skipped}
