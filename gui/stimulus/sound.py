"""The sound of a clip, in step with its picture as far as Qt tells."""

from __future__ import annotations

from typing import Final

import numpy as np
from PySide6.QtCore import QBuffer, QByteArray, QIODevice
from PySide6.QtMultimedia import QAudioDevice, QAudioFormat, QAudioSink, QMediaDevices

from gui.stimulus.clip import SAMPLE_BYTES, SOUND_HZ

_ERRORS: Final = ("OpenError", "IOError", "FatalError")
"""Of Qt's; the one that is left says that the sound is at its end."""
BEHIND_S: Final = 1.0


def output_device() -> QAudioDevice | None:
    """Give the loudspeakers, or None where there are none."""
    devices = QMediaDevices.audioOutputs()
    return QMediaDevices.defaultAudioOutput() if devices else None


def tone() -> bytes:
    """Make the tone that ends a rest with closed eyes: 440 Hz for half a second, soft edges."""
    time = np.arange(SOUND_HZ // 2) / SOUND_HZ
    wave = 0.3 * np.sin(2 * np.pi * 440 * time) * np.minimum(1, np.minimum(time, 0.5 - time) / 0.02)
    return (np.repeat(wave[:, None], 2, axis=1) * 32767).astype("<i2").tobytes()


class Sound:
    """One clip's sound, whole in memory."""

    def __init__(self, device: QAudioDevice, samples: bytes) -> None:
        """Prepare; `samples` are 48 kHz, 16 bit, stereo."""
        form = QAudioFormat()
        form.setSampleRate(SOUND_HZ)
        form.setChannelCount(2)
        form.setSampleFormat(QAudioFormat.SampleFormat.Int16)
        self._bytes = QByteArray(samples)
        self._lasts_s = len(samples) / (SAMPLE_BYTES * SOUND_HZ)
        self.is_reported = False  # whether its trouble has been passed on
        self._buffer = QBuffer(self._bytes)
        self._buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self._sink = QAudioSink(device, form)

    def start(self) -> None:
        """Begin, at the swap of the clip's first frame."""
        self._sink.start(self._buffer)

    def hold(self, *, paused: bool) -> None:
        """Stop or go on with a pause."""
        if paused:
            self._sink.suspend()
        else:
            self._sink.resume()

    def trouble(self, position_s: float) -> str:
        """Say what keeps it from being heard at a position of the picture, s; "" = nothing.

        A sound server that ends is no error to Qt: the sound stands still.
        """
        error = self._sink.error().name
        if error in _ERRORS:
            return f"the loudspeakers cannot be used ({error})"
        played = self._sink.processedUSecs() * 1e-6
        behind = min(position_s, self._lasts_s) - played
        return f"it is {behind:.1f} s behind the picture" if behind > BEHIND_S else ""

    def ahead_s(self, position_s: float) -> float | None:
        """How far it is before the picture, as far as it goes, by the device's count.

        None = not begun.
        """
        played = self._sink.processedUSecs() * 1e-6
        return played - min(position_s, self._lasts_s) if played > 0 else None

    def close(self) -> None:
        """End it."""
        self._sink.stop()
        self._buffer.close()
