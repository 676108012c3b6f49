"""The impedance of electrodes: what switches a board's check on, and Cyton's computation.

A Cyton drives 6 nA at 31.25 Hz through each electrode; the amplitude of that tone is the voltage
across electrode, skin and a resistor of 2.2 kΩ on the board. Current, frequency and resistor as in
OpenBCI's own GUI. Not tried on hardware.
"""

from __future__ import annotations

import numpy as np

from devices.arrays import F64Array

TONE_HZ = 31.25
DRIVE_A = 6e-9
SERIES_OHM = 2200.0
_WINDOW_S = 1.024  # 32 periods of the tone
_LETTERS = "12345678QWERTYUI"

CYTON = frozenset(("CYTON_BOARD", "CYTON_DAISY_BOARD"))
_SWITCHES = {
    "GANGLION_BOARD": ("z", "Z"),
    "GANGLION_NATIVE_BOARD": ("z", "Z"),
    "BRAINBIT_BOARD": ("CommandStartResist", "CommandStopResist"),
}


def commands(board: str, channels: int, *, on: bool) -> list[str]:
    """Return what to send to the board, none where no check of this board is known."""
    if board.startswith("ANT_NEURO"):
        return [f"impedance_mode:{int(on)}"]
    if board in CYTON:  # a tone on the N input of every channel
        return [f"z{letter}0{int(on)}Z" for letter in _LETTERS[:channels]]
    return [_SWITCHES[board][0 if on else 1]] if board in _SWITCHES else []


class ToneMeter:
    """Turns the EEG of a Cyton with the tone on into kΩ, about once a second."""

    def __init__(self, rate_hz: float) -> None:
        self._rate = rate_hz
        self._need = round(rate_hz * _WINDOW_S)
        self._rows: F64Array | None = None

    def feed(self, microvolts: F64Array) -> F64Array | None:
        """Take samples (n, channels); give kΩ (channels,) when a window is full."""
        rows = microvolts if self._rows is None else np.vstack([self._rows, microvolts])
        self._rows = rows
        if len(rows) < self._need:
            return None
        window, self._rows = rows[: self._need], None
        turn = np.exp(-2j * np.pi * TONE_HZ / self._rate * np.arange(self._need))
        peak_v = 2 * np.abs(turn @ (window - window.mean(axis=0))) / self._need * 1e-6
        ohms: F64Array = np.maximum(peak_v / DRIVE_A - SERIES_OHM, 0.0)
        return ohms / 1e3
