"""One sound of an open session: any stretch of it with the time of each sample, and its onsets."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

import numpy as np

from recordings.arrays import Array, F64Array, I16Array, I64Array
from recordings.errors import RecordingError
from recordings.manifest_entries import SoundEntry
from recordings.read.stored import Stored

BELOW_PEAK_DB: Final = 12.0
QUIET_S: Final = 0.1
LEAST_DB: Final = -40.0
"""What is softer than this is no tap and no clap, whatever else is to be heard."""
_ABOVE_USUAL: Final = 2.0
"""A tap is at least so many times as loud as what is to be heard half of the time."""
_BIN_S: Final = 0.001
_ATTACK_S: Final = 0.005
_LEAP_S: Final = 0.01
"""A block that is stamped so far from where it is due is not the next one."""
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

        Shapes (n,) and (n, channels), int16; both together take 10 bytes a sample of one channel.

        Raises:
            RecordingError: a file is missing, damaged or too short, or a time is no number.
        """
        low = -math.inf if start is None else start
        high = math.inf if stop is None else stop
        if math.isnan(low) or math.isnan(high):
            raise RecordingError(f"{self.name}: from {low} to {high} s is no stretch of it")
        block = self.entry.block
        first = int(np.searchsorted(self.times, low - block / self.rate_hz))
        last = max(first, int(np.searchsorted(self.times, high)))
        times = np.empty((last - first) * block)
        samples = np.empty((len(times), self.entry.channels), np.int16)
        count = 0
        for run_times, run_samples in self._runs(first, last):
            inside = (run_times >= low) & (run_times < high)
            kept = slice(count, count := count + int(inside.sum()))
            times[kept], samples[kept] = run_times[inside], run_samples[inside]
        return times[:count], samples[:count]

    def _runs(self, first: int, last: int) -> Iterator[tuple[F64Array, I16Array]]:
        """Yield times and samples of blocks `first` to before `last`, some at a time."""
        from recordings.sound.reader import SoundFile  # PyAV takes a quarter of a second

        file, index = self.places
        block, most = self.entry.block, max(1, _PIECE // self.entry.block)
        within = np.arange(block) / self.rate_hz
        while first < last:
            following = self._breaks[np.searchsorted(self._breaks, first, "right")]
            end = min(last, first + most, int(following))
            sound = SoundFile(self.path_of(int(file[first])))
            form = sound.block, sound.channels, sound.sample_rate_hz
            if form != (block, self.entry.channels, self.rate_hz):
                raise RecordingError(
                    f"{sound.path}: has blocks of {sound.block} samples in {sound.channels} "
                    f"channels at {sound.sample_rate_hz:g} Hz, the manifest {block} in "
                    f"{self.entry.channels} at {self.rate_hz:g} Hz: it was changed"
                )
            samples = sound.samples(int(index[first]) * block, (int(index[end - 1]) + 1) * block)
            if len(samples) < (end - first) * block:
                raise RecordingError(
                    f"{sound.path}: ends before block {index[end - 1]} that the index stream tells "
                    "of: it was cut off or changed; run unisono repair on the session"
                )
            yield (self.times[first:end, None] + within).ravel(), samples
            first = end

    @property
    def peak_db(self) -> float:
        """How loud its loudest sample is, dB of full scale; −inf where it stands still.

        Raises:
            RecordingError: a file is missing or damaged.
        """
        loudest = float(self._peaks[1].max(initial=0.0)) if len(self) else 0.0
        return 20 * math.log10(loudest / 32768) if loudest else -math.inf

    @property
    def clipped_share(self) -> float:
        """In which share of its milliseconds it reaches the end of its range.

        Raises:
            RecordingError: a file is missing or damaged.
        """
        return self._peaks[2] if len(self) else 0.0

    def onsets(
        self,
        below_peak_db: float = BELOW_PEAK_DB,
        quiet_s: float = QUIET_S,
        most: float = np.inf,
    ) -> F64Array:
        """Find taps, claps and clicks: LSL times at which it gets loud, shape (n,), ascending.

        Args:
            below_peak_db: so much softer than the loudest of all may an onset be; twice as loud as
                half of all that is to be heard it has to be, whatever is set here.
            quiet_s: so long before it nothing may have been as loud.
            most: how many there may be.

        Raises:
            TooManyOnsets: there are more.
            RecordingError: a file is missing or damaged.
        """
        if not len(self):
            return np.zeros(0)
        middle, peaks, _ = self._peaks
        least = max(
            float(peaks.max()) * _ratio(-below_peak_db),
            32768.0 * _ratio(LEAST_DB),
            _ABOVE_USUAL * float(np.median(peaks)),
        )
        block, bin_ = np.nonzero(peaks >= least)
        start = bin_ * self._bin  # of the bin in its block
        times = self.times[block] + start / self.rate_hz
        begins = np.abs(np.diff(times, prepend=-np.inf)) >= quiet_s  # a clock may be set back
        places = (block * self.entry.block + start)[begins].tolist()
        if len(places) > most:  # each of them is decoded once more
            raise TooManyOnsets(
                f"{self.name}: gets loud {len(places):,} times, {most:,} are the most"
            )
        found = [self._attack(place, middle) for place in places]
        return np.sort(np.array([time for time in found if time is not None], np.float64))

    @property
    def _bin(self) -> int:
        """Samples in about a millisecond."""
        return max(1, round(_BIN_S * self.rate_hz))

    @cached_property
    def _peaks(self) -> tuple[F64Array, Array, float]:
        """The middle of each channel, how far from it the sound gets, float32, and `clipped_share`.

        Shapes (channels,) and (n, bins): of each bin of each block, the last of which may be short:
        none lies on both sides of a seam.
        """
        block, channels = self.entry.block, self.entry.channels
        starts = np.arange(0, block, self._bin)
        high = np.empty((len(self), len(starts), channels), np.int16)
        low, done = np.empty_like(high), 0
        for _, samples in self._runs(0, len(self)):
            blocks = samples.reshape(-1, block, channels)
            part = slice(done, done := done + len(blocks))
            high[part] = np.maximum.reduceat(blocks, starts, axis=1)
            low[part] = np.minimum.reduceat(blocks, starts, axis=1)
        # Many sound cards have an offset, which is none of the sound.
        middle = np.array(
            [np.median(high[..., c] * 0.5 + low[..., c] * 0.5) for c in range(channels)]
        )
        middle = np.round(2 * middle) / 2
        peaks = np.zeros(high.shape[:2], np.float32)  # exact: the middle has half steps at most
        for c, at in enumerate(middle.astype(np.float32)):
            np.maximum(peaks, high[..., c] - at, out=peaks)
            np.maximum(peaks, at - low[..., c], out=peaks)
        range_ = np.iinfo(np.int16)
        clipped = ((high == range_.max) | (low == range_.min)).any(axis=2)
        return middle, peaks, float(clipped.mean())

    @cached_property
    def _breaks(self) -> I64Array:
        """The blocks that do not follow the one before in its file, and how many there are.

        So it is in a further file, and where a row was lost on its way.
        """
        file, index = self.places
        follows = (np.diff(index) == 1) & (np.diff(file) == 0)
        breaks: I64Array = np.r_[np.flatnonzero(~follows) + 1, len(self)]
        return breaks

    @cached_property
    def _seams(self) -> I64Array:
        """The blocks that do not go on where the one before ended, and how many there are.

        What lies between two of them has no gap; what was before each is not known.
        """
        leaps = np.abs(np.diff(self.times) - self.entry.block / self.rate_hz) > _LEAP_S
        anew = np.flatnonzero(leaps | (np.diff(self.rows) != 1)) + 1
        return np.unique(np.r_[0, anew, self._breaks])

    def _attack(self, place: int, middle: F64Array) -> float | None:
        """Say when a sound first reaches half of what it rises to, from a bin of its begin on.

        It does so between the last softer sample and the first that is as loud: the middle of the
        two leaves half a sample of doubt. None where nobody knows what was before: so a clap that
        a split has cut, or a loss, is not found where it goes on.

        Args:
            place: the number of the bin's first sample, of all that are stored.
            middle: of each channel.
        """
        block = self.entry.block
        run = int(np.searchsorted(self._seams, place // block, "right"))
        begin, end = self._seams[run - 1 : run + 1].tolist()
        start, stop = place - self._bin, place + round(_ATTACK_S * self.rate_hz)
        if start < begin * block:
            return None
        first, last = start // block, min(end, -(-stop // block))
        pieces = list(self._runs(first, last))
        wanted = slice(start - first * block, stop - first * block)
        times = np.concatenate([piece for piece, _ in pieces])[wanted]
        samples = np.concatenate([piece for _, piece in pieces])[wanted]
        loud = np.abs(samples - middle).max(axis=1)
        return float(times[np.argmax(2 * loud >= loud.max())]) - 0.5 / self.rate_hz


def _ratio(db: float) -> float:
    return float(10 ** (db / 20))
