"""`simulated-physio`: 16 peripheral channels in the order of the MMME corpus's BIOPAC MP160.

The R peak of ECG is at the world's heartbeat, the systolic peak of PPG at its pulse (0.25 s
later); they are in `devices.simulation.shapes`. The digital lines hold the stimulus code, line 0
the lowest bit, at 5 V for 10 ms from the event on.
"""

from __future__ import annotations

import numpy as np

from devices.arrays import F32Array, F64Array, I64Array
from devices.base import Channel
from devices.simulation.shapes import (
    ECG_SPAN_S,
    PPG_SPAN_S,
    SCR_SPAN_S,
    breathing,
    ecg_wave,
    movement_wave,
    ppg_wave,
    scr_wave,
    train,
)
from devices.simulation.simulated_signal import (
    NoiseLoop,
    SignalSettings,
    SimulatedSignal,
    loop_frequencies,
)

ANALOG = (
    Channel("PPG", "volts", "PPG"),
    Channel("RSP", "volts", "RSP"),
    Channel("EMG A", "millivolts", "EMG"),
    Channel("SKT A", "celsius", "SKT"),
    Channel("EDA", "microsiemens", "EDA"),
    Channel("ECG", "millivolts", "ECG"),
    Channel("EMG B", "millivolts", "EMG"),
    Channel("SKT B", "celsius", "SKT"),
)
LINES = 8
CHANNELS = (*ANALOG, *(Channel(f"Digital STP {i}", "volts", "Trigger") for i in range(LINES)))
PPG, RSP, EMG_A, SKT_A, EDA, ECG, EMG_B, SKT_B = range(len(ANALOG))

RMS = (0.002, 0.01, 0.005, 0.002, 0.002, 0.005, 0.005, 0.002)  # in each channel's unit
MAINS = (0.001, 0.002, 0.002, 0.0, 0.0, 0.003, 0.002, 0.0)
LINE_VOLTS = 5.0
EDA_LEVEL = 5.0
SCR_MICROSIEMENS = 0.4


class SimulatedPhysio(SimulatedSignal):
    """Renders the world into BIOPAC's 8 analog and 8 digital channels."""

    Settings = SignalSettings
    summary = "simulated peripheral amplifier, 16 channels: PPG, RSP, EMG, SKT, EDA, ECG, digital"
    type, model = "Physio", "simulated-physio"

    def channels(self) -> tuple[Channel, ...]:
        """Name the analog channels and the digital lines."""
        return CHANNELS

    def noise(self) -> NoiseLoop:
        """Make white noise and mains for the analog channels; digital ones have none."""
        white = (loop_frequencies(self.settings.rate_hz) > 0).astype(np.float64)
        silent = np.zeros(LINES)
        return NoiseLoop(
            self.settings.rate_hz,
            np.repeat(white, len(CHANNELS), axis=1),
            rms=np.concatenate([RMS, silent]),
            mains=np.concatenate([MAINS, silent]),
            mains_hz=self.settings.powerline_hz,
            key=self.noise_key(),
        )

    def draw(self, rows: F32Array, times: F64Array) -> None:
        """Add pulse, breath, muscle bursts, temperature, skin conductance and beats."""
        world = self.world
        rows[:, PPG] += train(world, "pulse", ppg_wave, PPG_SPAN_S, times)
        rows[:, RSP] += breathing(world, times)
        moving = movement_wave(world.movements(times[0], times[-1]), times)
        rows[:, EMG_A] *= 1.0 + 20.0 * moving
        rows[:, EMG_B] *= 1.0 + 10.0 * moving
        slow = 0.1 * np.sin(2 * np.pi * times / 300.0)
        rows[:, SKT_A] += 33.0 + slow
        rows[:, SKT_B] += 34.5 - slow
        responses = train(world, "flash_on", scr_wave, SCR_SPAN_S, times)
        rows[:, EDA] += EDA_LEVEL + SCR_MICROSIEMENS * responses
        rows[:, ECG] += train(world, "heartbeat", ecg_wave, ECG_SPAN_S, times)

    def put_codes(self, rows: F32Array, codes: I64Array) -> None:
        """Put the bits of the codes on the digital lines."""
        bits = (codes[:, None] >> np.arange(LINES)) & 1
        rows[:, len(ANALOG) :] = LINE_VOLTS * bits
