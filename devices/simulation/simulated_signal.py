"""What the simulated amplifiers share: settings, blocks of rendered samples, coloured noise."""

from __future__ import annotations

from abc import abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from devices.arrays import F32Array, F64Array, I64Array
from devices.base import Channel, Chunk, Clock, Device, Settings, StreamQuery, StreamSpec
from devices.counter_rng import make_key
from devices.marker_codes import codes_in
from devices.simulation.faults import Faults, Link
from devices.simulation.pacing import Pacer
from devices.simulation.world import CODE_HOLD_S, World

_LOOP_S = 16  # the noise repeats after this long, or after _LOOP_ROWS if that is sooner
_LOOP_ROWS = 32768
MAX_PULSES = 1000
"""Codes that wait for their samples; beyond that the oldest go."""


class SimulatedSettings(Settings):
    """What every simulated device takes. Devices with one seed render one world."""

    seed: int = Field(
        default=1, description="which simulated world; devices of one seed share theirs"
    )
    faults: Faults = Field(default_factory=Faults)


class SignalSettings(SimulatedSettings):
    """Settings of a simulated amplifier."""

    rate_hz: float = Field(default=1000.0, ge=1, le=50_000, description="samples a second")
    powerline_hz: float = Field(default=50.0, ge=0, le=400, description="of the simulated mains")
    codes_from: str | None = Field(
        default=None,
        min_length=1,
        description="stream whose codes are on the trigger lines, as by a trigger box; else the "
        "world's own stimuli",
    )


class Blocks:
    """Rows rendered a block at a time, handed out in slices: cheaper than a few rows at a time."""

    def __init__(self, render: Callable[[int, int], F32Array], size: int) -> None:
        self._render = render
        self._size = size
        self._number: int | None = None
        self._block: F32Array = np.empty((0, 0), np.float32)

    def rows(self, first: int, stop: int) -> F32Array:
        """Return rows first … stop − 1; views stay valid, a block is never overwritten."""
        parts = [
            self._get(number)[
                max(first - number * self._size, 0) : min(stop - number * self._size, self._size)
            ]
            for number in range(first // self._size, (stop - 1) // self._size + 1)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _get(self, number: int) -> F32Array:
        if number != self._number:
            self._block = self._render(number * self._size, (number + 1) * self._size)
            self._number = number
        return self._block


class NoiseLoop:
    """Noise that repeats without a seam, made from its spectrum.

    `levels`, shape (n // 2 + 1, channels), gives amplitudes at `frequencies(rate_hz)`; each channel
    is then scaled to `rms`. Mains hum of amplitude `mains` is added at the nearest whole number of
    cycles a loop.
    """

    def __init__(
        self, rate_hz: float, levels: F64Array, rms: F64Array, mains: F64Array, mains_hz: float,
        key: int,
    ) -> None:  # fmt: skip
        rng = np.random.default_rng(key)
        n = _loop_rows(rate_hz)
        parts = rng.standard_normal((2, *levels.shape), dtype=np.float32)
        noise = np.fft.irfft((parts[0] + 1j * parts[1]) * levels, n, axis=0)
        noise *= rms / noise.std(axis=0)
        if mains_hz < rate_hz / 2:
            cycles = round(mains_hz * n / rate_hz)
            noise += np.sin(2 * np.pi * cycles * np.arange(n) / n)[:, None] * mains
        self._loop = noise.astype(np.float32)

    def rows(self, first: int, stop: int) -> F32Array:
        """Return a copy of rows first … stop − 1 of the endless repetition."""
        return self._loop[np.arange(first, stop) % len(self._loop)]


def _loop_rows(rate_hz: float) -> int:
    seconds = max(1, min(_LOOP_S, int(_LOOP_ROWS // rate_hz)))
    return max(2, round(rate_hz * seconds))


def loop_frequencies(rate_hz: float) -> F64Array:
    """Return the frequencies, Hz, for which `NoiseLoop` wants levels, shape (n // 2 + 1, 1)."""
    n = _loop_rows(rate_hz)
    return np.arange(n // 2 + 1, dtype=np.float64)[:, None] * (rate_hz / n)


def pink(frequencies: F64Array) -> F64Array:
    """Return amplitudes of 1/f noise (power) above 0.5 Hz, none below 0.1 Hz."""
    level: F64Array = 1 / np.sqrt(np.maximum(frequencies, 0.5))
    level[frequencies < 0.1] = 0.0
    return level


class SimulatedSignal(Device):
    """A simulated amplifier: subclasses say what it announces and how the world looks in it."""

    simulated: ClassVar[bool] = True
    type: ClassVar[str]
    model: ClassVar[str]
    block_s = 1.0
    """So much is rendered at a time: more costs less altogether, and more at once."""

    def __init__(self, settings: SignalSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self.world = World(settings.seed)
        self._pacer = Pacer(
            clock, Link(settings.faults, settings.seed, settings.name), settings.rate_hz
        )
        self._blocks: Blocks | None = None
        self._pulses: deque[tuple[float, int]] = deque(maxlen=MAX_PULSES)  # not yet on the lines
        self._line: tuple[float, int] = (0.0, 0)  # until when which code

    def inputs(self) -> Sequence[StreamQuery]:
        """Listen to the markers whose codes are wanted."""
        source = self.settings.codes_from
        return (StreamQuery(name=source),) if source else ()

    def take(self, chunk: Chunk) -> None:
        """Keep codes until the samples of their time are given out."""
        self._pulses.extend((float(chunk.times[row]), code) for row, code in codes_in(chunk.data))

    @abstractmethod
    def put_codes(self, rows: F32Array, codes: I64Array) -> None:
        """Put a code for each row, shape (n,), on the trigger lines of `rows`; 0 = at rest."""

    def _put_world_codes(self, rows: F32Array, times: F64Array) -> None:
        if self.settings.codes_from is None:
            self.put_codes(rows, self.world.code_at(times))

    def _with_heard_codes(self, rows: F32Array, times: F64Array) -> F32Array:
        """Put on the lines what has been heard; a code that comes too late comes late."""
        if self.settings.codes_from is None:
            return rows
        codes = np.zeros(len(times), np.int64)
        until, code = self._line
        codes[times < until] = code
        while self._pulses and self._pulses[0][0] <= times[-1]:
            time, code = self._pulses.popleft()
            first = int(np.searchsorted(times, max(time, until, times[0])))
            if first == len(times):  # the line is still busy: with the next samples
                self._pulses.appendleft((time, code))
                break
            until = float(times[first]) + CODE_HOLD_S
            codes[first:] = np.where(times[first:] < until, code, 0)
            self._line = until, code
        rows = rows.copy()
        self.put_codes(rows, codes)
        return rows

    @abstractmethod
    def channels(self) -> tuple[Channel, ...]:
        """Name the channels of the amplifier's one stream."""

    @abstractmethod
    def noise(self) -> NoiseLoop:
        """Make the noise that lies under everything."""

    @abstractmethod
    def draw(self, rows: F32Array, times: F64Array) -> None:
        """Add the world to `rows`, shape (n, channels), at true LSL `times`, shape (n,)."""

    def open(self) -> Sequence[StreamSpec]:
        """Make the noise and start."""
        if self._blocks is None:
            loop = self.noise()

            def render(first: int, stop: int) -> F32Array:
                rows = loop.rows(first, stop)
                times = self._pacer.true_times(first, stop)
                self.draw(rows, times)
                self._put_world_codes(rows, times)
                return rows

            self._blocks = Blocks(render, max(1, round(self.block_s * self.settings.rate_hz)))
        self._pacer.open()
        return (
            StreamSpec(
                name=self.settings.name,
                type=self.type,
                channels=self.channels(),
                rate_hz=self.settings.rate_hz,
                dtype="float32",
                manufacturer="Unisono",
                model=self.model,
                counts_losses=True,
                desc={
                    "simulated": "yes",
                    "seed": str(self.settings.seed),
                    "codes_from": self.settings.codes_from or "",
                },
            ),
        )

    def read(self) -> Iterator[Chunk | None]:
        """Yield packets of about 20 ms, with the times of the device's own clock."""
        assert self._blocks is not None, "open() comes first"
        for run in self._pacer.runs():
            if run is None:
                yield None
                continue
            rows = self._blocks.rows(run.first, run.stop)
            yield Chunk(
                stream=self.settings.name,
                times=run.arrivals,
                data=self._with_heard_codes(rows, self._pacer.true_times(run.first, run.stop)),
                device_times=self._pacer.device_times(run.first, run.stop),
                lost=run.lost,
            )

    def close(self) -> None:
        """Let go of the noise and of the last block."""
        self._blocks = None

    def noise_key(self) -> int:
        """Return the seed of this device's noise."""
        return make_key(self.settings.seed, self.settings.name, "noise")
