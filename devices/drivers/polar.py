"""`polar`: Polar H10, Verity Sense and others over Bluetooth Low Energy, by bleak."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Coroutine, Iterator, Sequence
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, Field

from devices.base import (
    BEAT_S,
    Channel,
    Chunk,
    Clock,
    Device,
    DeviceError,
    DeviceLost,
    Notice,
    Settings,
    StreamSpec,
)
from devices.bluetooth import polar_words as words

Signal = Literal["ecg", "ppg", "acc", "hr"]
CONNECT_S = 20.0
ANSWER_S = 5.0
MOST_WAITING = 1000
"""Notifications that may wait to be read: minutes of them."""
_REMEDY = "wear it, see its battery, and close the phone's app that may hold it"


def _each_once(signals: tuple[Signal, ...]) -> tuple[Signal, ...]:
    if len(set(signals)) < len(signals):
        raise ValueError("a signal is named twice; name each once")
    return signals


class PolarSettings(Settings):
    """Which sensor, and what of it."""

    address: str = Field(
        min_length=1,
        max_length=64,
        description="as `bluetoothctl scan on` lists it; on macOS a UUID",
    )
    signals: Annotated[tuple[Signal, ...], Field(min_length=1), AfterValidator(_each_once)] = Field(
        default=("ecg", "hr"), description="which of them are streamed"
    )
    acc_hz: Literal[25, 50, 100, 200] = Field(default=50, description="rate of the acceleration")
    silent_s: float = Field(
        default=10.0, gt=0, le=600, description="silent for so long, it is opened again"
    )


class Polar(Device):
    """Subscribes to the signals of one sensor; its own clock stamps them.

    bleak works in an event loop: it turns only while this driver waits for what comes, so that
    there is no second thread.
    """

    Settings = PolarSettings
    summary = "Polar H10, Verity Sense: ECG, PPG, acceleration, beats, over Bluetooth"

    make_client: ClassVar[Callable[..., Any] | None] = None
    """A test's own in place of `bleak.BleakClient`."""

    settings: PolarSettings

    def __init__(self, settings: PolarSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._client: Any = None
        self._came: deque[tuple[str, bytes, float]] = deque(maxlen=MOST_WAITING)
        self._some = asyncio.Event()
        self._answers: deque[bytes] = deque(maxlen=16)
        self._clocks: dict[str, words.FrameClock] = {}
        self._gone = False
        self._odd = 0

    @classmethod
    def unavailable(cls) -> str | None:
        """Say whether bleak is missing."""
        try:
            import bleak  # noqa: F401
        except ImportError:
            return "bleak is not installed; pip install 'unisono[ble]'"
        return None

    def open(self) -> Sequence[StreamSpec]:
        """Connect, subscribe and start the signals."""
        self.close()
        self._loop = asyncio.new_event_loop()
        self._some = asyncio.Event()
        self._came.clear()
        self._answers.clear()
        self._gone = False
        try:
            self._wait(self._begin())
        except BaseException:
            self.close()
            raise
        return [self._spec(signal) for signal in self.settings.signals]

    def _wait(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it, with what Bluetooth may raise in words.

        Raises:
            DeviceError: it cannot be done; the message names the remedy.
        """
        from bleak.exc import BleakError

        assert self._loop is not None
        where = f"Bluetooth {self.settings.address}"
        try:
            self._loop.run_until_complete(asyncio.wait_for(work, CONNECT_S + ANSWER_S))
        except TimeoutError:
            raise DeviceError(f"{where}: no answer; {_REMEDY}") from None
        except FileNotFoundError as error:
            raise DeviceError(
                f"{where}: this computer has no Bluetooth service ({error.strerror}); plug in an "
                "adapter, and on Linux: sudo systemctl start bluetooth"
            ) from error
        except (BleakError, OSError, EOFError) as error:
            raise DeviceError(
                f"{where}: {str(error) or type(error).__name__}; {_REMEDY}"
            ) from error

    async def _begin(self) -> None:
        make = self.make_client
        if make is None:
            from bleak import BleakClient

            make = BleakClient
        self._client = make(self.settings.address, self._on_gone, timeout=CONNECT_S)
        await self._client.connect()
        wanted = [s for s in self.settings.signals if s != "hr"]
        if "hr" in self.settings.signals:
            await self._client.start_notify(words.HEART_RATE, self._taking("hr"))
        if wanted:
            await self._client.start_notify(words.CONTROL, self._on_answer)
            await self._client.start_notify(words.DATA, self._taking("data"))
        for signal in wanted:
            kind = words.MEASUREMENTS[signal]
            rate = self._rate(signal)
            self._clocks[signal] = words.FrameClock(rate)
            await self._ask(signal, kind.start(rate))

    def _rate(self, signal: str) -> int:
        rates = words.MEASUREMENTS[signal].rates_hz
        return self.settings.acc_hz if signal == "acc" else rates[0]

    async def _ask(self, signal: str, command: bytes) -> None:
        await self._client.write_gatt_char(words.CONTROL, command, response=True)
        end = self.clock.now() + ANSWER_S
        while self.clock.now() < end:
            while self._answers:
                answer = self._answers.popleft()
                if answer[1:3] != command[:2]:
                    continue
                if why := words.refusal(answer):
                    raise DeviceError(
                        f"Bluetooth {self.settings.address}: {signal} was refused: {why}; leave it "
                        "out of `signals`, or restart the sensor"
                    )
                return
            await asyncio.sleep(0.01)
        raise TimeoutError

    def _stream(self, signal: str) -> str:
        several = len(self.settings.signals) > 1
        return f"{self.settings.name}-{signal}" if several else str(self.settings.name)

    def _spec(self, signal: str) -> StreamSpec:
        name = self._stream(signal)
        if signal == "hr":
            channels = Channel("Heart rate", "1/min", "HR"), Channel("RR", "milliseconds", "RR")
            return StreamSpec(name, "HeartRate", channels, 0.0, "float32", manufacturer="Polar")
        kind = words.MEASUREMENTS[signal]
        return StreamSpec(
            name,
            kind.type,
            tuple(Channel(label, kind.unit, kind.kind) for label in kind.labels),
            float(self._rate(signal)),
            "int32",
            manufacturer="Polar",
            can_drop_samples=True,
            counts_losses=True,
        )

    # Called by bleak, while `read` waits.

    def _taking(self, source: str) -> Callable[[Any, bytearray], None]:
        def take(_: Any, data: bytearray) -> None:
            self._came.append((source, bytes(data), self.clock.now()))
            self._some.set()

        return take

    def _on_answer(self, _: Any, data: bytearray) -> None:
        self._answers.append(bytes(data))

    def _on_gone(self, _: Any) -> None:
        self._gone = True
        self._some.set()

    def read(self) -> Iterator[Chunk | Notice | None]:
        """Yield each notification; one that is none of Polar's is told once."""
        assert self._loop is not None, "open() comes first"
        heard = self.clock.now()
        while True:
            self._loop.run_until_complete(self._for_a_beat())
            while self._came:
                source, data, heard = self._came.popleft()
                yield from self._chunks(source, data, heard)
            silent = self.clock.now() - heard
            if self._gone or silent > self.settings.silent_s:
                said = "the connection has ended" if self._gone else f"silent for {silent:.0f} s"
                raise DeviceLost(f"Bluetooth {self.settings.address}: {said}; {_REMEDY}")
            yield None

    async def _for_a_beat(self) -> None:
        self._some.clear()
        if not self._came and not self._gone:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._some.wait(), BEAT_S)

    def _chunks(self, source: str, data: bytes, now: float) -> Iterator[Chunk | Notice]:
        try:
            yield self._beat(data, now) if source == "hr" else self._frame(data, now)
        except words.PolarWireError as error:
            self._odd += 1
            if self._odd == 1:
                yield Notice("warning", "odd-notification", f"left out: {error}")

    def _beat(self, data: bytes, now: float) -> Chunk:
        beat = words.read_beat(data)
        intervals = beat.intervals_ms or (np.nan,)
        # The last interval ends about now; those before it end where the next begins.
        ends = now - np.cumsum([0.0, *intervals[:0:-1]])[::-1] / 1000
        rows = np.array([[beat.rate, interval] for interval in intervals], np.float32)
        return Chunk(self._stream("hr"), np.nan_to_num(ends, nan=now), rows)

    def _frame(self, data: bytes, now: float) -> Chunk:
        frame = words.read_frame(data)
        if frame.measurement not in self._clocks:
            raise words.PolarWireError(f"{frame.measurement} was not asked for")
        own, lost = self._clocks[frame.measurement].place(frame)
        return Chunk(
            self._stream(frame.measurement),
            np.full(len(own), now),
            frame.samples.astype(np.int32),
            own,
            lost,
        )

    def close(self) -> None:
        """Stop the signals and let the sensor go."""
        loop, client = self._loop, self._client
        self._loop = self._client = None
        if loop is None:
            return
        if client is not None and not self._gone:
            with contextlib.suppress(Exception):  # whatever a broken link raises: it is let go
                loop.run_until_complete(asyncio.wait_for(self._end(client), ANSWER_S))
        loop.close()

    async def _end(self, client: Any) -> None:
        for signal in self._clocks:
            command = words.MEASUREMENTS[signal].stop
            await client.write_gatt_char(words.CONTROL, command, response=True)
        await client.disconnect()

    def command(self, name: str, args: Any) -> dict[str, Any]:
        """Answer `status` with the notifications that were none of Polar's."""
        if name != "status":
            return super().command(name, args)
        return {"odd_notifications": self._odd}
