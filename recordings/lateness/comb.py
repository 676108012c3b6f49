"""Packets that are lost again and again: the comb that all others fit tells where. Pure.

Where so many lack, no floor shows between two losses. But each was made a whole number of packets'
times after any other, whatever is lost, and however late they are for turns of a radio. So their
times lie about the teeth of one comb, and the tooth of each is its number.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from recordings.arrays import C128Array, F64Array, I64Array, spans
from recordings.lateness.axis import NO_SHIFTS, Shifts, shifts
from recordings.lateness.blocks import strays
from recordings.lateness.even import Even, EvenAxis, offset
from recordings.lateness.floor import RATE_OFF
from recordings.lateness.packets import packet_ends, packet_size
from recordings.lateness.placing import Found
from recordings.lateness.steps import SEEN_S
from recordings.stamps.residuals import NORMAL_99

_MANY: Final = 16  # places: fewer are told by the floor
_WINDOW_S: Final = 30.0
_IN_WINDOW: Final = 64  # packets that lack none
_SOME: Final = 32  # windows that a comb is looked for in
_LEAST: Final = 8  # packets tell something of a window, or that one before them is lost
_BINS: Final = 8  # from tooth to tooth
_FINENESS: Final = 4  # combs for one that has a tooth more in a window
_CLEAR: Final = 3.0  # times as well as by chance, or as a slower one
_LEAP: Final = 0.2  # of a tooth, from window to window: no clock wanders so, nor lack packets only
_SILENT_S: Final = 0.5  # at the end: a shorter loss is one
_HALF: Final = 0.5  # of a tooth
_SURE: Final = 0.99  # of all samples
_SELDOM: Final = 0.005  # of them, or of packets


@dataclass(frozen=True, slots=True)
class Combed:
    """What is lost, and even times along the comb."""

    places: tuple[Found, ...]
    even: Even


def combed(stamps: F64Array, rate_hz: float) -> Combed | None:
    """Find the losses where packets of one size are lost at 16 places or more.

    `rate_hz` is nominal. None: they are not, or no comb stands out.
    """
    size, seconds = packet_size(stamps, rate_hz), float(stamps[-1] - stamps[0])
    if size == 1 or seconds <= 0:
        return None
    ends = np.concatenate(
        [
            packet_ends(stamps[p.start : p.stop + 1], rate_hz) + p.start
            for p in spans(len(stamps) - 1)
        ]
    )
    if len(ends) < _LEAST or np.mean(np.diff(ends) % size != 0) > _SELDOM:  # ticks are no packets
        return None
    windows = _windows(stamps[ends], size / rate_hz)
    often, other = _standing_out(windows, size / rate_hz, len(stamps) / (rate_hz * seconds))
    # A radio's turns may show both: what is lost strays from any even pace.
    if not often or (other and not strays(stamps, rate_hz)):
        return None
    comb = _comb(windows, often)
    return None if comb is None else _lacking(stamps, ends, comb, size)


def _standing_out(windows: Sequence[F64Array], period_s: float, share: float) -> tuple[float, bool]:
    """Return how often a second the teeth come that fit best, 0 where by chance, and if others do.

    `share` of what is nominal is there: at that pace packets would come of which none were lost.
    """
    if not windows:
        return 0.0, False
    chosen = windows[:: -(-len(windows) // _SOME)]
    often, power = _spectrum(chosen, period_s)
    near = np.abs(often - 1) < RATE_OFF
    slower = ~near & (np.abs(often - share) < RATE_OFF)
    best = int(np.argmax(np.where(near, power, 0.0)))
    if power[best] < _CLEAR * sum(map(len, chosen)):
        return 0.0, False
    other = power[best] < _CLEAR * float(power[slower].max(initial=0.0))
    return float(often[best]) / period_s, other


def _windows(times: F64Array, period_s: float) -> list[F64Array]:
    """Return the times of packets in parts of half a minute or so."""
    seconds = float(times[-1] - times[0])
    count = max(int(seconds / max(_WINDOW_S, _IN_WINDOW * period_s)), 1)
    edges = np.linspace(times[0], times[-1], count + 1)
    windows = np.split(times, np.searchsorted(times, edges[1:-1]))
    return [window for window in windows if len(window) >= _LEAST]


def _spectrum(windows: Sequence[F64Array], period_s: float) -> tuple[F64Array, F64Array]:
    """Return how often teeth may come, as parts of the nominal, and how well times fit them.

    That is the number of packets for times by chance, and its square for whole teeth: summed over
    the windows.
    """
    longest = max(float(window[-1] - window[0]) for window in windows)
    bins = 1 << (_FINENESS * int(longest / period_s * _BINS)).bit_length()  # fast to transform
    power = np.zeros(bins // 2 + 1)
    for window in windows:
        filled = ((window - window[0]) / period_s * _BINS).astype(np.int64)
        power += np.abs(np.fft.rfft(np.bincount(filled, minlength=bins))) ** 2
    return np.arange(len(power), dtype=np.float64) * (_BINS / bins), power


@dataclass(frozen=True, slots=True)
class _Comb:
    """Teeth `per_s` a second from `begin` on; at the times `at` they are `lead` teeth further."""

    begin: float
    per_s: float
    at: F64Array
    lead: F64Array

    def teeth(self, times: F64Array) -> F64Array:
        """Return where on the comb times lie: about whole numbers, give or take what is late."""
        even = (times - self.begin) * self.per_s
        return np.asarray(even - np.interp(times, self.at, self.lead), np.float64)


def _comb(windows: Sequence[F64Array], per_s: float) -> _Comb | None:
    """Return the comb near `per_s` that all windows fit; None: none, as it would leap."""
    begin = float(windows[0][0])
    at = np.array([window.mean() for window in windows])
    lag = 1
    while lag < len(windows):  # the further apart windows are, the nearer they tell it
        turned = _turned(windows, begin, per_s)
        ahead = np.angle(np.sum(turned[lag:] * np.conj(turned[:-lag]))) / (2 * np.pi)
        per_s -= float(ahead / np.median(at[lag:] - at[:-lag]))
        lag *= 2
    lead = np.unwrap(np.angle(_turned(windows, begin, per_s))) / (2 * np.pi)
    leaps = float(np.abs(np.diff(lead)).max(initial=0.0)) > _LEAP
    return None if leaps else _Comb(begin, per_s, at, lead)


def _turned(windows: Sequence[F64Array], begin: float, per_s: float) -> C128Array:
    """Return by what the times of each window are off the teeth, as an angle: shape (windows,)."""
    return np.array([np.exp(2j * np.pi * per_s * (w - begin)).sum() for w in windows])


@dataclass(frozen=True, slots=True)
class _Packets:
    """Those that came: their last samples and times, how many are lost before, and how late.

    Shape (n,) each; `late` is in packets' times, beside the middle of all.
    """

    size: int
    ends: I64Array
    times: F64Array
    lost: I64Array
    late: F64Array

    def found(self) -> list[Found]:
        """Return where packets lack."""
        where = np.flatnonzero(np.diff(self.lost))
        counts = self.size * np.diff(self.lost)[where]
        numbers = np.arange(len(self.ends))
        in_time = _next(np.where(self.late > _HALF, len(self.ends), numbers))
        doubtful = self.size * (in_time[where + 1] - where - 1)
        # What is late at the end may come yet, as a packet may that a few others came before.
        are_open = self.times[where + 1] - self.times[where] > _SILENT_S
        are_open &= self.times[-1] - self.times[where + 1] < SEEN_S
        errors = np.where(are_open | (len(self.ends) - where < _LEAST), counts, 0.0)
        columns = (self.ends[where], counts, errors, doubtful, are_open)
        return [Found(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]

    def unsure(self) -> float:
        """Return by how many packets the times of 99 % of the samples may be off."""
        # Of what is late by half a packet's time, that which a loss follows stands behind it.
        beside = float(np.mean(self.late > _HALF)) * self.lost[-1] / len(self.lost)
        return max(self._behind_backlogs(), 1.0 if beside > _SELDOM else 0.0)

    def _behind_backlogs(self) -> float:
        """Return the most that is lost in the backlogs that 99 % of the samples are in, or not.

        What lacks between packets in time may lack on either side of those between them.
        """
        numbers = np.arange(len(self.ends))
        samples = np.diff(self.ends, prepend=self.ends[0] - self.size)
        in_time = self.late < _HALF
        before = np.maximum.accumulate(np.where(in_time, numbers, 0))
        behind = _next(np.where(in_time, numbers, len(numbers) - 1))
        away = self.lost[behind] - self.lost[np.append(0, before[:-1])]
        away[in_time & (samples <= self.size)] = 0
        order = np.argsort(away)
        share = np.cumsum(samples[order]) / samples.sum()
        return float(away[order][np.searchsorted(share, _SURE)])


def _next(numbers: I64Array) -> I64Array:
    """Return the least of each and all behind it."""
    return np.asarray(np.minimum.accumulate(numbers[::-1])[::-1], np.int64)


def _lacking(stamps: F64Array, ends: I64Array, comb: _Comb, size: int) -> Combed | None:
    times = stamps[ends]
    stands = comb.teeth(times) - (ends - ends[0]) / size  # level, but for what is lost
    before = np.minimum.accumulate(np.rint(stands)[::-1])[::-1]  # what is late does not stay so
    lost = np.rint(before - before[0]).astype(np.int64)
    packets = _Packets(size, ends, times, lost, stands - before)
    places = packets.found()
    if len(places) < _MANY:
        return None
    known = [place for place in places if not place.is_open]
    missing = shifts([place.index for place in known], [place.count for place in known])
    return Combed(tuple(places), _even(stamps, comb, missing, packets))


def _even(stamps: F64Array, comb: _Comb, missing: Shifts, packets: _Packets) -> Even:
    """Return times along the comb: the ends of packets are on its teeth."""
    block = max(len(stamps) // len(comb.at), 1)
    middles = np.arange(len(comb.at)) * block + (block - 1) // 2
    lead = np.interp(stamps[middles], comb.at, comb.lead)
    rate_hz = packets.size * comb.per_s
    curve = comb.begin - packets.ends[0] / rate_hz + lead / comb.per_s
    axis = EvenAxis(len(stamps), rate_hz, block, curve, missing, NO_SHIFTS)
    offset_s, offset_error_s = offset(stamps, axis)
    along = NORMAL_99 * float(np.std(packets.late)) / np.sqrt(len(packets.late) / len(comb.at))
    error_s = offset_error_s + (along + packets.unsure()) / comb.per_s
    return Even(replace(axis, offset_s=offset_s), rate_hz, error_s)
