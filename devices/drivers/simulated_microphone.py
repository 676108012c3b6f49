"""`simulated-microphone`: a soft tone, and a click with each stimulus of the world.

A click begins with the first sample at or after its event, at full level, and dies away within two
milliseconds: an onset detector finds it to a sample. `truth.tsv` has the events.

Sample k of the schedule is the end of block k, as a block is there once its last sample is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from devices.arrays import F64Array, I16Array
from devices.base import Chunk, Clock, Device, Frame, SoundSpec, StreamSpec
from devices.simulation.faults import Link
from devices.simulation.pacing import Pacer
from devices.simulation.simulated_signal import SimulatedSettings
from devices.simulation.world import World
from devices.sound.blocks import SoundSettings, items, sound_specs

TONE_HZ: Final = 220.0
TONE: Final = 300.0
CLICK: Final = 30_000.0
CLICK_DECAY_S: Final = 0.0003
CLICK_S: Final = 0.002
LATE_S: Final = 1.0
"""A block that nobody fetched for this long is gone."""


class SimulatedMicrophoneSettings(SoundSettings, SimulatedSettings):
    """Form of the sound, seed and faults."""


class SimulatedMicrophone(Device):
    """Yields blocks of sound, and their level."""

    Settings = SimulatedMicrophoneSettings
    summary = "simulated microphone: a tone, and a click with each stimulus of the world"
    simulated = True

    def __init__(self, settings: SimulatedMicrophoneSettings, clock: Clock) -> None:
        super().__init__(settings, clock)
        self._world = World(settings.seed)
        link = Link(settings.faults, settings.seed, settings.name)
        rate_hz = settings.sample_rate_hz / settings.block
        self._pacer = Pacer(clock, link, rate_hz, packet=1, skip_after_s=LATE_S)
        self._block_s = 1.0 / rate_hz  # by the device's clock
        # Samples are even in true time; a fast device clock makes them denser.
        self._step_s = 1.0 / (settings.sample_rate_hz * link.pace)

    def open(self) -> Sequence[StreamSpec | SoundSpec]:
        """Start the schedule."""
        self._pacer.open()
        desc = {"simulated": "yes", "seed": str(self.settings.seed)}
        return sound_specs(self.settings, "Unisono", "simulated-microphone", desc)

    def read(self) -> Iterator[Frame | Chunk | None]:
        """Yield each block and its level."""
        for run in self._pacer.runs():
            if run is None:
                yield None
                continue
            true = self._pacer.true_times(run.first, run.stop).tolist()
            own = self._pacer.device_times(run.first, run.stop).tolist()
            for i, number in enumerate(range(run.first, run.stop)):
                lost = run.lost if i == 0 else 0
                began = float(run.arrivals[i]) - self._block_s
                samples = self._render(true[i])
                device_time = own[i] - self._block_s
                yield from items(self.settings, samples, number, began, device_time, lost)

    def _render(self, end: float) -> I16Array:
        """Give the block that ends at LSL time `end`, shape (block, channels)."""
        times = end - np.arange(self.settings.block, 0, -1) * self._step_s
        wave = TONE * np.sin(2 * np.pi * TONE_HZ * times)
        for event in self._world.times("stimulus", times[0] - CLICK_S, times[-1]).tolist():
            wave += _click(times - event)
        mono: I16Array = np.round(wave).astype(np.int16)
        return np.repeat(mono[:, None], self.settings.channels, axis=1)

    def close(self) -> None:
        """Nothing to free."""


def _click(since: F64Array) -> F64Array:
    """Give what is heard of a click so long after it, shape (n,)."""
    heard = (since >= 0) & (since < CLICK_S)
    decay: F64Array = CLICK * np.exp(-np.maximum(since, 0) / CLICK_DECAY_S)
    return np.where(heard, decay, 0.0)
