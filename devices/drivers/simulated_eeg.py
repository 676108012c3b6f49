"""`simulated-eeg`: a 64-channel cap with HEO, VEO, EKG, EMG and a trigger line.

VEO carries the world's blinks on nearly white noise of 1 µV rms, so that a blink can be timed to
better than 0.3 ms (p99) by matching `shapes.blink_wave`; EKG carries the heart beats the same way.
"""

from __future__ import annotations

import numpy as np
from pydantic import Field

from devices.arrays import F32Array, F64Array, I64Array
from devices.base import Channel
from devices.simulation.shapes import (
    BLINK_SPAN_S,
    ECG_SPAN_S,
    blink_wave,
    ecg_wave,
    movement_wave,
    train,
)
from devices.simulation.simulated_signal import (
    NoiseLoop,
    SignalSettings,
    SimulatedSignal,
    loop_frequencies,
    pink,
)

_ROWS = (
    "Fp1 Fpz Fp2 AF7 AF3 AFz AF4 AF8 F7 F5 F3 F1 Fz F2 F4 F6 F8 "
    "FT7 FC5 FC3 FC1 FCz FC2 FC4 FC6 FT8 T7 C5 C3 C1 Cz C2 C4 C6 T8 "
    "TP7 CP5 CP3 CP1 CPz CP2 CP4 CP6 TP8 P9 P7 P5 P3 P1 Pz P2 P4 P6 P8 P10 "
    "PO7 PO3 POz PO4 PO8 O1 Oz O2 Iz"
)
CAP = _ROWS.split()
EXTRA = ("HEO", "VEO", "EKG", "EMG", "Trigger")
KINDS = {"HEO": "EOG", "VEO": "EOG", "EKG": "ECG", "EMG": "EMG", "Trigger": "Trigger"}

# Peak of a blink and rms of the alpha rhythm, µV, by the letters of the electrode's name.
BLINK_UV = {"Fp": 120.0, "AF": 75.0, "F": 35.0, "FC": 14.0, "FT": 10.0, "C": 5.0, "T": 4.0}
ALPHA_UV = {"O": 14.0, "I": 10.0, "PO": 12.0, "P": 8.0, "CP": 4.0, "TP": 3.0}
VEO_BLINK_UV = 250.0
HEO_BLINK_UV = 12.0
R_PEAK_UV = 1000.0
BURST_UV = 60.0


class EEGSettings(SignalSettings):
    """How many electrodes."""

    channels: int = Field(
        default=64, ge=1, le=64, description="electrodes, spread evenly over the 64 of the cap"
    )


class SimulatedEEG(SimulatedSignal):
    """Renders the world into `channels` + 5 channels of microvolts."""

    Settings = EEGSettings
    summary = "simulated EEG amplifier, 64 + 5 channels, with blinks, alpha, mains and trigger"
    type, model = "EEG", "simulated-eeg"

    settings: EEGSettings

    def channels(self) -> tuple[Channel, ...]:
        """Name the electrodes, and what is beside the cap."""
        extra = (Channel(x, "" if x == "Trigger" else "microvolts", KINDS[x]) for x in EXTRA)
        return (*(Channel(x, "microvolts", "EEG") for x in self._cap()), *extra)

    def noise(self) -> NoiseLoop:
        """Make 1/f noise of 6 µV and alpha for the cap; the other channels get white noise."""
        cap = self._cap()
        f = loop_frequencies(self.settings.rate_hz)
        background = pink(f) / np.sqrt((pink(f) ** 2).sum()) * 6.0
        bump = np.exp(-0.5 * (f - 10.0) ** 2)
        alpha = np.array([_by_region(ALPHA_UV, label) for label in cap])
        eeg = np.hypot(background, bump / max(np.sqrt((bump**2).sum()), 1e-9) * alpha)
        levels = np.hstack([eeg, np.repeat((f > 0).astype(np.float64), len(EXTRA), axis=1)])
        return NoiseLoop(
            self.settings.rate_hz,
            levels,
            rms=np.concatenate([np.hypot(6.0, alpha), [1.0, 1.0, 5.0, 5.0, 0.0]]),
            mains=np.concatenate([np.full(len(cap), 2.0), [0.3, 0.3, 2.0, 2.0, 0.0]]),
            mains_hz=self.settings.powerline_hz,
            key=self.noise_key(),
        )

    def draw(self, rows: F32Array, times: F64Array) -> None:
        """Add blinks, heart beats and muscle bursts."""
        cap = self._cap()
        heo, veo, ekg, emg, _ = range(len(cap), len(cap) + len(EXTRA))
        blink = train(self.world, "blink", blink_wave, BLINK_SPAN_S, times).astype(np.float32)
        if blink.any():
            for i, label in enumerate(cap):
                if gain := _by_region(BLINK_UV, label):
                    rows[:, i] += gain * blink
            rows[:, veo] += VEO_BLINK_UV * blink
            rows[:, heo] += HEO_BLINK_UV * blink
        rows[:, ekg] += R_PEAK_UV * train(self.world, "heartbeat", ecg_wave, ECG_SPAN_S, times)
        moving = movement_wave(self.world.movements(times[0], times[-1]), times)
        rows[:, emg] *= 1.0 + BURST_UV / 5.0 * moving

    def put_codes(self, rows: F32Array, codes: I64Array) -> None:
        """Put the numbers of the codes into the last channel."""
        rows[:, -1] = codes

    def _cap(self) -> list[str]:
        picks = np.linspace(0, len(CAP) - 1, self.settings.channels).round().astype(int)
        return [CAP[i] for i in picks]


def _by_region(table: dict[str, float], label: str) -> float:
    """Look an electrode up by its letters: "PO7" by "PO", "Fpz" by "Fp"."""
    return table.get(label.rstrip("z0123456789"), 0.0)
