"""One sound of an open session: any stretch of it with the time of each sample, and its onsets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from recordings.arrays import F64Array, I16Array
from recordings.errors import RecordingError
from recordings.manifest import SoundEntry
from recordings.read.stored import Stored

BELOW_PEAK_DB: Final = 12.0
QUIET_S: Final = 0.1
LEAST_DB: Final = -40.0
"""What is softer than this is no tap and no clap, whatever else is to be heard."""
_BIN_S: Final = 0.001
_ATTACK_S: Final = 0.005
_PIECE: Final = 1 << 20
"""Samples that are decoded at once."""


def left_out_notes(names: Iterable[str]) -> list[str]:
    """Say for an export that these sounds are not in it."""
    return [
        f"{name}: sound is left out, as a voice identifies a person; its file lies in the session"
        for name in names
    ]


class TooManyOnsets(RecordingError):
    """A sound gets loud so often that it is no series of taps."""


class Sound(Stored[SoundEntry]):
    """The stored blocks of one microphone, numbered through all its files; `len` counts them.

    The time of sample i of a block is that of the block's row plus i / rate.
    """

    def __repr__(self) -> str:
        return f"<Sound {self.name}: {len(self)} blocks of {self.entry.block} samples>"

    @property
    def rate_hz(self) -> float:
        """Samples a second."""
        return self.entry.sample_rate_hz

    def read(
        self, start: float | None = None, stop: float | None = None
    ) -> tuple[F64Array, I16Array]:
        """Give (LSL times, samples) from `start` to before `stop`.

        Shapes (n,) and (n, channels), int16.

        Raises:
            RecordingError: a file is missing, damaged or too short.
        """
        block_s = self.entry.block / self.rate_hz
        first = 0 if start is None else int(np.searchsorted(self.times, start - block_s))
        last = len(self) if stop is None else int(np.searchsorted(self.times, stop))
        pieces = [(np.zeros(0), np.zeros((0, self.entry.channels), np.int16))]
        pieces += self._runs(first, last)
        times = np.concatenate([piece for piece, _ in pieces])
        samples = np.concatenate([piece for _, piece in pieces])
        low = -np.inf if start is None else start
        high = np.inf if stop is None else stop
        inside = (times >= low) & (times < high)
        return times[inside], samples[inside]

    def _runs(self, first: int, last: int) -> Iterator[tuple[F64Array, I16Array]]:
        """Yield times and samples of blocks `first` to before `last`, some at a time."""
        from recordings.sound.reader import SoundFile  # PyAV takes a quarter of a second

        file, index = self.places
        block, most = self.entry.block, max(1, _PIECE // self.entry.block)
        within = np.arange(block) / self.rate_hz
        while first < last:
            end = min(last, first + most, int(np.searchsorted(file, file[first], "right")))
            sound = SoundFile(self.path_of(int(file[first])))
            if (sound.block, sound.channels) != (block, self.entry.channels):
                raise RecordingError(
                    f"{sound.path}: has blocks of {sound.block} samples in {sound.channels} "
                    f"channels, the manifest {block} in {self.entry.channels}: it was changed"
                )
            samples = sound.samples(int(index[first]) * block, (int(index[end - 1]) + 1) * block)
            if len(samples) < (end - first) * block:
                raise RecordingError(
                    f"{sound.path}: ends before block {index[end - 1]} that the index stream tells "
                    "of: it was cut off or changed; run unisono repair on the session"
                )
            yield (self.times[first:end, None] + within).ravel(), samples
            first = end

    def onsets(
        self,
        below_peak_db: float = BELOW_PEAK_DB,
        quiet_s: float = QUIET_S,
        most: float = np.inf,
    ) -> F64Array:
        """Find taps, claps and clicks: LSL times at which it gets loud, shape (n,), ascending.

        Args:
            below_peak_db: so much softer than the loudest of all may an onset be.
            quiet_s: so long before it nothing may have been as loud.
            most: how many there may be.

        Raises:
            TooManyOnsets: there are more.
            RecordingError: a file is missing or damaged.
        """
        times, peaks = self._peaks()
        if not len(peaks):
            return np.zeros(0)
        least = max(float(peaks.max()) * _ratio(-below_peak_db), 32768.0 * _ratio(LEAST_DB))
        loud = times[peaks >= least]
        begins = loud[np.diff(loud, prepend=-np.inf) >= quiet_s]
        if len(begins) > most:  # each of them is decoded once more
            raise TooManyOnsets(
                f"{self.name}: gets loud {len(begins):,} times, {most:,} are the most"
            )
        return np.array([self._attack(time) for time in begins.tolist()])

    def _peaks(self) -> tuple[F64Array, F64Array]:
        """Give the loudest sample of each millisecond, and when that begins, shape (n,) each."""
        size = max(1, round(_BIN_S * self.rate_hz))
        kept = [(np.zeros(0), np.zeros(0))]
        for times, samples in self._runs(0, len(self)):
            loud = np.abs(samples.astype(np.int32)).max(axis=1)
            starts = np.arange(0, len(loud), size)
            kept.append((times[starts], np.maximum.reduceat(loud, starts).astype(np.float64)))
        return np.concatenate([t for t, _ in kept]), np.concatenate([p for _, p in kept])

    def _attack(self, time: float) -> float:
        """Say when a sound first reaches half of what it rises to, from a bin of its begin on.

        It does so between the last softer sample and the first that is as loud: the middle of the
        two leaves half a sample of doubt.
        """
        times, samples = self.read(time - _BIN_S, time + _ATTACK_S)
        loud = np.abs(samples.astype(np.int32)).max(axis=1)
        return float(times[np.argmax(2 * loud >= loud.max())]) - 0.5 / self.rate_hz


def _ratio(db: float) -> float:
    return float(10 ** (db / 20))
